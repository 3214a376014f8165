"""A drug screen with the genotype of its cell lines: what every input is turned into."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from druggene.constants import AUC, CELL_LINE, DRUG, OMICS, PAIR, SMILES, TISSUE
from druggene.molecules import read_molecule
from druggene.responses import combine_curves, summarise_sources
from druggene.tables import require_columns, write_table

MATCHED = "{} matched"
"""The step that begins with all cell lines of an omic and keeps those with a curve."""

NOT_MEASURED = "not measured: there is no table of it"
"""Unit of an omic that a source does not have; its values are all missing."""

_AUC_UNIT = "area under the dose-response curve; 0 kills all cells, 1 has no effect"
_NO_STRUCTURE = "no structure is known"
_UNREADABLE = "RDKit cannot read it"


def _problem(smiles: object) -> str | None:
    """Say what keeps a drug's SMILES from being used; None if nothing does."""
    if not isinstance(smiles, str) or not smiles.strip():
        return _NO_STRUCTURE
    return None if read_molecule(smiles) is not None else _UNREADABLE


def normalise_name(name: str) -> str:
    """Return a name in capitals without punctuation, so that PFSK-1 and PFSK1 match; one of other characters stays."""
    return re.sub(r"[^A-Z0-9]", "", name.upper()) or name


def fill_unmeasured(omics: dict[str, pd.DataFrame], units: dict[str, str]) -> None:
    """Add omics that a source does not have as missing everywhere, for the cell lines and genes of the others."""
    lines = sorted(set().union(*(matrix.index for matrix in omics.values())))
    genes = sorted(set().union(*(matrix.columns for matrix in omics.values())))
    for omic in OMICS:
        if omic not in omics:
            omics[omic] = pd.DataFrame(np.nan, pd.Index(lines, name=CELL_LINE), genes, dtype="float32")
            units[omic] = NOT_MEASURED


@dataclass
class Screen:
    """Responses, cell lines, drugs and omics of one source, before any model is thought of.

    Attributes
    ----------
    responses
        One row per measured curve: cell_line, drug, auc, source; optionally published_role. The pair ids
        are added by :func:`write_screen`.
    cell_lines
        cell_line, name, tissue (missing where unknown), further ids.
    drugs
        drug, name, smiles, targets (symbols joined by ";"), pathway.
    omics
        For each of mutation (0/1), expression and copy_number: cell lines x genes, NaN where not measured.
    units
        Omic to unit.
    source
        Where the data come from, with version and licence.
    simulated
        Whether the responses are made up; shown wherever results are.
    sources
        What was read of each source, as :func:`druggene.responses.summarise_sources` gives it; made of the responses
        that the screen begins with unless a reader knows of curves that it had to leave out before.
    structures
        Drug, origin (of its structure), smiles and problem (missing where the structure is used): one row per
        structure that was looked at. Made of the drugs unless a reader has a report of its own.
    """

    responses: pd.DataFrame
    cell_lines: pd.DataFrame
    drugs: pd.DataFrame
    omics: dict[str, pd.DataFrame]
    units: dict[str, str]
    source: str
    simulated: bool = False
    sources: pd.DataFrame = field(default_factory=pd.DataFrame)
    structures: pd.DataFrame = field(default_factory=pd.DataFrame)
    _counts: list[tuple[str, str, int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.sources.empty:
            self.sources = summarise_sources(self.responses, "read")
        if self.structures.empty:
            smiles = self.drugs[SMILES]
            self.structures = pd.DataFrame(
                {
                    DRUG: self.drugs[DRUG],
                    "origin": pd.Series("source", index=smiles.index, dtype="str").where(smiles.notna()),
                    SMILES: smiles,
                    "problem": pd.Series([_problem(text) for text in smiles], index=smiles.index, dtype="str"),
                }
            )

    def count(self, step: str, what: str, n_in: int, n_out: int, reason: str) -> None:
        """Note how many of ``what`` a lossy ``step`` kept, and why the rest went."""
        self._counts.append((step, what, n_in, n_out, reason))

    @property
    def counts(self) -> pd.DataFrame:
        """The lossy steps so far: step, what, n_in, n_out, reason."""
        return pd.DataFrame(self._counts, columns=["step", "what", "n_in", "n_out", "reason"])

    def count_matched(self) -> None:
        """Note for each omic that was measured how many of its cell lines have a curve."""
        screened = self.responses[CELL_LINE].unique()
        for omic in self._measured():
            index = self.omics[omic].index
            self.count(MATCHED.format(omic), "cell lines", len(index), index.isin(screened).sum(), "without a curve")

    def _measured(self) -> list[str]:
        return [omic for omic in OMICS if self.units[omic] != NOT_MEASURED]

    def combine_curves(self, replicates: str, overlap: str, preference: Sequence[str]) -> None:
        """Combine several curves of a pair, as :func:`druggene.responses.combine_curves` says, and count what goes."""
        before = len(self.responses)
        self.responses = combine_curves(self.responses, replicates, overlap, preference)
        reason = f"replicates: {replicates}; pairs of several screens: {overlap}"
        self.count("curves combined", "curves", before, len(self.responses), reason)
        self.drop_unused()

    def keep_complete(self) -> None:
        """Drop curves whose cell line lacks an omic or whose drug lacks a structure, then unused rows.

        Each loss is counted. Raises a ValueError when nothing is left.
        """
        for omic in self._measured():
            measured = set(self.omics[omic].index)
            self._keep_cell_lines(measured, f"{omic} present", f"cell line without {omic}")
        problems = pd.Series([_problem(smiles) for smiles in self.drugs[SMILES]], index=self.drugs.index, dtype=object)
        for problem, step, reason in (
            (_NO_STRUCTURE, "structure present", "drug without a SMILES"),
            (_UNREADABLE, "structure readable", "SMILES that RDKit cannot read"),
        ):
            # A reader of several sources of structures has already counted those that it could not read.
            if problem == _NO_STRUCTURE or (problems == problem).any():
                self._keep_drugs(set(self.drugs.loc[problems != problem, DRUG]), step, reason)
        self._keep_cell_lines(set(self.cell_lines[CELL_LINE]), "cell line known", "cell line not described")
        if self.responses.empty:
            raise ValueError(
                f"{self.source}: no response is left after matching cell lines and drugs; {self._last_loss()}"
            )
        self.drop_unused()

    def _last_loss(self) -> str:
        """Say at which step the last responses went."""
        step, what, n_in, _, reason = next(row for row in self._counts if row[1] == "curves" and row[3] == 0)
        return f"the last {n_in} {what} went at the step '{step}': {reason}"

    def drop_unused(self) -> None:
        """Drop the descriptions and omics of cell lines and drugs that have no curve left."""
        used_lines = sorted(self.responses[CELL_LINE].unique())
        used_drugs = set(self.responses[DRUG])
        self.cell_lines = self.cell_lines[self.cell_lines[CELL_LINE].isin(used_lines)].reset_index(drop=True)
        self.drugs = self.drugs[self.drugs[DRUG].isin(used_drugs)].reset_index(drop=True)
        self.omics = {omic: matrix.loc[used_lines] for omic, matrix in self.omics.items()}

    def select(
        self, step: str, reason: str, cell_lines: Iterable[str] | None = None, drugs: Iterable[str] | None = None
    ) -> None:
        """Keep the curves of the named cell lines and drugs (all where None) and count what goes."""
        if cell_lines is not None:
            self._keep_cell_lines(set(cell_lines), step, reason)
        if drugs is not None:
            self._keep_drugs(set(drugs), step, reason)

    def _keep_cell_lines(self, kept: set[str], step: str, reason: str) -> None:
        self._keep(CELL_LINE, "cell lines", kept, step, reason)

    def _keep_drugs(self, kept: set[str], step: str, reason: str) -> None:
        self._keep(DRUG, "drugs", kept, step, reason)

    def _keep(self, column: str, what: str, kept: set[str], step: str, reason: str) -> None:
        before = self.responses
        self.responses = before[before[column].isin(kept)].reset_index(drop=True)
        self.count(step, what, before[column].nunique(), self.responses[column].nunique(), reason)
        self.count(step, "curves", len(before), len(self.responses), reason)


def number_pairs(responses: pd.DataFrame) -> pd.DataFrame:
    """Give every (cell_line, drug) one id, numbered in sorted order; replicates share it.

    Rows come back sorted by pair and AUC, so that the result does not depend on the order of the file.
    """
    ordered = responses.sort_values([CELL_LINE, DRUG, AUC], kind="stable").reset_index(drop=True)
    pair = ordered.groupby([CELL_LINE, DRUG], sort=True).ngroup().astype("int64")
    ordered.insert(0, PAIR, pair)
    return ordered


def write_screen(screen: Screen, folder: str | Path) -> None:
    """Check ``screen`` and write its tables below ``folder``.

    Raises
    ------
    ValueError
        If a table lacks a column, an id stands twice, an AUC is missing or negative, or a cell line or
        drug of a response is not described.
    """
    _check(screen)
    folder = Path(folder)
    write = partial(write_table, source=screen.source, simulated=screen.simulated)
    responses = number_pairs(screen.responses)
    write(responses, folder / "responses.parquet", description="dose responses", units={AUC: _AUC_UNIT})
    write(
        screen.cell_lines.sort_values(CELL_LINE).reset_index(drop=True),
        folder / "cell_lines.parquet",
        description="cell lines",
    )
    write(screen.drugs.sort_values(DRUG).reset_index(drop=True), folder / "drugs.parquet", description="drugs")
    for omic in OMICS:
        matrix = screen.omics[omic].sort_index(axis=0).sort_index(axis=1).astype("float32")
        matrix.index.name = CELL_LINE
        matrix.columns.name = None
        write(
            matrix,
            folder / f"{omic}.parquet",
            description=f"{omic} of cell lines (rows) and genes (columns)",
            units={omic: screen.units[omic]},
        )
    write(screen.counts, folder / "counts.parquet", description="what each step kept")
    write(
        pd.concat([screen.sources, summarise_sources(screen.responses, "used")], ignore_index=True),
        folder / "sources.parquet",
        description="cell lines, drugs, pairs and curves of each source, as read and as used",
    )
    write(
        screen.structures.sort_values([DRUG, "origin"], kind="stable").reset_index(drop=True),
        folder / "structure_sources.parquet",
        description="structures that were looked at, where they come from, and what is wrong with those not used",
    )


def _check(screen: Screen) -> None:
    where = screen.source
    require_columns(screen.responses.columns, [CELL_LINE, DRUG, AUC, "source"], f"{where}: responses")
    require_columns(screen.cell_lines.columns, [CELL_LINE, "name", TISSUE], f"{where}: cell lines")
    require_columns(screen.drugs.columns, [DRUG, "name", SMILES, "targets", "pathway"], f"{where}: drugs")
    bad = screen.responses[~((screen.responses[AUC] >= 0) & (screen.responses[AUC] < float("inf")))]
    if len(bad):
        row = bad.iloc[0]
        raise ValueError(
            f"{where}: AUC {row[AUC]} of {row[CELL_LINE]} and {row[DRUG]} ({len(bad)} such rows) is missing, "
            "negative or infinite; an AUC is 0 or more"
        )
    for column, table in ((CELL_LINE, screen.cell_lines), (DRUG, screen.drugs)):
        twice = table.loc[table[column].duplicated(), column]
        if len(twice):
            raise ValueError(f"{where}: {column} {twice.iloc[0]!r} is described twice; keep one row")
        unknown = sorted(set(screen.responses[column]) - set(table[column]))
        if unknown:
            raise ValueError(f"{where}: {column} {unknown[0]!r} has responses but no description")
    for omic in OMICS:
        matrix = screen.omics[omic]
        for axis, labels in (("cell line", matrix.index), ("gene", matrix.columns)):
            if labels.has_duplicates:
                raise ValueError(f"{where}: {axis} {labels[labels.duplicated()][0]!r} stands twice in {omic}; keep one")
