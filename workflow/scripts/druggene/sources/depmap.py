"""DepMap's files of cell lines and their genotypes, as 22Q4 to 25Q2 have them and under the older CCLE names.

- matrices (``OmicsExpression…``, ``OmicsCNGene…``, older ``CCLE_expression``, ``CCLE_gene_cn``): one row per model,
  gene columns headed ``SYMBOL (ENTREZ)``. The model stands in the first, unnamed column, or since 25Q2 in ``ModelID``
  among further id columns, with ``IsDefaultEntryForModel`` telling a model's profiles apart;
- ``OmicsSomaticMutations``, older ``CCLE_mutations``: one row per variant;
- ``Model``, older ``sample_info``: names and ids of a model at DepMap, CCLE, COSMIC and Sanger.
"""

import logging
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from druggene.constants import CELL_LINE, COPY_NUMBER, EXPRESSION, MUTATION, TISSUE
from druggene.sources.gene_identity import GeneTable
from druggene.sources.reading import (
    FilePath,
    file_row,
    is_true,
    read_columns,
    read_fields,
    read_header,
    whole_number_text,
)

logger = logging.getLogger(__name__)

UNITS: Final = {
    MUTATION: "1 = non-silent coding variant, 0 = none",
    EXPRESSION: "log2(TPM + 1)",
    COPY_NUMBER: "log2(relative copy number + 1)",
}

NON_SILENT: Final = frozenset(
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
        # Mutation Annotation Format, in CCLE_mutations, where it differs from Funcotator
        "missense_mutation",
        "nonsense_mutation",
        "nonstop_mutation",
        "stop_codon_ins",
        "stop_codon_del",
        "de_novo_start_outofframe",
    }
)
"""Consequences that count as a mutation; of several (joined by ``&``), one is enough."""

_GENE_COLUMN: Final = re.compile(r"(\S+) \((\d+)\)")
_COLUMN_OF_A_GENE: Final = re.compile(r"\S+ \(.*\)")
_MODEL_COLUMNS: Final = ("ModelID", "DepMap_ID")
_SYMBOL_COLUMNS: Final = ("HugoSymbol", "Hugo_Symbol")
_ENTREZ_COLUMNS: Final = ("EntrezGeneID", "Entrez_Gene_Id")
_CONSEQUENCE_COLUMNS: Final = ("VariantInfo", "MolecularConsequence", "Variant_Classification")
_DEFAULT_COLUMN: Final = "IsDefaultEntryForModel"


def read_gene_matrix(path: FilePath, genes: GeneTable | None = None) -> pd.DataFrame:
    """Return models x genes of an expression or copy number file, float32, NaN where empty.

    Columns whose header is no ``SYMBOL (ENTREZ)`` are left out and logged. With ``genes``, columns get the current
    symbol of their Entrez id; of two that are one gene by then, the one of the current symbol stays.

    Raises
    ------
    ValueError
        If there is no gene column or no model column, a gene or model stands twice, or a value is no finite number.
    """
    header = read_header(path)
    named = {column: match for column in header if (match := _GENE_COLUMN.fullmatch(column))}
    if not named:
        raise ValueError(f"{path}: no column is headed 'SYMBOL (ENTREZ)'; take the file as the portal gives it")
    id_column = next((name for name in _MODEL_COLUMNS if name in header), header[0])
    if id_column in named:
        raise ValueError(f"{path}: neither a column ModelID nor a first column with the model; restore it")
    others = set(header) - named.keys() - {id_column, _DEFAULT_COLUMN}
    unknown = sum(_COLUMN_OF_A_GENE.fullmatch(column) is not None for column in others)
    if genes is not None and unknown:
        what = f"genes of {Path(path).name}"
        genes.count("genes identified", what, len(named) + unknown, len(named), "column without an Entrez id")
    symbols = _kept_symbols(named, genes, path)
    default = [_DEFAULT_COLUMN] if _DEFAULT_COLUMN in header else []
    table = read_columns(path, [id_column, *default, *symbols], dict.fromkeys(symbols, pa.float32()))
    if default:
        table = _default_entries(table, genes, path)
    models = pd.Index(table[id_column].to_pandas(), name=CELL_LINE)
    if models.hasnans:
        raise ValueError(f"{path}: a row names no model; fill in column {id_column!r} or remove the row")
    if models.has_duplicates:
        raise ValueError(f"{path}: model {models[models.duplicated()][0]!r} has two rows; keep one")
    values = np.empty((len(models), len(symbols)), dtype=np.float32)
    for i, column in enumerate(symbols):
        values[:, i] = table[column].to_numpy()
    infinite = np.argwhere(np.isinf(values))
    if len(infinite):
        row, place = infinite[0]
        cell = f"column {list(symbols)[place]!r} of model {models[row]!r}"
        raise ValueError(f"{path}: {cell} is infinite; leave empty what was not measured")
    logger.info("%s: %d models, %d genes", path, *values.shape)
    if others:
        logger.info("%s: columns left out, as they hold no gene with an Entrez id: %s", path, ", ".join(sorted(others)))
    return pd.DataFrame(values, index=models, columns=list(symbols.values()))


def _default_entries(table: pa.Table, genes: GeneTable | None, path: FilePath) -> pa.Table:
    """Return the rows of the profiles that stand for their models."""
    kept = table.filter(is_true(table[_DEFAULT_COLUMN]))
    if genes is not None:
        reason = "of a profile that is not the model's default"
        genes.count("default profiles", f"rows of {Path(path).name}", len(table), len(kept), reason)
    return kept


def _kept_symbols(named: dict[str, re.Match[str]], genes: GeneTable | None, path: FilePath) -> dict[str, str]:
    """Return column to symbol, one column for each symbol."""
    columns = pd.Series(list(named))
    own = pd.Series([match[1] for match in named.values()])
    if own.duplicated().any():
        first, second = columns[own == own[own.duplicated()].iloc[0]].iloc[:2]
        raise ValueError(f"{path}: columns {first!r} and {second!r} have one symbol; keep one of them")
    if genes is None:
        return dict(zip(columns, own, strict=True))
    current = genes.current(own, pd.Series([match[2] for match in named.values()]), str(path))
    # Stable, so that among equals the first column stays.
    order = (own != current).sort_values(kind="stable").index
    kept = np.sort(order[~current[order].duplicated()])
    reason = "another column is the same gene today"
    genes.count("genes unified", f"genes of {Path(path).name}", len(columns), len(kept), reason)
    return dict(zip(columns[kept], current[kept], strict=True))


def read_mutations(path: FilePath, genes: Collection[str] = (), gene_table: GeneTable | None = None) -> pd.DataFrame:
    """Return models x genes, 1 where a gene has a non-silent coding variant, else 0.

    A variant counts if one of its consequences (``VariantInfo``, where empty ``MolecularConsequence``; older
    ``Variant_Classification``) is in :data:`NON_SILENT` and its transcript codes for a protein (``VepBiotype``, where
    given). A model is measured if it has any variant, counted or not. Genes are those with a counted variant and
    ``genes``: the whole exome was sequenced, so a gene without a variant is not mutated.

    Raises
    ------
    ValueError
        If a column is missing, or no variant counts.
    """
    header = read_header(path)
    model_column, symbol_column = (_first(header, names, path) for names in (_MODEL_COLUMNS, _SYMBOL_COLUMNS))
    _first(header, _CONSEQUENCE_COLUMNS, path)
    consequences = [name for name in _CONSEQUENCE_COLUMNS if name in header]
    entrez = next((name for name in _ENTREZ_COLUMNS if name in header), None)
    optional = [name for name in ("VepBiotype", _DEFAULT_COLUMN, entrez) if name in header]
    table = read_columns(path, [model_column, symbol_column, *consequences, *optional], {})
    if _DEFAULT_COLUMN in header:
        table = _default_entries(table, gene_table, path)
    variants = table.to_pandas()
    measured = pd.Index(sorted(variants[model_column].dropna().unique()), name=CELL_LINE)

    consequence = variants[consequences[0]]
    for column in consequences[1:]:
        consequence = consequence.fillna(variants[column])
    terms = consequence.fillna("").unique()
    counting = {term for term in terms if not NON_SILENT.isdisjoint(re.split(r"[&,]", term.lower()))}
    counts = consequence.isin(counting) & variants[symbol_column].notna() & variants[model_column].notna()
    if "VepBiotype" in header:
        counts &= variants["VepBiotype"].fillna("protein_coding") == "protein_coding"
    logger.info("%s: %d of %d variants are non-silent and coding", path, counts.sum(), len(variants))
    if not counts.any():
        raise ValueError(f"{path}: none of {len(variants)} variants is non-silent and coding; check its consequences")
    counted = variants[counts]
    symbols = counted[symbol_column]
    if gene_table is not None:
        reason = "silent, not coding, or of no gene or model"
        gene_table.count("variants counted", f"variants of {Path(path).name}", len(variants), len(counted), reason)
        ids = None if entrez is None else whole_number_text(counted[entrez].astype("str"))
        symbols = gene_table.current(symbols, ids, str(path))
    columns = pd.Index(sorted({*symbols.unique(), *genes}))
    values = np.zeros((len(measured), len(columns)), dtype=np.float32)
    values[measured.get_indexer(counted[model_column]), columns.get_indexer(symbols)] = 1
    return pd.DataFrame(values, index=measured, columns=columns)


def _first(header: Collection[str], names: Collection[str], path: FilePath) -> str:
    found = next((name for name in names if name in header), None)
    if found is None:
        raise ValueError(f"{path}: missing column {' or '.join(names)}; found {', '.join(header)}")
    return found


def read_models(path: FilePath) -> pd.DataFrame:
    """Return cell_line (DepMap id), name, tissue (lineage), ccle_name, sanger_id, cosmic_id and aliases of each model.

    COSMIC ids are text without decimals, aliases as in the file; what is missing stays missing.

    Raises
    ------
    ValueError
        If a column is missing, or a model has no id or two rows.
    """
    table = read_fields(
        path,
        {
            CELL_LINE: ("ModelID", "DepMap_ID"),
            "name": ("CellLineName", "cell_line_name"),
            TISSUE: ("OncotreeLineage", "lineage"),
        },
        optional={
            "ccle_name": ("CCLEName", "CCLE_Name"),
            "sanger_id": ("SangerModelID", "Sanger_Model_ID"),
            "cosmic_id": ("COSMICID",),
            "aliases": ("Alias", "alias"),
            "stripped_name": ("StrippedCellLineName", "stripped_cell_line_name"),
        },
    )
    unnamed = table[CELL_LINE].isna()
    if unnamed.any():
        raise ValueError(f"{path}: row {file_row(unnamed)} has no ModelID; fill it in or remove the row")
    twice = table.loc[table[CELL_LINE].duplicated(), CELL_LINE]
    if len(twice):
        raise ValueError(f"{path}: model {twice.iloc[0]!r} has two rows; keep one")
    table["name"] = table["name"].fillna(table["stripped_name"]).fillna(table[CELL_LINE])
    table["cosmic_id"] = whole_number_text(table["cosmic_id"])
    return table.drop(columns="stripped_name")
