"""A published folder or archive passes as it is, and fails for every byte that it should not have."""

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from druggene.bundle import write_archive
from druggene.verify import SUMS, main, verify_bundle

FILES = {"README.md": b"A page.\n", "tables/a.csv": b"x,y\n1,2\n", "models/b.pt": bytes(range(256)) * 20}


def write_sums(folder: Path) -> None:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names if name != SUMS]
    (folder / SUMS).write_text("".join(lines))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "published"
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    write_sums(root)
    return root


@pytest.fixture
def archive(folder: Path, tmp_path: Path) -> Path:
    write_archive(folder, tmp_path / "published.zip")
    return tmp_path / "published.zip"


def test_both_pass(folder: Path, archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (folder, archive):
        assert verify_bundle(path) == len(FILES)
        assert main([str(path)]) == 0
        assert "3 files, all as they were published" in capsys.readouterr().out


def test_unpacked_elsewhere_it_passes(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "elsewhere")
    assert verify_bundle(tmp_path / "elsewhere") == len(FILES)


def test_archives_are_equal_whatever_the_times(folder: Path, archive: Path, tmp_path: Path) -> None:
    before = archive.read_bytes()
    for path in folder.rglob("*"):
        path.touch()
    (folder / "README.md").chmod(0o600)
    write_archive(folder, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == before


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda root: flip(root / "models/b.pt", 1000), r"models/b\.pt: changed"),
        (lambda root: (root / "tables/a.csv").unlink(), r"tables/a\.csv: missing"),
        (lambda root: (root / "tables/more.csv").touch(), r"tables/more\.csv: not in SHA256SUMS"),
        (lambda root: (root / ".hidden").touch(), r"\.hidden: not in SHA256SUMS"),
        (lambda root: (root / "link").symlink_to("/etc/hostname"), "link: no plain file"),
        (lambda root: (root / SUMS).unlink(), "has no SHA256SUMS"),
        (lambda root: (root / SUMS).write_text(""), "names no file"),
        (lambda root: (root / SUMS).write_text(f"{'0' * 64}  ../a\n"), "line 1 of SHA256SUMS"),
        (lambda root: (root / SUMS).write_text(f"{'0' * 64}  /etc/hostname\n"), "line 1 of SHA256SUMS"),
        (lambda root: (root / SUMS).write_text("what is this\n"), "line 1 of SHA256SUMS"),
    ],
)
def test_a_changed_folder_fails(folder: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(folder)
    with pytest.raises(ValueError, match=message):
        verify_bundle(folder)
    assert main([str(folder)]) == 1


def test_a_link_in_place_of_a_file_fails(folder: Path, tmp_path: Path) -> None:
    (folder / "README.md").rename(tmp_path / "README.md")
    (folder / "README.md").symlink_to(tmp_path / "README.md")
    with pytest.raises(ValueError, match="no plain file"):
        verify_bundle(folder)


def test_every_flipped_byte_of_an_archive_fails_or_changes_no_content(archive: Path, tmp_path: Path) -> None:
    """A byte may be flipped in a time or a mode of a member, which nobody reads; never in a content or name."""
    content = archive.read_bytes()
    for position in range(0, len(content), 97):
        damaged = tmp_path / "damaged.zip"
        damaged.write_bytes(content)
        flip(damaged, position)
        try:
            verify_bundle(damaged)
        except ValueError:
            continue
        with zipfile.ZipFile(damaged) as opened:
            assert {name: opened.read(name) for name in opened.namelist() if name != SUMS} == FILES


@pytest.mark.parametrize(
    "name", ["../evil", "/evil", "a/../../evil", "C:/evil", "..\\evil", "a//b", "./a", "bad\x07name"]
)
def test_a_member_that_would_land_elsewhere_fails(archive: Path, name: str) -> None:
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(zipfile.ZipInfo(name), "evil")
    with pytest.raises(ValueError, match="outside of the folder"):
        verify_bundle(archive)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_stands_twice_fails(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("README.md", FILES["README.md"])
    with pytest.raises(ValueError, match=r"README\.md: stands twice"):
        verify_bundle(archive)


def test_a_link_in_an_archive_fails(archive: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(link, "/etc/hostname")
    with pytest.raises(ValueError, match="link: no plain file"):
        verify_bundle(archive)


def test_what_is_neither_fails(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(ValueError, match="neither a folder nor a ZIP archive"):
        verify_bundle(tmp_path / "text.zip")
    with pytest.raises(ValueError, match="does not exist"):
        verify_bundle(tmp_path / "nowhere")
