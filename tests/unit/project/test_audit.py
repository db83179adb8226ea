"""scripts/audit: a known vulnerability stops a change, a machine that can ask nobody does not, and says so."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
_WITHIN_S = 60.0


class _Osv(BaseHTTPRequestHandler):
    """osv.dev, as far as it is asked: httpx has a vulnerability."""

    def do_POST(self) -> None:
        asked: Any = json.loads(self.rfile.read(int(self.headers["content-length"])))
        names = [query["package"]["name"] for query in asked["queries"]]
        found = {"vulns": [{"id": "GHSA-test", "modified": "2026-01-01T00:00:00Z"}]}
        self._answer({"results": [found if name == "httpx" else {} for name in names]})

    def do_GET(self) -> None:
        self._answer({"id": "GHSA-test", "summary": "bad", "modified": "2026-01-01T00:00:00Z", "affected": []})

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def _answer(self, content: object) -> None:
        text = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def _osv() -> Generator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Osv)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _audit(url: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "scripts/audit"), "--service-url", url]
    environment = os.environ | {"NO_PROXY": "127.0.0.1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_WITHIN_S, check=False)


def test_a_known_vulnerability_is_named_and_fails() -> None:
    with _osv() as url:
        done = _audit(url)
    assert done.returncode == 1
    assert "httpx" in done.stdout
    assert "GHSA-test" in done.stdout


def test_where_nobody_can_be_asked_it_says_so_and_goes_on() -> None:
    done = _audit("http://127.0.0.1:1/")
    assert done.returncode == 0
    assert "NOT AUDITED" in done.stderr
