"""The audit of dependencies, by the real pip-audit, against a service of our own that speaks OSV's protocol."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "audit.py"
FLAW = {
    "id": "TEST-2026-1",
    "summary": "made up",
    "affected": [
        {
            "package": {"name": "flawed", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]}],
            "versions": ["1.1"],
        }
    ],
}


class Service(BaseHTTPRequestHandler):
    """Knows one flaw of one package."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        flaws = {"vulns": [FLAW]} if asked["package"]["name"] == "flawed" else {}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(flaws).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    thread.join()
    server.server_close()


def audit(folder: Path, pins: str, address: str) -> tuple[int, list[str]]:
    (folder / "pins.txt").write_text(pins)
    options = ["--vulnerability-service", "osv", "--osv-url", address, "--cache-dir", str(folder / "cache")]
    command = [sys.executable, str(TOOL), str(folder / "pins.txt"), "--", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout.splitlines()


@pytest.mark.timeout(240)
def test_a_known_vulnerability_fails_and_no_answer_does_not(tmp_path: Path, service: str) -> None:
    pins = "sound==1.0\nflawed==1.1 ; python_version >= '3'\n"
    assert audit(tmp_path, pins, service) == (
        1,
        ["flawed 1.1: TEST-2026-1, mended in 1.2", "packages audited: 2, with known vulnerabilities: 1"],
    )
    assert audit(tmp_path, "sound==1.0\n", service) == (0, ["packages audited: 1, with known vulnerabilities: 0"])
    code, said = audit(tmp_path, pins, "http://127.0.0.1:9/v1/query")
    assert (code, len(said)) == (0, 1)
    assert said[0].startswith("not audited: ")
