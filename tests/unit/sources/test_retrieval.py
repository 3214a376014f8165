"""Retrieval and verification, against a server on this machine."""

import gzip
import hashlib
import io
import logging
import os
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from urllib3.util import Retry

from druggene.sources.download import PIECE
from druggene.sources.retrieval import retrieve, retrieve_wheel
from druggene.sources.versions import VersionEntry, verify
from tests.serving import Request, Serving, answer, drops_after, etag_of, says, serve, serving

CONTENT = b"cell line\tdrug\tauc\n" * 5000
SIZE = len(CONTENT)
ATTEMPTS = Retry(total=2)


@pytest.fixture
def server() -> Iterator[Serving]:
    with serving() as running:
        running.files["/pairs.txt"] = CONTENT
        yield running


@pytest.fixture
def entry(server: Serving) -> VersionEntry:
    return VersionEntry(
        dataset="toy",
        version="1",
        file="pairs.txt",
        url=f"{server.url}/pairs.txt",
        checksum_kind="sha256",
        checksum=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
        licence="CC0",
        note="",
    )


@pytest.fixture
def unknown(entry: VersionEntry) -> VersionEntry:
    """A file of which neither size nor checksum is published."""
    return replace(entry, checksum_kind="", checksum="", size=None)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def ranges(server: Serving) -> list[str | None]:
    return [asked for _, asked in server.requests]


def test_a_download_is_verified_and_lands_at_its_place(entry: VersionEntry, tmp_path: Path) -> None:
    retrieve(entry, tmp_path / "deep" / "pairs.txt")
    assert (tmp_path / "deep" / "pairs.txt").read_bytes() == CONTENT
    assert left_in(tmp_path / "deep") == ["pairs.txt"]


def test_a_redirect_is_followed(server: Serving, entry: VersionEntry, tmp_path: Path) -> None:
    server.faults.append(says(302, Location=f"{server.url}/pairs.txt"))
    retrieve(replace(entry, url=f"{server.url}/files/1"), tmp_path / "pairs.txt")
    assert [path for path, _ in server.requests] == ["/files/1", "/pairs.txt"]


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_an_overloaded_server_is_asked_again(
    server: Serving, entry: VersionEntry, tmp_path: Path, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    server.faults.append(says(status, b"busy"))
    with caplog.at_level(logging.WARNING):
        retrieve(entry, tmp_path / "pairs.txt", attempts=ATTEMPTS)
    assert (tmp_path / "pairs.txt").read_bytes() == CONTENT
    assert len(server.requests) == 2
    assert str(status) in caplog.text


def test_the_wait_that_a_server_asks_for_is_kept(
    server: Serving, entry: VersionEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waits.append)
    server.faults.extend([says(503, Retry_After="7"), says(503), says(503)])
    retrieve(entry, tmp_path / "pairs.txt", attempts=Retry(total=3, backoff_factor=2.0))
    assert waits == [7, 4, 8]


def test_a_dropped_connection_goes_on_where_it_stopped(server: Serving, entry: VersionEntry, tmp_path: Path) -> None:
    server.faults.extend([drops_after(CONTENT, PIECE), drops_after(CONTENT, 2 * PIECE + 5)])
    retrieve(entry, tmp_path / "pairs.txt", attempts=ATTEMPTS)
    assert (tmp_path / "pairs.txt").read_bytes() == CONTENT
    assert ranges(server) == [None, f"bytes={PIECE}-", f"bytes={3 * PIECE}-"]
    assert left_in(tmp_path) == ["pairs.txt"]


def test_a_part_is_kept_for_the_next_run_and_never_taken_for_the_file(
    server: Serving, unknown: VersionEntry, tmp_path: Path
) -> None:
    server.faults.extend([drops_after(CONTENT, PIECE)] + [says(503)] * 2)
    with pytest.raises(ConnectionError, match=r"not retrieved in 3 attempts, last: .*503.*source: local"):
        retrieve(unknown, tmp_path / "pairs.txt", attempts=ATTEMPTS)
    assert left_in(tmp_path) == ["pairs.txt.part", "pairs.txt.part.validator"]
    assert (tmp_path / "pairs.txt.part").read_bytes() == CONTENT[:PIECE]
    retrieve(unknown, tmp_path / "pairs.txt", attempts=ATTEMPTS)
    assert ranges(server)[-1] == f"bytes={PIECE}-"
    assert (tmp_path / "pairs.txt").read_bytes() == CONTENT


def test_a_file_that_changed_between_attempts_is_begun_again(
    server: Serving, unknown: VersionEntry, tmp_path: Path
) -> None:
    server.faults.append(drops_after(b"the old content" * 5000, PIECE))
    retrieve(unknown, tmp_path / "pairs.txt", attempts=ATTEMPTS)
    assert ranges(server) == [None, f"bytes={PIECE}-"]
    assert (tmp_path / "pairs.txt").read_bytes() == CONTENT


def test_a_server_that_pieces_two_versions_together_is_seen_through(
    server: Serving, unknown: VersionEntry, tmp_path: Path
) -> None:
    """It honours Range, but not the condition on it."""
    old = b"the old content" * 5000
    server.faults.extend([drops_after(old, PIECE), lambda request: serve(request, CONTENT, heed_if_range=False)])
    retrieve(unknown, tmp_path / "pairs.txt", attempts=ATTEMPTS)
    assert ranges(server) == [None, f"bytes={PIECE}-", None]
    assert (tmp_path / "pairs.txt").read_bytes() == CONTENT


def test_a_server_that_ignores_ranges_sends_the_whole_file(
    server: Serving, unknown: VersionEntry, tmp_path: Path
) -> None:
    server.faults.extend([drops_after(CONTENT, PIECE), says(200, CONTENT)])
    retrieve(unknown, tmp_path / "pairs.txt", attempts=ATTEMPTS)
    assert (tmp_path / "pairs.txt").read_bytes() == CONTENT


def test_without_a_validator_nothing_is_pieced_together(server: Serving, unknown: VersionEntry, tmp_path: Path) -> None:
    server.faults.extend([lambda request: answer(request, 200, CONTENT[:PIECE], announced=len(CONTENT))])
    retrieve(unknown, tmp_path / "pairs.txt", attempts=ATTEMPTS)
    assert ranges(server) == [None, None]
    assert (tmp_path / "pairs.txt").read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_begun_again(server: Serving, unknown: VersionEntry, tmp_path: Path) -> None:
    (tmp_path / "pairs.txt.part").write_bytes(CONTENT + b"more")
    (tmp_path / "pairs.txt.part.validator").write_text(etag_of(CONTENT))
    server.faults.append(says(416))
    retrieve(unknown, tmp_path / "pairs.txt", attempts=ATTEMPTS)
    assert (tmp_path / "pairs.txt").read_bytes() == CONTENT


def test_a_corrupted_continuation_is_retrieved_once_more(server: Serving, entry: VersionEntry, tmp_path: Path) -> None:
    rest = CONTENT[PIECE:].swapcase()
    headers = {"ETag": etag_of(CONTENT), "Content-Range": f"bytes {PIECE}-{len(CONTENT) - 1}/{len(CONTENT)}"}
    server.faults.extend([drops_after(CONTENT, PIECE), says(206, rest, **headers)])
    retrieve(entry, tmp_path / "pairs.txt", attempts=ATTEMPTS)
    assert ranges(server) == [None, f"bytes={PIECE}-", None]
    assert (tmp_path / "pairs.txt").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<!DOCTYPE html>please sign in", rf"expected {SIZE} bytes, found 29 in a web page"),
        (CONTENT[:-5], f"expected {SIZE} bytes, found {SIZE - 5}; "),
        (CONTENT.swapcase(), "expected sha256 .*, found "),
    ],
)
def test_wrong_content_is_refused_and_the_old_file_stays(
    server: Serving, entry: VersionEntry, tmp_path: Path, body: bytes, message: str
) -> None:
    server.faults.append(says(200, body))
    target = tmp_path / "pairs.txt"
    target.write_text("the old one")
    with pytest.raises(ValueError, match=message) as raised:
        retrieve(entry, target, attempts=ATTEMPTS)
    assert entry.url in str(raised.value)
    assert "source: local" in str(raised.value)
    assert target.read_text() == "the old one"
    assert left_in(tmp_path) == ["pairs.txt"]
    assert len(server.requests) == 1


def test_a_missing_page_is_not_asked_for_again(server: Serving, entry: VersionEntry, tmp_path: Path) -> None:
    with pytest.raises(ConnectionError, match="404"):
        retrieve(replace(entry, url=f"{server.url}/gone.txt"), tmp_path / "gone.txt", attempts=ATTEMPTS)
    assert len(server.requests) == 1
    assert left_in(tmp_path) == []


def test_a_proxy_of_the_environment_is_asked(
    server: Serving, entry: VersionEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("http_proxy", server.url)
    server.files["http://portal.example/pairs.txt"] = CONTENT
    retrieve(replace(entry, url="http://portal.example/pairs.txt"), tmp_path / "pairs.txt")
    assert server.requests == [("http://portal.example/pairs.txt", None)]


# ---- without a published checksum ----


def test_the_first_retrieval_is_recorded_and_later_ones_must_agree(
    server: Serving, unknown: VersionEntry, tmp_path: Path
) -> None:
    target, record = tmp_path / "pairs.txt", tmp_path / "pairs.txt.sha256"
    retrieve(unknown, target)
    assert record.read_text() == f"{hashlib.sha256(CONTENT).hexdigest()}  pairs.txt\n"
    target.unlink()
    retrieve(unknown, target)
    server.files["/pairs.txt"] = CONTENT + b"one more line\n"
    with pytest.raises(ValueError, match=r"expected sha256 .* since the first retrieval, found .* delete .*\.sha256"):
        retrieve(unknown, target)
    assert target.read_bytes() == CONTENT
    assert left_in(tmp_path) == ["pairs.txt", "pairs.txt.sha256"]


def without_length(request: Request) -> None:
    request.send_response(200)
    request.end_headers()
    request.wfile.write(CONTENT[:PIECE])
    request.close_connection = True


def test_a_response_without_a_length_is_warned_of_and_verified_where_that_can_be(
    server: Serving, entry: VersionEntry, unknown: VersionEntry, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.extend([without_length] * 2)
    with pytest.raises(ValueError, match=f"expected {SIZE} bytes, found {PIECE}"):
        retrieve(entry, tmp_path / "pairs.txt", attempts=ATTEMPTS)
    caplog.clear()
    retrieve(unknown, tmp_path / "pairs.txt", attempts=ATTEMPTS)
    assert "does not announce the length, so that a cut could not be seen" in caplog.text


def packed(form: str) -> bytes:
    buffer = io.BytesIO()
    if form == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("pairs.txt", CONTENT)
    else:
        with gzip.open(buffer, "wb") as handle:
            handle.write(CONTENT)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("a.csv", b"\n <html><body>sign in</body></html>", "gave a web page"),
        ("a.csv", b"", "gave an empty file"),
        ("a.zip", packed("zip")[:-30], "is not a whole zip file"),
        ("a.zip", packed("zip")[:60] + b"!" + packed("zip")[61:], "is not a whole zip file"),
        ("a.xlsx", b"DATASET,AUC\n", "is not a whole Excel file"),
        ("a.gaf.gz", packed("gzip")[:-9], "is not a whole gzip file"),
    ],
)
def test_what_cannot_be_the_file_is_not_trusted(
    server: Serving, unknown: VersionEntry, tmp_path: Path, file: str, content: bytes, message: str
) -> None:
    server.files[f"/{file}"] = content
    with pytest.raises(ValueError, match=message):
        retrieve(replace(unknown, file=file, url=f"{server.url}/{file}"), tmp_path / file)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(("file", "form"), [("a.zip", "zip"), ("a.gz", "gzip")])
def test_whole_archives_are_trusted(
    server: Serving, unknown: VersionEntry, tmp_path: Path, file: str, form: str
) -> None:
    server.files[f"/{file}"] = packed(form)
    retrieve(replace(unknown, file=file, url=f"{server.url}/{file}"), tmp_path / file)
    assert left_in(tmp_path) == [file, f"{file}.sha256"]


# ---- other places ----


def test_a_mirror_has_files_where_resources_has_them(server: Serving, entry: VersionEntry, tmp_path: Path) -> None:
    server.files["/mirror/toy/1/pairs.txt"] = CONTENT
    retrieve(replace(entry, url=""), tmp_path / "pairs.txt", source="mirror", mirror=f"{server.url}/mirror/")
    assert (tmp_path / "pairs.txt").read_bytes() == CONTENT


@pytest.mark.parametrize("place", ["pairs.txt", "toy/pairs.txt", "toy/1/pairs.txt"])
def test_a_local_file_is_copied_and_verified(entry: VersionEntry, tmp_path: Path, place: str) -> None:
    folder = tmp_path / "folder"
    (folder / place).parent.mkdir(parents=True)
    target = tmp_path / "out" / "pairs.txt"
    with pytest.raises(ValueError, match="not found"):
        retrieve(entry, target, source="local", folder=folder)
    (folder / place).write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(ValueError, match=r"folder.*pairs\.txt: expected sha256"):
        retrieve(entry, target, source="local", folder=folder)
    assert left_in(tmp_path / "out") == []
    (folder / place).write_bytes(CONTENT)
    retrieve(entry, target, source="local", folder=folder)
    assert target.read_bytes() == CONTENT


def test_a_source_that_cannot_serve_is_named(entry: VersionEntry, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs `folder`"):
        retrieve(entry, tmp_path / "pairs.txt", source="local")
    with pytest.raises(ValueError, match="needs `mirror`"):
        retrieve(entry, tmp_path / "pairs.txt", source="mirror")
    with pytest.raises(ValueError, match="unknown source 'elsewhere'"):
        retrieve(entry, tmp_path / "pairs.txt", source="elsewhere")
    with pytest.raises(ValueError, match="no address is known"):
        retrieve(replace(entry, url=""), tmp_path / "pairs.txt")
    assert left_in(tmp_path) == []


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
    assert not target.parent.exists()


def test_a_wheel_from_a_folder_is_verified(wheel: VersionEntry, tmp_path: Path) -> None:
    target = tmp_path / "out" / wheel.file
    folder = tmp_path / "index" / "toydata"
    retrieve_wheel(wheel, target, source="local", folder=folder)
    assert verify(target, "sha256", wheel.checksum)
    with pytest.raises(ValueError, match="expected sha256"):
        retrieve_wheel(replace(wheel, checksum="0" * 64), target, source="local", folder=folder)
    with pytest.raises(ValueError, match="its url must be pypi:name==version"):
        retrieve_wheel(replace(wheel, url="https://example.org/x.whl"), target)
