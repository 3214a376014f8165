"""A web server on this machine that serves files, ranges of them too, and misbehaves on demand."""

import hashlib
import http.server
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, unquote_plus

import pytest


class Request(http.server.BaseHTTPRequestHandler):
    """One request; what it is answered stands in the server."""

    server: "_Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.respond(unquote(self.path))

    def do_POST(self) -> None:
        """Answer a form as if its fields stood in the address."""
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.path = f"{self.path}?{unquote_plus(form)}"
        self.respond(self.path)

    def respond(self, path: str) -> None:
        state = self.server.state
        state.requests.append((path, self.headers.get("Range")))
        fault = state.faults.popleft() if state.faults else None
        if fault is not None:
            fault(self)
            return
        content = state.content(path)
        if content is None:
            answer(self, 404, b"")
        else:
            serve(self, content)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output free of requests."""


Fault = Callable[[Request], None]


@dataclass
class Serving:
    """What a server has, does and has seen.

    Attributes
    ----------
    url
        Its address, without a slash at the end.
    folder
        Files below it are served; ``files`` (path with slash to content) goes before.
    faults
        Each is the answer to one request, in turn, before anything is served; None serves as usual.
    requests
        Path and Range header of every request.
    """

    url: str
    folder: Path | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    faults: deque[Fault | None] = field(default_factory=deque)
    requests: list[tuple[str, str | None]] = field(default_factory=list)

    def content(self, path: str) -> bytes | None:
        if path in self.files:
            return self.files[path]
        file = self.folder and self.folder / path.lstrip("/")
        return file.read_bytes() if file and file.is_file() else None


class _Server(http.server.ThreadingHTTPServer):
    state: Serving
    daemon_threads = True


@contextmanager
def serving(folder: Path | None = None) -> Iterator[Serving]:
    """Run a server; no proxy of the environment stands between."""
    with pytest.MonkeyPatch.context() as patch, _Server(("127.0.0.1", 0), Request) as running:
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setenv("no_proxy", "127.0.0.1")
        running.state = Serving(f"http://127.0.0.1:{running.server_port}", folder)
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running.state
        running.shutdown()


def etag_of(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


def answer(request: Request, status: int, body: bytes, announced: int | None = None, **headers: str) -> None:
    """Send a whole response; one that announces more than it has ends the connection."""
    request.send_response(status)
    request.send_header("Content-Length", str(len(body) if announced is None else announced))
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)
    if announced is not None and announced != len(body):
        request.close_connection = True


def serve(request: Request, content: bytes, stop_after: int | None = None, heed_if_range: bool = True) -> None:
    """Send content with its ETag, or the range that is asked for; ``stop_after`` bytes the connection ends."""
    etag, asked = etag_of(content), re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    fresh = not heed_if_range or request.headers.get("If-Range") in (None, etag)
    start = int(asked[1]) if asked and fresh else 0
    body = content[start:]
    headers = {"ETag": etag}
    if asked and fresh:
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    status = 206 if asked and fresh else 200
    answer(request, status, body if stop_after is None else body[:stop_after], len(body), **headers)


def drops_after(content: bytes, number: int) -> Fault:
    """Serve ``number`` bytes, then drop the connection."""
    return lambda request: serve(request, content, stop_after=number)


def says(status: int, body: bytes = b"", **headers: str) -> Fault:
    """Answer with a status and a body."""
    return lambda request: answer(request, status, body, **headers)
