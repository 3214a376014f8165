"""Read a screen from the raw files of the portals: genotypes of DepMap, responses of GDSC, structures of the user.

Every file is read by the names of its columns, because releases differ in their order. Formats, as DepMap 22Q4 to
25Q2 and GDSC 8.1 to 8.5 have them:

- matrices (expression, copy number): one row per model, gene columns headed ``SYMBOL (ENTREZ)``. The model stands in
  the first, unnamed column, or since 25Q2 in ``ModelID`` among further id columns, with ``IsDefaultEntryForModel``
  telling a model's profiles apart;
- ``OmicsSomaticMutations``: one row per variant;
- ``Model.csv``: ids of a model at DepMap, COSMIC and Sanger;
- ``GDSC2_fitted_dose_response``: one row per curve (the portal's xlsx saved as csv);
- ``screened_compounds``: targets in ``TARGET`` (8.2 and later) or ``PUTATIVE_TARGET`` (8.1);
- ``structures.csv``: ``drug`` and ``smiles``, brought by the user, since GDSC gives no structures.
"""

import csv
import logging
import re
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from druggene.constants import AUC, CELL_LINE, COPY_NUMBER, DRUG, EXPRESSION, MUTATION, SMILES, TISSUE
from druggene.screen import Screen, normalise_name
from druggene.tables import require_columns

logger = logging.getLogger(__name__)

FilePath = str | Path

UNITS = {
    MUTATION: "1 = non-silent coding variant, 0 = none",
    EXPRESSION: "log2(TPM + 1)",
    COPY_NUMBER: "log2(relative copy number + 1)",
}

NON_SILENT = frozenset(
    {
        # Sequence Ontology, as the Variant Effect Predictor writes it
        "missense_variant",
        "stop_gained",
        "stop_lost",
        "start_lost",
        "frameshift_variant",
        "inframe_insertion",
        "inframe_deletion",
        "protein_altering_variant",
        "splice_acceptor_variant",
        "splice_donor_variant",
        "transcript_ablation",
        # Funcotator, in releases up to 23Q2
        "missense",
        "nonsense",
        "nonstop",
        "frame_shift_ins",
        "frame_shift_del",
        "in_frame_ins",
        "in_frame_del",
        "splice_site",
        "start_codon_snp",
        "start_codon_ins",
        "start_codon_del",
    }
)
"""Consequences that count as a mutation; of several (joined by ``&``), one is enough."""

_GENE_COLUMN = re.compile(r"(\S+) \((\d+)\)")
_BLOCK_BYTES = 1 << 26
_FILES = {
    "models": "depmap/Model.csv",
    EXPRESSION: "depmap/OmicsExpression*.csv",
    COPY_NUMBER: "depmap/OmicsCNGene*.csv",
    MUTATION: "depmap/OmicsSomaticMutations*.csv",
    "responses": "gdsc/GDSC*_fitted_dose_response*.csv",
    "compounds": "gdsc/screened_compounds*.csv",
    "structures": "structures.csv",
}


def read_portals(folder: FilePath, source: str, simulated: bool = False) -> Screen:
    """Read the portals' files below ``folder``: ``depmap/``, ``gdsc/`` and ``structures.csv``.

    Curves are joined to models by COSMIC id, then Sanger id, then normalised name; drugs to structures by normalised
    name, then synonym. Replicated curves are kept. Every loss is counted.

    Parameters
    ----------
    folder
        Where the files lie.
    source
        Portals, versions and licence, for the metadata of what is written.
    simulated
        Whether the files are made up.

    Raises
    ------
    ValueError
        If a file is missing or stands twice, lacks a column, holds a value of the wrong kind, or nothing matches.
    """
    files = {name: _one_file(Path(folder), pattern) for name, pattern in _FILES.items()}
    models = read_models(files["models"])
    expression, copy_number = read_gene_matrix(files[EXPRESSION]), read_gene_matrix(files[COPY_NUMBER])
    mutation = read_mutations(files[MUTATION], expression.columns)
    curves = read_responses(files["responses"])
    drugs = read_drugs(files["compounds"], files["structures"], set(expression.columns))

    model_of = match_models(curves, models)
    matched = curves.assign(**{CELL_LINE: model_of})[model_of.notna() & curves[AUC].notna()]
    screen = Screen(
        responses=matched[[CELL_LINE, DRUG, AUC, "source"]].reset_index(drop=True),
        cell_lines=models,
        drugs=drugs,
        omics={MUTATION: mutation, EXPRESSION: expression, COPY_NUMBER: copy_number},
        units=UNITS,
        source=source,
        simulated=simulated,
    )
    found = curves[model_of.notna()]
    reason = "no model with its COSMIC id, Sanger id or name"
    screen.count("model found", "cell lines", curves["name"].nunique(), found["name"].nunique(), reason)
    screen.count("model found", "curves", len(curves), len(found), reason)
    screen.count("AUC present", "curves", len(found), len(matched), "no AUC")
    described = set(drugs[DRUG])
    screen.select("drug described", "drug not among the screened compounds", drugs=described)
    screen.keep_complete()
    return screen


def read_gene_matrix(path: FilePath) -> pd.DataFrame:
    """Return models x genes of an expression or copy number file, float32, NaN where empty.

    Columns whose header is no ``SYMBOL (ENTREZ)`` are left out and logged.

    Raises
    ------
    ValueError
        If there is no gene column or no model column, a gene or model stands twice, or a value is no number.
    """
    header = _header(path)
    symbols = {column: match[1] for column in header if (match := _GENE_COLUMN.fullmatch(column))}
    if not symbols:
        raise ValueError(f"{path}: no column is headed 'SYMBOL (ENTREZ)'; take the file as the portal gives it")
    id_column = "ModelID" if "ModelID" in header else header[0]
    if id_column in symbols:
        raise ValueError(f"{path}: neither a column ModelID nor a first column with the model; restore it")
    of_gene: dict[str, str] = {}
    for column, symbol in symbols.items():
        if symbol in of_gene:
            raise ValueError(f"{path}: columns {of_gene[symbol]!r} and {column!r} have one symbol; keep one of them")
        of_gene[symbol] = column
    default = [name for name in ("IsDefaultEntryForModel",) if name in header]
    table = _read_arrow(path, [id_column, *default, *symbols], dict.fromkeys(symbols, pa.float32()))
    if default:
        table = table.filter(_is_true(table[default[0]]))
    models = pd.Index(table[id_column].to_pandas(), name=CELL_LINE)
    if models.has_duplicates:
        raise ValueError(f"{path}: model {models[models.duplicated()][0]!r} has two rows; keep one")
    values = np.empty((len(models), len(symbols)), dtype=np.float32)
    for i, column in enumerate(symbols):
        values[:, i] = table[column].to_numpy()
    logger.info("%s: %d models, %d genes", path, *values.shape)
    other = set(header) - symbols.keys() - {id_column, *default}
    if other:
        logger.info("%s: columns left out, as they hold no gene with an Entrez id: %s", path, ", ".join(sorted(other)))
    return pd.DataFrame(values, index=models, columns=list(symbols.values()))


def read_mutations(path: FilePath, genes: Collection[str] = ()) -> pd.DataFrame:
    """Return models x genes, 1 where a gene has a non-silent coding variant, else 0.

    A variant counts if one of its consequences (``VariantInfo``, where empty ``MolecularConsequence``) is in
    :data:`NON_SILENT` and its transcript codes for a protein (``VepBiotype``, where given). A model is measured if it
    has any variant, counted or not. Genes are those with a counted variant and ``genes``: the whole exome was
    sequenced, so a gene without a variant is not mutated.

    Raises
    ------
    ValueError
        If a column is missing, or no variant counts.
    """
    header = _header(path)
    consequence_columns = [name for name in ("VariantInfo", "MolecularConsequence") if name in header]
    if not consequence_columns:
        raise ValueError(f"{path}: missing column VariantInfo (or MolecularConsequence); found {', '.join(header)}")
    require_columns(header, ["ModelID", "HugoSymbol"], path)
    optional = [name for name in ("VepBiotype", "IsDefaultEntryForModel") if name in header]
    table = _read_arrow(path, ["ModelID", "HugoSymbol", *consequence_columns, *optional], {})
    if "IsDefaultEntryForModel" in optional:
        table = table.filter(_is_true(table["IsDefaultEntryForModel"]))
    variants = table.to_pandas()
    models = pd.Index(sorted(variants["ModelID"].dropna().unique()), name=CELL_LINE)

    consequence = variants[consequence_columns[0]]
    for column in consequence_columns[1:]:
        consequence = consequence.fillna(variants[column])
    terms = consequence.fillna("").unique()
    counting = {term for term in terms if not NON_SILENT.isdisjoint(re.split(r"[&,]", term.lower()))}
    counts = consequence.isin(counting) & variants["HugoSymbol"].notna() & variants["ModelID"].notna()
    if "VepBiotype" in optional:
        counts &= variants["VepBiotype"].fillna("protein_coding") == "protein_coding"
    logger.info("%s: %d of %d variants are non-silent and coding", path, counts.sum(), len(variants))
    if not counts.any():
        raise ValueError(f"{path}: none of {len(variants)} variants is non-silent and coding; check its consequences")
    counted = variants[counts]
    columns = pd.Index(sorted(set(counted["HugoSymbol"]) | set(genes)))
    values = np.zeros((len(models), len(columns)), dtype=np.float32)
    values[models.get_indexer(counted["ModelID"]), columns.get_indexer(counted["HugoSymbol"])] = 1
    return pd.DataFrame(values, index=models, columns=columns)


def read_models(path: FilePath) -> pd.DataFrame:
    """Return cell_line (ModelID), name, tissue (OncotreeLineage), ccle_name, sanger_id and cosmic_id of each model.

    COSMIC ids are text without decimals; what is missing stays missing.
    """
    columns = {
        "ModelID": CELL_LINE,
        "CellLineName": "name",
        "OncotreeLineage": TISSUE,
        "CCLEName": "ccle_name",
        "SangerModelID": "sanger_id",
        "COSMICID": "cosmic_id",
    }
    table = _read_text(path, list(columns)).rename(columns=columns)
    unnamed = table[CELL_LINE].isna()
    if unnamed.any():
        raise ValueError(f"{path}: row {_file_row(unnamed)} has no ModelID; fill it in or remove the row")
    twice = table.loc[table[CELL_LINE].duplicated(), CELL_LINE]
    if len(twice):
        raise ValueError(f"{path}: model {twice.iloc[0]!r} has two rows; keep one")
    table["name"] = table["name"].fillna(table[CELL_LINE])
    table["cosmic_id"] = _whole_number_text(table["cosmic_id"])
    return table


def read_responses(path: FilePath) -> pd.DataFrame:
    """Return the curves of a GDSC file: name, cosmic_id, sanger_id, drug, auc (float64), source (DATASET).

    Raises
    ------
    ValueError
        If a column is missing, or a value of AUC is no number.
    """
    columns = {
        "CELL_LINE_NAME": "name",
        "COSMIC_ID": "cosmic_id",
        "SANGER_MODEL_ID": "sanger_id",
        "DRUG_NAME": DRUG,
        "AUC": AUC,
        "DATASET": "source",
    }
    table = _read_text(path, list(columns)).rename(columns=columns)
    auc = pd.to_numeric(table[AUC], errors="coerce")
    wrong = auc.isna() & table[AUC].notna()
    if wrong.any():
        raise ValueError(f"{path}: row {_file_row(wrong)}: AUC {table.loc[wrong, AUC].iloc[0]!r} is no number")
    table[AUC] = auc.astype("float64")
    table["cosmic_id"] = _whole_number_text(table["cosmic_id"])
    return table


def read_drugs(compounds: FilePath, structures: FilePath, genes: Collection[str]) -> pd.DataFrame:
    """Return drug, name, smiles, targets and pathway of the screened compounds.

    A compound that was screened under several ids stands once. Targets are those that are among ``genes``: GDSC mixes
    symbols and descriptions ("EGFR, ERBB2", "Microtubule stabiliser").
    """
    header = _header(compounds)
    target = "TARGET" if "TARGET" in header else "PUTATIVE_TARGET"
    table = _read_text(compounds, ["DRUG_NAME", "SYNONYMS", target, "TARGET_PATHWAY"])
    table = table.dropna(subset="DRUG_NAME").drop_duplicates("DRUG_NAME").reset_index(drop=True)
    given = _read_text(structures, [DRUG, SMILES]).dropna()
    keys = given[DRUG].map(normalise_name)
    smiles_of = dict(zip(keys, given[SMILES], strict=True))
    for key in keys[keys.duplicated()]:
        if (given.loc[keys == key, SMILES] != smiles_of[key]).any():
            raise ValueError(f"{structures}: {given.loc[keys == key, DRUG].iloc[0]!r} has two structures; keep one")

    def structure(name: str, synonyms: str) -> str | None:
        others = synonyms.split(",") if synonyms else []
        candidates = (normalise_name(each) for each in (name, *others))
        return next((smiles_of[each] for each in candidates if each in smiles_of), None)

    known = set(genes)

    def symbols(text: str) -> str | None:
        return ";".join(part for part in re.split(r"[,;]\s*", text.strip()) if part in known) or None

    return pd.DataFrame(
        {
            DRUG: table["DRUG_NAME"],
            "name": table["DRUG_NAME"],
            SMILES: pd.Series(map(structure, table["DRUG_NAME"], table["SYNONYMS"].fillna("")), dtype="str"),
            "targets": pd.Series(map(symbols, table[target].fillna("")), dtype="str"),
            "pathway": table["TARGET_PATHWAY"].str.strip(),
        }
    )


def match_models(curves: pd.DataFrame, models: pd.DataFrame) -> pd.Series:
    """Return the model of each curve: by COSMIC id, else Sanger id, else normalised name; missing where none fits.

    A key that several models share decides nothing.
    """
    found = pd.Series(np.nan, index=curves.index, dtype="str")
    for column in ("cosmic_id", "sanger_id", "name"):
        keys, wanted = models[column], curves[column]
        if column == "name":
            keys, wanted = keys.map(normalise_name), wanted.map(normalise_name, na_action="ignore")
        unique = keys.notna() & ~keys.duplicated(keep=False)
        model_of = pd.Series(models.loc[unique, CELL_LINE].to_numpy(), index=keys[unique])
        by_key = wanted.map(model_of)
        logger.info("curves matched by %s: %d", column, (found.isna() & by_key.notna()).sum())
        found = found.fillna(by_key)
    return found


def _one_file(folder: Path, pattern: str) -> Path:
    """Return the one file that fits; releases put a date or version into some names."""
    files = sorted(folder.glob(pattern))
    if len(files) != 1:
        what = "is missing" if not files else "fits several files: " + ", ".join(file.name for file in files)
        raise ValueError(f"{folder}: {pattern} {what}; put exactly one there")
    return files[0]


def _header(path: FilePath) -> list[str]:
    with open(path, newline="", encoding="utf-8-sig") as lines:
        header = next(csv.reader(lines), [])
    if not header:
        raise ValueError(f"{path}: the file is empty; fetch it again")
    return header


def _read_arrow(path: FilePath, columns: list[str], types: dict[str, pa.DataType]) -> pa.Table:
    """Read columns of a large file, all threads at work; those without a type are text, empty meaning missing.

    Large blocks, because a matrix of 19,000 columns in blocks of the default size would fall into millions of pieces.
    """
    convert = arrow_csv.ConvertOptions(
        include_columns=columns,
        column_types={column: types.get(column, pa.string()) for column in columns},
        strings_can_be_null=True,
        null_values=["", "NA", "NaN", "nan"],
    )
    read = arrow_csv.ReadOptions(block_size=_BLOCK_BYTES)
    try:
        return arrow_csv.read_csv(path, read_options=read, convert_options=convert)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise ValueError(f"{path}: {_name_column(str(error), _header(path))}; correct or refetch the file") from None


def _name_column(message: str, header: list[str]) -> str:
    """Put the name of the column into pyarrow's message, which has its number."""
    match = re.search(r"CSV column #(\d+)", message)
    return message.replace(match[0], f"column {header[int(match[1])]!r}") if match else message


def _is_true(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_in(pc.utf8_lower(column), pa.array(["yes", "true", "1"]))


def _read_text(path: FilePath, columns: list[str]) -> pd.DataFrame:
    """Read columns of a small file as text, empty meaning missing ("NA" is a value there), in the given order."""
    require_columns(_header(path), columns, path)
    table = pd.read_csv(path, usecols=columns, dtype="str", keep_default_na=False, na_values=[""], encoding="utf-8-sig")
    return table[columns]


def _whole_number_text(column: pd.Series) -> pd.Series:
    """Return ids without the ``.0`` that they get where some are missing."""
    return column.str.replace(r"\.0$", "", regex=True)


def _file_row(mask: pd.Series) -> int:
    """Return the row in the file, counted from 1 with the header, of the first True."""
    return int(np.flatnonzero(mask)[0]) + 2
