"""A screen from the raw files of the portals: genotypes of DepMap, responses of GDSC and CTRP, structures of CTRP, the
user and PubChem.

Which file is what follows from its name, so that any release can be put in place of the pinned one.
"""

import logging
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import pandas as pd

from druggene.constants import AUC, CELL_LINE, COPY_NUMBER, DRUG, EXPRESSION, MUTATION, OMICS, SMILES
from druggene.responses import summarise_sources
from druggene.screen import Screen, normalise_name
from druggene.sources import ctrp, gdsc
from druggene.sources.cell_line_identity import AMBIGUOUS, CONTRADICTED, match_cell_lines
from druggene.sources.depmap import UNITS, read_gene_matrix, read_models, read_mutations
from druggene.sources.drug_identity import StructureSource, resolve_structures, unify_drugs
from druggene.sources.gene_identity import GeneTable
from druggene.sources.reading import FilePath, read_fields
from druggene.sources.versions import VersionEntry, Versions, files_of

logger = logging.getLogger(__name__)

_MODELS: Final = "models"
_CURVES: Final = "GDSC curves"
_COMPOUNDS: Final = "GDSC compounds"
_LINE_NAMES: Final = "GDSC cell lines"
_CTRP: Final = "CTRP"

_PATTERNS: Final = {
    _MODELS: ("Model.csv", "sample_info*.csv"),
    EXPRESSION: ("OmicsExpression*.csv", "CCLE_expression*.csv"),
    COPY_NUMBER: ("OmicsCNGene*.csv", "CCLE_gene_cn*.csv"),
    MUTATION: ("OmicsSomaticMutations*.csv", "CCLE_mutations*.csv"),
    _CURVES: ("GDSC*_fitted_dose_response*.csv", "GDSC*_fitted_dose_response*.xlsx"),
    _COMPOUNDS: ("screened_comp*.csv", "Drug_list*.csv"),
    _LINE_NAMES: ("Cell_Lines_Details*.xlsx",),
    _CTRP: ("CTRP*.zip",),
}
_NEEDED: Final = (_MODELS, *OMICS)


def portal_files(versions: Versions, releases: Mapping[str, str], screens: Collection[str]) -> list[VersionEntry]:
    """Return the rows of the files that are needed: all of DepMap, and those of GDSC and CTRP that ``screens`` need.

    Parameters
    ----------
    versions
        The table of data versions.
    releases
        Version of depmap, gdsc and ctrp.
    screens
        Those of "CTRPv2", "GDSC1", "GDSC2" that are taken.

    Raises
    ------
    ValueError
        If a release is not in the table.
    """
    left_out = {"GDSC1", "GDSC2"} - set(screens)
    needed = files_of(versions, "depmap", releases["depmap"])
    if left_out != {"GDSC1", "GDSC2"}:
        of_gdsc = files_of(versions, "gdsc", releases["gdsc"])
        needed += [entry for entry in of_gdsc if not entry.file.startswith(tuple(left_out))]
    if ctrp.SOURCE in screens:
        needed += files_of(versions, "ctrp", releases["ctrp"])
    return needed


def sort_files(paths: Iterable[FilePath]) -> dict[str, list[Path]]:
    """Return what each file is by its name; files of other names are left out.

    Raises
    ------
    ValueError
        If a kind that is needed is missing, there are no curves at all, or several files are of a kind that has one.
    """
    files = sorted(map(Path, paths))
    found = {
        kind: [file for file in files if any(fnmatch(file.name, pattern) for pattern in patterns)]
        for kind, patterns in _PATTERNS.items()
    }
    for kind, patterns in _PATTERNS.items():
        if kind in _NEEDED and not found[kind]:
            raise ValueError(f"no file of {kind} is there; it is named {' or '.join(patterns)}")
        if kind != _CURVES and len(found[kind]) > 1:
            names = ", ".join(str(file) for file in found[kind])
            raise ValueError(f"several files of {kind} are there, where one is needed: {names}")
    if not found[_CURVES] and not found[_CTRP]:
        raise ValueError(f"no curves are there; they are named {' or '.join(_PATTERNS[_CURVES] + _PATTERNS[_CTRP])}")
    if found[_CURVES] and not found[_COMPOUNDS]:
        raise ValueError(f"no file of {_COMPOUNDS} is there; it is named {' or '.join(_PATTERNS[_COMPOUNDS])}")
    return found


def read_portals(
    paths: Iterable[FilePath],
    source: str,
    gene_table: GeneTable,
    structures: FilePath | None = None,
    pubchem: StructureSource | None = None,
    simulated: bool = False,
) -> Screen:
    """Read the portals' files.

    Cell lines are joined to DepMap's models (:func:`druggene.sources.cell_line_identity.match_cell_lines`), drugs of
    both screens to each other (:func:`druggene.sources.drug_identity.unify_drugs`), genes by Entrez id. Every curve is
    kept, also above 1 and of pairs that stand twice. Every loss is counted.

    Parameters
    ----------
    paths
        The files, in any order; see :func:`sort_files`.
    source
        Portals, versions and licence, for the metadata of what is written.
    gene_table
        The human genes.
    structures
        Table of drug (name) and smiles, brought by the user.
    pubchem
        Structures that PubChem gave.
    simulated
        Whether the files are made up.

    Raises
    ------
    ValueError
        If a file is missing, lacks a column or holds a value of the wrong kind, or nothing matches.
    """
    files = sort_files(paths)
    models = read_models(files[_MODELS][0])
    expression = read_gene_matrix(files[EXPRESSION][0], gene_table)
    copy_number = read_gene_matrix(files[COPY_NUMBER][0], gene_table)
    mutation = read_mutations(files[MUTATION][0], expression.columns, gene_table)
    curves, described = _read_screens(files)
    further = _further_structures(structures, pubchem)
    resolved, report = {}, []
    for portal, table in described.items():
        resolved[portal], problems = resolve_structures(table, further)
        report.append(problems.assign(portal=portal))
    drugs, matches = unify_drugs(resolved)
    drug_of = {
        (portal, normalise_name(name)): drug
        for portal, name, drug in matches[["source", "name", DRUG]].itertuples(index=False)
    }
    curves[DRUG] = [
        drug_of[key] for key in zip(curves["portal"], curves["name_of_drug"].map(normalise_name), strict=True)
    ]
    model_of = match_cell_lines(curves, models)
    if files[_LINE_NAMES]:
        model_of = _match_by_listed_names(curves, model_of, models, gdsc.read_cell_line_names(files[_LINE_NAMES][0]))
    found = curves[model_of[CELL_LINE].notna()].assign(**{CELL_LINE: model_of[CELL_LINE].dropna()})
    matched = found[found[AUC].notna()]
    screen = Screen(
        responses=matched[[CELL_LINE, DRUG, AUC, "source"]].reset_index(drop=True),
        cell_lines=models,
        drugs=_describe(drugs, set(expression.columns)),
        omics={MUTATION: mutation, EXPRESSION: expression, COPY_NUMBER: copy_number},
        units=dict(UNITS),
        source=source,
        simulated=simulated,
        sources=summarise_sources(
            curves.assign(**{CELL_LINE: curves["name"], DRUG: curves["name_of_drug"]}), stage="read"
        ),
        structures=_name_drugs(pd.concat(report), drug_of),
    )
    for counted in gene_table.counts:
        screen.count(*counted)
    _count_drugs(screen, matches)
    _count_cell_lines(screen, curves, model_of)
    screen.count("model found", "curves", len(curves), len(found), "of a cell line without a model")
    screen.count("AUC present", "curves", len(found), len(matched), "no AUC")
    screen.count_matched()
    screen.keep_complete()
    return screen


def drugs_without_structure(paths: Iterable[FilePath], structures: FilePath | None = None) -> list[str]:
    """Return the names of the screened drugs that neither the portals nor the user give a readable structure of."""
    names: list[str] = []
    for table in _read_screens(sort_files(paths))[1].values():
        resolved, _ = resolve_structures(table, _further_structures(structures, None))
        names.extend(resolved.loc[resolved[SMILES].isna(), "name"])
    return names


def read_structures(path: FilePath) -> StructureSource:
    """Read the user's table of drug and smiles.

    Raises
    ------
    ValueError
        If a column is missing, or a drug (in any spelling) has two structures.
    """
    given = read_fields(path, {DRUG: ("drug", "name"), SMILES: ("smiles",)}).dropna()
    keys = given[DRUG].map(normalise_name)
    smiles_of = dict(zip(keys, given[SMILES], strict=True))
    for key in keys[keys.duplicated()]:
        if (given.loc[keys == key, SMILES] != smiles_of[key]).any():
            raise ValueError(f"{path}: {given.loc[keys == key, DRUG].iloc[0]!r} has two structures; keep one")
    return StructureSource("user's table", smiles_of)


def _further_structures(structures: FilePath | None, pubchem: StructureSource | None) -> Sequence[StructureSource]:
    given = [read_structures(structures)] if structures else []
    return [*given, *([pubchem] if pubchem else [])]


def _read_screens(files: dict[str, list[Path]]) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Return all curves (portal, name, ids, name_of_drug, auc, source) and the drugs of each portal with a curve."""
    curves: list[pd.DataFrame] = []
    described: dict[str, pd.DataFrame] = {}
    if files[_CURVES]:
        read = pd.concat([gdsc.read_curves(file) for file in files[_CURVES]], ignore_index=True)
        curves.append(read.assign(portal="GDSC"))
        described["GDSC"] = gdsc.read_compounds(files[_COMPOUNDS][0])
    if files[_CTRP]:
        read, described["CTRP"] = ctrp.read_ctrp(files[_CTRP][0])
        curves.append(read.assign(portal="CTRP"))
    joined = pd.concat(curves, ignore_index=True).rename(columns={DRUG: "name_of_drug"})
    for column in ("cosmic_id", "sanger_id", "ccle_name"):
        joined[column] = (
            joined[column].astype("str") if column in joined else pd.Series(None, joined.index, dtype="str")
        )
    return joined, {
        portal: _with_curves(table, joined[joined["portal"] == portal]) for portal, table in described.items()
    }


def _with_curves(described: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Return the drugs with a curve, described or not, one spelling each."""
    names = curves["name_of_drug"].drop_duplicates()
    names = names[~names.map(normalise_name).duplicated()].sort_values()
    by_key = described[~described["name"].map(normalise_name).duplicated()]
    by_key = by_key.set_index(by_key["name"].map(normalise_name)).drop(columns="name")
    table = by_key.reindex(names.map(normalise_name)).reset_index(drop=True)
    table.insert(0, "name", names.to_numpy())
    for column in ("synonyms", SMILES, "targets", "pathway"):
        table[column] = table[column].astype("str") if column in table else pd.Series(None, table.index, dtype="str")
    return table


def _describe(drugs: pd.DataFrame, genes: Collection[str]) -> pd.DataFrame:
    """Return drug, name, smiles, targets and pathway.

    Targets are those that are among ``genes``: GDSC mixes symbols and descriptions ("EGFR, ERBB2", "Microtubule
    stabiliser").
    """

    def symbols(text: str) -> str | None:
        return ";".join(part for part in re.split(r"[,;]\s*", text.strip()) if part in genes) or None

    return pd.DataFrame(
        {
            DRUG: drugs[DRUG].astype("str"),
            "name": drugs[DRUG].astype("str"),
            SMILES: drugs[SMILES].astype("str"),
            "targets": drugs["targets"].astype("str").map(symbols, na_action="ignore").astype("str"),
            "pathway": drugs["pathway"].astype("str"),
        }
    )


def _name_drugs(report: pd.DataFrame, drug_of: dict[tuple[str, str], str]) -> pd.DataFrame:
    keys = zip(report["portal"], report["name"].map(normalise_name), strict=True)
    origin = report["origin"].where(report["origin"] != "portal", report["portal"])
    return pd.DataFrame(
        {
            DRUG: [drug_of[key] for key in keys],
            "origin": origin.astype("str").to_numpy(),
            SMILES: report[SMILES].astype("str").to_numpy(),
            "problem": report["problem"].astype("str").to_numpy(),
        }
    )


def _match_by_listed_names(
    curves: pd.DataFrame, model_of: pd.DataFrame, models: pd.DataFrame, listed: pd.DataFrame
) -> pd.DataFrame:
    """Try the names that GDSC's list of cell lines has for the COSMIC ids of curves without a model."""
    names = curves["cosmic_id"].map(listed.set_index("cosmic_id")["name"])
    open_ = model_of["by"].isna() & names.notna() & (names != curves["name"])
    if not open_.any():
        return model_of
    second = match_cell_lines(curves[open_].assign(name=names[open_]), models)
    return pd.concat([model_of[~open_], second]).loc[model_of.index]


def _count_cell_lines(screen: Screen, curves: pd.DataFrame, model_of: pd.DataFrame) -> None:
    lines = curves[["portal", "name"]].assign(**{CELL_LINE: model_of[CELL_LINE], "by": model_of["by"]})
    lines = lines.drop_duplicates(["portal", "name", CELL_LINE])
    for portal, part in lines.groupby("portal", sort=True):
        found = part[part[CELL_LINE].notna()]
        how = ", ".join(f"{number} by {key}" for key, number in found["by"].value_counts().sort_index().items())
        doubtful = int((part["by"] == AMBIGUOUS).sum()), int((part["by"] == CONTRADICTED).sum())
        reason = f"no model ({doubtful[0]} ambiguous names, {doubtful[1]} with another id); found: {how}"
        screen.count("model found", f"cell lines of {portal}", len(part), len(found), reason)
    found = lines[lines[CELL_LINE].notna()]
    reason = "the same model in both portals, or under two names"
    screen.count("cell lines unified", "cell lines", len(found), found[CELL_LINE].nunique(), reason)


def _count_drugs(screen: Screen, matches: pd.DataFrame) -> None:
    how = ", ".join(f"{number} by {key}" for key, number in matches["by"].value_counts().sort_index().items())
    reason = f"the same drug in both portals, or under two names: {how or 'none'}"
    screen.count("drugs unified", "drugs", len(matches), matches[DRUG].nunique(), reason)
    looked_at = screen.structures[screen.structures[SMILES].notna()]
    readable = int(looked_at["problem"].isna().sum())
    screen.count("structures readable", "structures", len(looked_at), readable, "RDKit cannot read the SMILES")
