"""Predictions of new pairs by the checkpoints of a model, in chunks of cell lines so that memory stays bounded.

Letters: K checkpoints, C cell lines, D drugs, N pairs, L cell lines of a chunk.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
import torch

from druggene.checkpoint import Checkpoint
from druggene.constants import CELL_LINE, DRUG, MODEL, PREDICTED
from druggene.interpretation.evaluated import EvaluatedNetwork
from druggene.network import DrugGeneNetwork, Pairs
from druggene.prediction.encoding import (
    CellLineEncoder,
    DrugEncoder,
    Nearness,
    cell_line_nearness,
    drug_nearness,
    usual_distance,
)
from druggene.prediction.inputs import NewCellLines
from druggene.prediction.terms import Contributions, KnockOuts, TermEffects, TermNames, average_states
from druggene.sources.gene_identity import GeneTable
from druggene.term_readout import Network, TermReadoutNetwork, named_rows

logger = logging.getLogger(__name__)

_PAIRS_AT_ONCE = 250_000
_LINES_AT_ONCE = 256
_EFFECTS_AT_ONCE = 1 << 25
"""Cell lines times terms times neurons whose knock-outs are held together."""
_CLIPPED = 0.2
"""Part of the values beyond the training cell lines' range from which on other units are likelier than biology."""

_NEW = ("neither", "cell_line", "drug", "both")
"""What of a pair is not of the training set."""

UNKNOWN = "checkpoint keeps no training set to compare with"
UNLIKE_DRUG = "drug unlike any training drug"
UNLIKE_LINE = "cell line farther from the training set than its own cell lines"
NO_TARGET = "no target or pathway that the network knows"


@dataclass(frozen=True)
class Limits:
    """From where on a prediction carries a warning; see the section ``predict.outside`` of the configuration.

    Attributes
    ----------
    similarity
        Tanimoto similarity to the nearest training drug, by the whole structure or its active part, below which a drug
        is outside.
    percentile
        Of the training cell lines' distances to their nearest, beyond which a cell line is outside.
    imputed
        Part of a cell line's values that may be imputed.
    """

    similarity: float = 0.3
    percentile: float = 95.0
    imputed: float = 0.25

    def __post_init__(self) -> None:
        for name, most in (("similarity", 1), ("percentile", 100), ("imputed", 1)):
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise ValueError(f"limits of warnings: {name} is {value:g}; give a number from 0 to {most}")


@dataclass(frozen=True)
class _Member:
    """One checkpoint with all that it needs to predict the new pairs."""

    checkpoint: Checkpoint
    network: Network
    cell_lines: CellLineEncoder
    features: torch.Tensor
    usual: float
    limit: float
    evaluated: EvaluatedNetwork | None


class Predictor:
    """Predicts pairs of new cell lines and drugs with the K checkpoints of one model.

    Parameters
    ----------
    model
        What the model is called in the output.
    checkpoints
        K of its folds and seeds. Those whose training diverged are left out, if there are others.
    cell_lines, drugs
        What :class:`NewCellLines` and :func:`druggene.prediction.inputs.read_new_drugs` give.
    pairs
        N x 2 positions, sorted by cell line; None takes all C D pairs.
    genes
        The table by which genes are found under other symbols; None compares symbols as they are.
    limits, top_terms
        From where on to warn, and how many terms to name with each prediction.

    Raises
    ------
    ValueError
        If a checkpoint cannot read what is given.
    """

    def __init__(
        self,
        model: str,
        checkpoints: Sequence[Checkpoint],
        cell_lines: NewCellLines,
        drugs: DrugEncoder,
        pairs: np.ndarray | None = None,
        genes: GeneTable | None = None,
        limits: Limits | None = None,
        top_terms: int = 0,
    ) -> None:
        usable = [one for one in checkpoints if not one.provenance.get("diverged")] or list(checkpoints)
        if len(usable) < len(checkpoints):
            logger.warning("%s: %d checkpoints diverged and are left out", model, len(checkpoints) - len(usable))
        if top_terms < 0:
            raise ValueError(f"top_terms: {top_terms}; give 0, for none, or more")
        self.model = model
        self.cell_lines = cell_lines
        self.drugs = drugs
        self.limits = limits or Limits()
        self.top_terms = top_terms
        self._pairs = pairs
        self._drug_names = drugs.drugs[DRUG].to_numpy(dtype=object)
        readouts = {one.options.readout is None for one in usable}
        if top_terms and len(readouts) > 1:
            raise ValueError(f"{model}: joined networks and read-outs of terms differ in their units; name no terms")
        self._near_drugs = [drug_nearness(one, drugs) for one in usable]
        self._members = [self._prepare(one, genes, near[0]) for one, near in zip(usable, self._near_drugs, strict=True)]
        self._names = TermNames.of(usable) if top_terms else None
        self._line_rows: list[pd.DataFrame] = []
        self._log_genes(genes is None)

    def _log_genes(self, by_symbol_alone: bool) -> None:
        """Say which omics and genes are missing or renamed; the checkpoint that lacks most stands for all."""
        for omic, rows in self.gene_table().groupby("omic", sort=False):
            row = rows.sort_values("n_missing", kind="stable").iloc[-1]
            if omic not in self.cell_lines.omics:
                logger.warning("%s: no table of %s is given; it is imputed in every cell line", self.model, omic)
                continue
            where = f"{self.cell_lines.where[str(omic)]}: of {row['n_genes']} genes"
            if row["n_missing"] and by_symbol_alone:
                hint = "give the table of genes, human_genes.tsv.gz, to find those under former symbols"
                logger.warning("%s %d have no column and are imputed; %s", where, row["n_missing"], hint)
            elif row["n_missing"] or row["n_renamed"]:
                counts = (row["n_missing"], row["n_renamed"], row["n_unknown"])
                told = (
                    "%d have no column and are imputed, %d stand under another symbol; %d columns are no known symbol"
                )
                logger.warning(f"%s {told}", where, *counts)

    def _prepare(self, checkpoint: Checkpoint, genes: GeneTable | None, drugs: Nearness) -> _Member:
        encoder = CellLineEncoder.of(checkpoint, self.cell_lines, genes)
        # Corrections of a training cell line or drug go by its name; whether it is that one, chunk by chunk below.
        names = np.where(drugs.known, self._drug_names, "").tolist()
        network = checkpoint.network(self.cell_lines.names, names)
        features = torch.from_numpy(self.drugs.matrix(checkpoint))
        limit = usual_distance(checkpoint, self.limits.percentile)
        knocked_out = self.top_terms and isinstance(network, DrugGeneNetwork)
        evaluated = EvaluatedNetwork.of(checkpoint, features.numpy()) if knocked_out else None
        return _Member(checkpoint, network, encoder, features, usual_distance(checkpoint), limit, evaluated)

    @property
    def effect_unit(self) -> str:
        """What the effects of terms are measured in."""
        joined = self._members[0].checkpoint.options.readout is None
        return "AUC, less without the term" if joined else "logit of the AUC over its ceiling, before residual effects"

    @property
    def checkpoints(self) -> int:
        """K, without those left out."""
        return len(self._members)

    @cached_property
    def drug_table(self) -> pd.DataFrame:
        """One row per drug: how near it is to the training drugs, and what speaks against its predictions."""
        whole, parent = _closest(self._near_drugs, 0, largest=True), _closest(self._near_drugs, 1, largest=True)
        targets = self.drugs.has_targets(self._members[0].checkpoint)
        notes = []
        for row in range(len(self._drug_names)):
            note = []
            similarity, of_parent = whole.value[row], parent.value[row]
            if np.isnan(similarity):
                note.append(UNKNOWN)
            elif max(similarity, of_parent) < self.limits.similarity:
                note.append(UNLIKE_DRUG)
            elif of_parent == 1 and similarity < 1:
                note.append("salt or other form of a training drug")
            if targets is not None and not targets[row]:
                note.append(NO_TARGET)
            notes.append("; ".join(note))
        table = pd.DataFrame({MODEL: self.model, DRUG: self._drug_names})
        table[["nearest_drug", "drug_similarity"]] = pd.DataFrame({"a": whole.nearest, "b": whole.value})
        table[["nearest_active_part", "active_part_similarity"]] = pd.DataFrame(
            {"a": parent.nearest, "b": parent.value}
        )
        return table.assign(known_drug=whole.known, drug_warning=notes)

    def chunks(self) -> Iterator[pd.DataFrame]:
        """Yield the predictions, cell line by cell line in the order given, drugs in theirs within."""
        self._line_rows = []
        done = 0
        for rows, lines, drugs in self._parts():
            yield self._predict(rows, lines, drugs)
            done += len(lines)
            logger.info("%s: %d pairs predicted by %d checkpoints", self.model, done, self.checkpoints)

    @property
    def cell_line_table(self) -> pd.DataFrame:
        """One row per cell line that was predicted, complete once :meth:`chunks` has ended; as :attr:`drug_table`."""
        return pd.concat(self._line_rows, ignore_index=True)

    def _parts(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Yield chunks: the rows of their cell lines, and of their pairs the position in the chunk and of the drug."""
        c, d = len(self.cell_lines.names), len(self._drug_names)
        size = min(_LINES_AT_ONCE, max(1, _PAIRS_AT_ONCE // d))
        if self._names is not None:
            states = len(self._names.terms) * self._members[0].checkpoint.options.term_neurons
            size = max(1, min(size, _EFFECTS_AT_ONCE // (states * self.checkpoints)))
        for start in range(0, c, size):
            rows = slice(start, min(start + size, c))
            length = rows.stop - start
            if self._pairs is None:
                yield rows, np.repeat(np.arange(length), d), np.tile(np.arange(d), length)
                continue
            first, last = np.searchsorted(self._pairs[:, 0], [start, rows.stop])
            if first < last:
                yield rows, self._pairs[first:last, 0] - start, self._pairs[first:last, 1]

    def _predict(self, rows: slice, lines: np.ndarray, drugs: np.ndarray) -> pd.DataFrame:
        names = self.cell_lines.names[rows]
        predicted = np.empty((len(self._members), len(lines)))
        near: list[tuple[Nearness, Nearness]] = []
        shares, effects = list[pd.DataFrame](), list[TermEffects]()
        for k, member in enumerate(self._members):
            genotype, of_member = member.cell_lines.genotype(rows)
            shares.append(of_member)
            nearness = cell_line_nearness(member.checkpoint, names, genotype)
            near.append((nearness, nearness))
            predicted[k], effect = self._of_member(member, genotype, nearness.known, rows, lines, drugs)
            effects += [effect] if effect is not None else []
        table = self._describe_lines(names, pd.concat(shares).groupby(level=0).mean(), near)
        self._line_rows.append(table)
        return self._rows(table, predicted, lines, drugs, effects)

    @torch.no_grad()
    def _of_member(
        self,
        member: _Member,
        genotype: np.ndarray,
        known: np.ndarray,
        rows: slice,
        lines: np.ndarray,
        drugs: np.ndarray,
    ) -> tuple[np.ndarray, TermEffects | None]:
        """Return N predictions of one checkpoint and, where asked for, the effects of its terms."""
        network, gathered = member.network, member.network.gather(torch.from_numpy(genotype))
        if isinstance(network, TermReadoutNetwork):
            _forget_cell_lines(network, [rows.start + i for i in np.flatnonzero(~known)])
            gathered = replace(gathered, positions=gathered.positions + rows.start)
        pairs = Pairs.of(torch.from_numpy(lines), torch.from_numpy(drugs), len(genotype), len(member.features))
        predicted = network(gathered, member.features, pairs).predicted.double().numpy()
        if self._names is None:
            return predicted, None
        if isinstance(network, TermReadoutNetwork):
            return predicted, Contributions.of(network, gathered, member.features)
        assert member.evaluated is not None, "made where terms are asked for"
        return predicted, KnockOuts.of(member.evaluated, average_states(member.checkpoint), genotype)

    def _describe_lines(
        self, names: Sequence[str], shares: pd.DataFrame, near: list[tuple[Nearness, Nearness]]
    ) -> pd.DataFrame:
        closest = _closest(near, 0, largest=False)
        limit = float(np.median([member.limit / member.usual for member in self._members]))
        notes = []
        for row, (_, share) in enumerate(shares.iterrows()):
            note = []
            if np.isnan(closest.value[row]):
                note.append(UNKNOWN)
            elif closest.value[row] > limit:
                note.append(UNLIKE_LINE)
            if share["imputed"] > self.limits.imputed:
                note.append(f"{share['imputed']:.0%} of the genotype imputed")
            if share["clipped"] > _CLIPPED:
                note.append(f"{share['clipped']:.0%} of the values beyond the training range: check their units")
            notes.append("; ".join(note))
        table = pd.DataFrame({MODEL: self.model, CELL_LINE: list(names)})
        table = table.assign(nearest_cell_line=closest.nearest, cell_line_distance=closest.value)
        table = pd.concat([table.assign(distance_limit=limit, known_cell_line=closest.known), shares], axis=1)
        return table.assign(cell_line_warning=notes)

    def _rows(
        self,
        of_lines: pd.DataFrame,
        predicted: np.ndarray,
        lines: np.ndarray,
        drugs: np.ndarray,
        effects: list[TermEffects],
    ) -> pd.DataFrame:
        of_drugs = self.drug_table
        mean = predicted.mean(axis=0)
        spread = predicted.std(axis=0, ddof=1) if len(predicted) > 1 else np.full(len(mean), np.nan)
        columns: dict[str, object] = {
            MODEL: _category(pd.Series([self.model]), np.zeros(len(lines), int)),
            CELL_LINE: _category(of_lines[CELL_LINE], lines),
            DRUG: _category(of_drugs[DRUG], drugs),
            PREDICTED: mean,
            "spread": spread,
            "rank": pd.Series(mean).groupby(lines).rank(method="min").astype("int32").to_numpy(),
            "nearest_drug": _category(of_drugs["nearest_drug"], drugs),
            "drug_similarity": of_drugs["drug_similarity"].to_numpy()[drugs],
            "active_part_similarity": of_drugs["active_part_similarity"].to_numpy()[drugs],
            "nearest_cell_line": _category(of_lines["nearest_cell_line"], lines),
            "cell_line_distance": of_lines["cell_line_distance"].to_numpy()[lines],
        }
        known_line, known_drug = of_lines["known_cell_line"].to_numpy()[lines], of_drugs["known_drug"].to_numpy()[drugs]
        columns["new"] = _category(pd.Series(_NEW), (~known_line).astype(int) + 2 * (~known_drug))
        columns["warning"] = _joined(of_lines["cell_line_warning"], of_drugs["drug_warning"], lines, drugs)
        frame = pd.DataFrame(columns)
        return frame if self._names is None else pd.concat([frame, self._terms(effects, lines, drugs)], axis=1)

    def _terms(self, effects: list[TermEffects], lines: np.ndarray, drugs: np.ndarray) -> pd.DataFrame:
        assert self._names is not None, "asked for"
        parts = [self._names.top(effects, line, drugs[lines == line], self.top_terms) for line in np.unique(lines)]
        chosen, size = (np.concatenate([part[i] for part in parts]) for i in range(2))
        named = zip(self._names.terms, self._names.names, strict=True)
        labels = pd.Series([term if name == term else f"{term} {name}" for term, name in named])
        columns: dict[str, object] = {}
        for i in range(chosen.shape[1]):
            columns[f"term_{i + 1}"] = _category(labels, chosen[:, i])
            columns[f"effect_{i + 1}"] = size[:, i]
        return pd.DataFrame(columns)

    def gene_table(self) -> pd.DataFrame:
        """Return one row per checkpoint and omic: genes, found, renamed, missing and unknown, counted and named."""
        rows = []
        for number, member in enumerate(self._members):
            genes = len(member.checkpoint.encoder.genes)
            for omic in member.checkpoint.options.omics:
                found = member.cell_lines.found.get(omic)
                row: Mapping[str, object] = {MODEL: self.model, "checkpoint": number, "omic": omic, "n_genes": genes}
                if found is None:
                    rows.append({**row, "n_missing": genes, "n_renamed": 0, "n_unknown": 0})
                    continue
                renamed = [f"{column} as {gene}" for gene, column in sorted(found.renamed.items())]
                named = {"renamed": renamed, "missing": found.missing, "unknown": found.unknown}
                counts = {f"n_{what}": len(names) for what, names in named.items()}
                rows.append({**row, **counts, **{what: ";".join(names) for what, names in named.items()}})
        return pd.DataFrame(rows)


def _forget_cell_lines(network: TermReadoutNetwork, rows: list[int]) -> None:
    """Forget the responses of cell lines that have the name of a training cell line and are another."""
    for name, value in network.state_dict().items():
        if rows and named_rows(name) == CELL_LINE:
            value[rows] = 0


def _closest(near: Sequence[tuple[Nearness, Nearness]], which: int, largest: bool) -> Nearness:
    """Return for every row the nearness of the checkpoint to whose training set it is nearest."""
    values = np.stack([pair[which].value for pair in near])
    comparable = np.where(np.isnan(values), -np.inf if largest else np.inf, values)
    best = comparable.argmax(axis=0) if largest else comparable.argmin(axis=0)
    rows = np.arange(values.shape[1])
    nearest = np.stack([pair[which].nearest for pair in near])[best, rows]
    return Nearness(nearest, values[best, rows], np.any([pair[which].known for pair in near], axis=0))


def _category(values: pd.Series, positions: np.ndarray) -> pd.Categorical:
    """Return values at positions as categories, without a text per pair."""
    codes, names = pd.factorize(values)
    return pd.Categorical.from_codes(codes[positions], pd.Index(names, dtype="str"))


def _joined(left: pd.Series, right: pd.Series, lines: np.ndarray, drugs: np.ndarray) -> pd.Categorical:
    """Return the notes on cell line and drug of every pair together, as categories."""
    left_codes, left_names = pd.factorize(left)
    right_codes, right_names = pd.factorize(right)
    pairs = ["; ".join(filter(None, (a, b))) for a in left_names for b in right_names]
    codes, names = pd.factorize(np.array(pairs, dtype=object))
    place = left_codes[lines] * len(right_names) + right_codes[drugs]
    return pd.Categorical.from_codes(codes[place], pd.Index(names, dtype="str"))
