"""Tables of new cell lines and drugs: symbols of other releases, and mistakes by row."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import druggene
from druggene.command_line import main
from druggene.constants import CELL_LINE, DRUG, PREDICTED
from druggene.prediction.genes import find_genes, read_gene_table
from tests.reference.predicting import Trained

DRUGS = pd.DataFrame({DRUG: ["a", "b"], "smiles": ["CCO", "c1ccccc1O"]})


@pytest.fixture
def genes(tmp_path: Path) -> Path:
    """g000 was once OLD; TWIN was two genes; g001 is what g002's present symbol NOW was called in training."""
    path = tmp_path / "genes.tsv"
    rows = ["entrez_id\tsymbol\taliases", "1\tg000\tOLD|ELDER", "2\tg001\tTWIN", "3\tg003\tTWIN", "4\tNOW\tg002"]
    path.write_text("\n".join(rows) + "\n")
    return path


def test_genes_are_found_under_former_and_present_symbols(trained: Trained, genes: Path) -> None:
    plain = druggene.predict(trained.of("joined")[0], trained.omics, DRUGS)
    omics = trained.matrices()
    omics["expression"] = omics["expression"].rename(columns={"g000": "OLD", "g002": "NOW"}).assign(NOSUCHGENE=1.0)
    omics["mutation"] = omics["mutation"].rename(columns=lambda gene: f"{gene} ({gene[1:]})")  # as DepMap writes them
    found = druggene.predict(trained.of("joined")[0], omics, DRUGS, genes=genes)
    np.testing.assert_allclose(found[PREDICTED], plain[PREDICTED], rtol=1e-12)
    row = found.attrs["tables"].genes.set_index("omic").loc["expression"]
    assert (row["renamed"], row["n_renamed"], row["n_missing"]) == ("OLD as g000;NOW as g002", 2, 0)
    assert (row["unknown"], row["n_unknown"]) == ("NOSUCHGENE", 1)
    unaided = druggene.predict(trained.of("joined")[0], omics, DRUGS).attrs["tables"].genes.set_index("omic")
    assert unaided.loc["expression", "missing"] == "g000;g002"


def test_an_alias_of_several_genes_and_two_columns_of_one_gene_decide_nothing(genes: Path) -> None:
    table = read_gene_table(genes)
    found = find_genes(["TWIN", "g003"], ["g001", "g003"], table, "here")
    assert found.missing == ("g001",)
    assert find_genes(["OLD", "ELDER", "g001"], ["g000", "g001"], table, "here").missing == ("g000",)
    assert find_genes(["OLD", "g000"], ["g000"], table, "here").positions.tolist() == [1]
    with pytest.raises(ValueError, match=r"here: none of its 1 columns \(ENSG1, …\) is one of the 1 genes"):
        find_genes(["ENSG1"], ["g000"], table, "here")


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("drugs", "message"),
    [
        (
            "drug,smiles\na,CCO\nb,C1CC\nc,\n",
            r"drugs.csv: cannot read SMILES: row 3, drug 'b': 'C1CC'; row 4, drug 'c'",
        ),
        ("drug,smiles\na,CCO\na,CC\n", "drugs.csv: row 3 describes 'a' a second time"),
        ("drug,smiles\n,CCO\n", "drugs.csv: row 2 has no drug"),
        ("drug,structure\na,CCO\n", "drugs.csv: missing column smiles"),
        ("drug,smiles\n", "drugs.csv: no drug"),
    ],
)
def test_mistakes_in_drugs_name_the_row(trained: Trained, tmp_path: Path, drugs: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        druggene.predict(trained.of("joined")[0], trained.omics, write(tmp_path, "drugs.csv", drugs))


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ("cell_line,drug\nline01,a\nline99,a\n", r"pairs.tsv: row 3: cell line 'line99' is not among"),
        ("cell_line,drug\nline01,x\n", r"pairs.tsv: row 2: drug 'x' is not among the drugs given"),
        ("cell_line,drug\n,a\n", "pairs.tsv: row 2 has no cell_line"),
    ],
)
def test_mistakes_in_pairs_name_the_row(trained: Trained, tmp_path: Path, pairs: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        druggene.predict(trained.of("joined")[0], trained.omics, DRUGS, write(tmp_path, "pairs.tsv", pairs))


def test_mistakes_in_cell_lines(trained: Trained, tmp_path: Path) -> None:
    one = trained.matrices()["expression"]
    for matrix, message in (
        (pd.concat([one, one.iloc[:1]]), "expression: cell line 'line00' stands twice"),
        (one.assign(g000="much"), "expression: column 'g000' is not numeric"),
        (one.replace(one.iloc[0, 0], np.inf), "expression: column 'g000' has an infinite value"),
        (one.iloc[:0], "no cell line"),
    ):
        with pytest.raises(ValueError, match=message):
            druggene.predict(trained.of("joined")[0], {"expression": matrix}, DRUGS)
    with pytest.raises(ValueError, match="omics given are 'methylation'"):
        druggene.predict(trained.of("joined")[0], {"methylation": one}, DRUGS)
    with pytest.raises(ValueError, match="plus: reads mutation, expression, given are copy_number"):
        druggene.predict(trained.of("plus")[0], {"copy_number": one}, DRUGS)
    with pytest.raises(ValueError, match="has no omic"):
        druggene.predict(trained.of("joined")[0], tmp_path, DRUGS)


def test_a_text_table_of_cell_lines_is_read_as_own_tables_are(trained: Trained, tmp_path: Path) -> None:
    for omic, matrix in trained.matrices().items():
        matrix.to_csv(tmp_path / f"{omic}.tsv", sep="\t")
    found = druggene.predict(trained.of("joined")[0], tmp_path, DRUGS)
    expected = druggene.predict(trained.of("joined")[0], trained.omics, DRUGS)
    np.testing.assert_allclose(found[PREDICTED], expected[PREDICTED], atol=1e-6)
    assert list(found[CELL_LINE]) == list(expected[CELL_LINE])


def test_the_command_ends_with_a_message(trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--cell-lines", str(trained.omics), "--drugs", str(trained.drugs), "--output", str(tmp_path / "out")]
    assert main(["predict", "--checkpoints", str(tmp_path), *arguments]) == 1
    assert "holds no checkpoint" in capsys.readouterr().err
    assert main(["predict", "--checkpoints", str(tmp_path / "none.pt"), *arguments]) == 1
    assert "there is no such checkpoint" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
