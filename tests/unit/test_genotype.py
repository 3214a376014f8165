"""Gene selection, imputation, Gray code, scaling and fusion of the genotype."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from druggene.genotype import (
    GenotypeEncoder,
    fuse,
    genes_of,
    gray_decode,
    gray_encode,
    read_genotype,
    read_omic,
    select_genes,
    select_listed_genes,
    write_genotype,
)
from druggene.ontology import read_published_ontology
from druggene.sources.drugcell_files import read_items
from druggene.tables import write_table

NAN = np.nan


def matrix(rows: dict[str, list[float]], genes: str = "ABCD") -> pd.DataFrame:
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(genes), dtype="float32")
    frame.index.name = "cell_line"
    return frame


MUTATIONS = matrix({"l1": [1, 1, 0, 0], "l2": [1, 0, 1, NAN], "l3": [0, 0, 0, 1]})
"""Frequencies in l1 and l2: A 1, B and C 0.5, D 0; l3 is a test cell line that would lift D."""


class TestSelectGenes:
    def test_frequency_is_of_training_lines_and_ties_go_by_symbol(self) -> None:
        genes = select_genes(MUTATIONS, ["l1", "l2"], "ABCD", 0.5)
        assert list(genes["gene"]) == ["A", "B"]
        assert list(genes["mutation_frequency"]) == [1.0, 0.5]
        # In l2 and l3, D is mutated wherever it was measured and B never.
        assert list(select_genes(MUTATIONS, ["l2", "l3"], "ABCD", 0.5)["gene"]) == ["A", "D"]

    def test_fraction_is_of_all_genes_before_annotation(self) -> None:
        assert list(select_genes(MUTATIONS, ["l1", "l2"], {"B", "C", "D"}, 0.5)["gene"]) == ["B"]

    def test_result_is_alphabetical_whatever_the_frequency(self) -> None:
        genes = select_genes(MUTATIONS[list("DCBA")], ["l1", "l3"], "ABCD", 1.0)
        assert list(genes["gene"]) == ["A", "B", "C", "D"]

    def test_missing_values_count_neither_way(self) -> None:
        genes = select_genes(MUTATIONS, ["l2", "l3"], "ABCD", 1.0).set_index("gene")
        assert genes.loc["D", "mutation_frequency"] == 1.0

    def test_gene_must_be_in_every_omic(self) -> None:
        assert list(select_genes(MUTATIONS, ["l1", "l2"], "ABCD", 1.0, [["A", "C"], ["B", "C"]])["gene"]) == ["C"]

    def test_list_keeps_what_the_data_have(self) -> None:
        genes = select_listed_genes(MUTATIONS, ["l1", "l2"], {"A", "D", "X"}, ["X", "D", "C", "A"])
        assert list(genes["gene"]) == ["A", "D"]

    def test_nothing_left_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="annotated in the ontology"):
            select_genes(MUTATIONS, ["l1"], set(), 0.5)

    def test_unknown_training_line_is_named(self) -> None:
        with pytest.raises(ValueError, match="l9"):
            select_genes(MUTATIONS, ["l1", "l9"], "ABCD", 0.5)


def test_gray_code_of_a_known_word() -> None:
    assert gray_encode(np.array([1, 1, 0, 1])).tolist() == [1, 0, 1, 1]
    assert gray_decode(np.array([1, 0, 1, 1])).tolist() == [1, 1, 0, 1]


def test_gray_code_runs_over_genes_in_alphabetical_order() -> None:
    encoder = GenotypeEncoder.fit({"mutation": MUTATIONS}, list("DBCA"), ["l1", "l2"])
    shuffled = MUTATIONS[list("CADB")]
    assert encoder.transform({"mutation": shuffled})["mutation"][0].tolist() == [1, 0, 1, 0]


def test_imputed_mutations_are_rounded_before_gray_code_and_kept_in_binary() -> None:
    rows = {
        encoding: GenotypeEncoder.fit({"mutation": MUTATIONS}, list("ABCD"), ["l1", "l2"], encoding)
        .transform({"mutation": MUTATIONS})["mutation"][1]
        .tolist()
        for encoding in ("gray", "binary")
    }
    # l2 is 1, 0, 1 and a gap that its mean of 2/3 fills: 1 0 1 1 as a word, 1 1 1 0 as Gray code.
    assert rows["gray"] == [1, 1, 1, 0]
    assert rows["binary"] == pytest.approx([1, 0, 1, 2 / 3])
    mostly_wild = matrix({"l1": [0, 0, 1, NAN], "l2": [0, 1, 0, 1]})
    encoder = GenotypeEncoder.fit({"mutation": mostly_wild}, list("ABCD"), ["l2"])
    assert encoder.transform({"mutation": mostly_wild})["mutation"][0].tolist() == [0, 0, 1, 1]


class TestExpression:
    expression = matrix(
        {"l1": [0, 10, 5, NAN], "l2": [4, 30, 5, NAN], "l3": [8, NAN, 7, 1], "l4": [NAN, NAN, NAN, NAN]}
    )

    def encode(self, impute: str = "cell_line_mean", lines: tuple[str, ...] = ("l1", "l2")) -> pd.DataFrame:
        encoder = GenotypeEncoder.fit({"expression": self.expression}, list("ABCD"), lines, impute=impute)
        values = encoder.transform({"expression": self.expression})["expression"]
        assert values.dtype == np.float32
        return pd.DataFrame(values, index=self.expression.index, columns=list("ABCD"))

    def test_scaling_is_per_gene_on_training_lines(self) -> None:
        scaled = self.encode(lines=("l1", "l2"))
        assert scaled.loc["l1", ["A", "B"]].tolist() == [0, 0]
        assert scaled.loc["l2", ["A", "B"]].tolist() == [1, 1]

    def test_other_lines_are_clipped(self) -> None:
        assert self.encode().loc["l3", "A"] == 1
        assert self.encode(lines=("l2", "l3")).loc["l1", "A"] == 0

    def test_constant_or_unmeasured_gene_is_zero(self) -> None:
        scaled = self.encode()
        assert (scaled["C"] == 0).all()
        assert (scaled["D"] == 0).all()

    def test_cell_line_mean_is_taken_in_raw_units(self) -> None:
        # l3 has 8, 7 and 1: the mean 16/3 lies below B's training minimum of 10.
        assert self.encode().loc["l3", "B"] == 0
        table = matrix({"l1": [0, 0, 0, 0], "l2": [10, 10, 10, 10], "l3": [2, 4, 3, NAN]})
        encoder = GenotypeEncoder.fit({"expression": table}, list("ABCD"), ["l1", "l2"])
        assert encoder.transform({"expression": table})["expression"][2, 3] == pytest.approx(0.3)

    def test_gene_mean_is_of_training_lines(self) -> None:
        assert self.encode("gene_mean").loc["l3", "B"] == pytest.approx(0.5)

    def test_line_without_any_gene_takes_gene_means(self) -> None:
        assert self.encode().loc["l4"].tolist() == [0.5, 0.5, 0, 0]

    def test_test_lines_do_not_change_what_is_fitted(self) -> None:
        changed = self.expression.copy()
        changed.loc["l3"] = 1000.0
        fitted = [
            GenotypeEncoder.fit({"expression": frame}, list("ABCD"), ["l1", "l2"]).to_dict()
            for frame in (self.expression, changed)
        ]
        assert fitted[0] == fitted[1]


def test_symbols_that_a_spreadsheet_or_the_wrong_case_lost_are_named(caplog: pytest.LogCaptureFixture) -> None:
    table = pd.DataFrame([[1.0, 1, 1, 1]], index=["l1"], columns=["1-Mar", "tp53", "BRAF", "C1orf112"])
    genes = select_genes(table, ["l1"], {"BRAF", "TP53", "C1orf112"}, 1.0)
    assert list(genes["gene"]) == ["BRAF", "C1orf112"]
    assert "1 symbols were turned into dates or numbers by a spreadsheet (1-Mar)" in caplog.text
    assert "1 symbols differ in case alone from known ones and are not found (tp53)" in caplog.text


class TestErrors:
    @pytest.mark.parametrize("value", [np.inf, -np.inf])
    def test_infinite_value_is_named(self, value: float) -> None:
        table = matrix({"l1": [0, 1, 2, 3], "l2": [0, 1, value, 3]})
        message = "expression: gene C of cell line l2 is infinite"
        with pytest.raises(ValueError, match=message):
            GenotypeEncoder.fit({"expression": table}, list("ABCD"), ["l1"])
        encoder = GenotypeEncoder.fit({"expression": table.loc[["l1"]]}, list("ABCD"), ["l1"])
        with pytest.raises(ValueError, match=message):
            encoder.transform({"expression": table})

    def test_unknown_options(self) -> None:
        with pytest.raises(ValueError, match="mutation_encoding: 'grey' is not one of gray, binary"):
            GenotypeEncoder.fit({"mutation": MUTATIONS}, ["A"], ["l1"], "grey")
        with pytest.raises(ValueError, match=r"impute: 'median'"):
            GenotypeEncoder.fit({"mutation": MUTATIONS}, ["A"], ["l1"], impute="median")
        with pytest.raises(ValueError, match=r"fusion: 'max'"):
            fuse({"mutation": np.zeros((1, 1))}, ["mutation"], "max")

    def test_missing_gene_is_named(self) -> None:
        with pytest.raises(ValueError, match=r"mutation: missing column.*X"):
            GenotypeEncoder.fit({"mutation": MUTATIONS}, ["A", "X"], ["l1"])

    def test_missing_omic_is_named(self) -> None:
        encoder = GenotypeEncoder.fit({"mutation": MUTATIONS}, ["A"], ["l1"])
        with pytest.raises(ValueError, match="expression was not fitted"):
            encoder.transform({"expression": MUTATIONS})
        with pytest.raises(ValueError, match="copy_number"):
            fuse({"mutation": np.zeros((1, 1))}, ["mutation", "copy_number"])


def test_fusion_shapes_and_values() -> None:
    encoded = {"mutation": np.array([[1.0, 0.0]]), "expression": np.array([[0.5, 0.25]])}
    both = ["expression", "mutation"]
    assert fuse(encoded, both, "sum").tolist() == [[[1.5, 0.25]]]
    assert fuse(encoded, both, "sum_rescaled").tolist() == [[[0.75, 0.125]]]
    assert fuse(encoded, both, "channels").tolist() == [[[0.5, 0.25], [1.0, 0.0]]]
    assert fuse(encoded, ["mutation"]).tolist() == [[[1.0, 0.0]]]
    assert fuse(encoded, both).dtype == np.float32


def test_genotype_comes_back_from_disk_with_its_encoder(tmp_path: Path) -> None:
    omics = {"mutation": MUTATIONS, "expression": MUTATIONS * np.float32(1 / 3) + 0.1}
    encoder = GenotypeEncoder.fit(omics, list("BCA"), ["l1", "l3"])
    encoded = encoder.transform(omics)
    path = tmp_path / "genotype.parquet"
    write_genotype(path, encoded, ["l1", "l2", "l3"], encoder, simulated=True)
    values, lines, genes, again = read_genotype(path)
    assert (lines, genes, list(values)) == (["l1", "l2", "l3"], ["A", "B", "C"], ["mutation", "expression"])
    for omic in omics:
        np.testing.assert_array_equal(values[omic], encoded[omic])
        np.testing.assert_array_equal(again.transform(omics)[omic], encoded[omic])
    assert again.to_dict() == json.loads(json.dumps(encoder.to_dict()))


def test_omic_is_read_by_gene(tmp_path: Path) -> None:
    path = tmp_path / "mutation.parquet"
    write_table(MUTATIONS, path, description="mutation")
    assert genes_of(path) == list("ABCD")
    pd.testing.assert_frame_equal(read_omic(path, ["D", "B"]), MUTATIONS[["D", "B"]])


def test_published_list_and_ontology_agree(shared_data: Path) -> None:
    listed = read_items(shared_data / "druggene_release/gene_item.txt")
    _, annotations = read_published_ontology(shared_data / "druggene_release/drugGene_ont.txt")
    annotated = set(annotations["gene"])
    mutation = pd.read_parquet(shared_data / "omics/mutation.parquet")
    assert (len(listed), set(listed) == annotated) == (3008, True)
    genes = select_listed_genes(mutation, list(mutation.index), annotated, listed)
    assert list(genes["gene"]) == sorted(mutation.columns)


def test_merged_matrices_with_gaps_are_encoded(shared_data: Path) -> None:
    omics = {
        omic: pd.read_parquet(shared_data / f"omics/merged/{omic}.parquet").sort_index()
        for omic in ("mutation", "expression", "copy_number")
    }
    lines = list(omics["mutation"].index)
    encoder = GenotypeEncoder.fit(omics, list(omics["mutation"].columns), lines[::2])
    for values in encoder.transform(omics).values():
        assert values.shape == (942, 3008)
        assert np.isfinite(values).all()
        assert values.min() >= 0
        assert values.max() <= 1
