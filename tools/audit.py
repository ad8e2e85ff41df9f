"""Ask whether a published vulnerability is known of any pinned dependency: `make audit`.

Exit code 1 if one is. Where the service cannot be asked, "not audited" is printed and the exit code is 0: nothing that
must pass waits for somebody else's server.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LIMIT_S = 300.0  # one question a package; without a network the first one fails at once


def main(arguments: list[str] | None = None) -> int:
    """Audit a file of pins; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pins", type=Path, help="the file of pinned requirements")
    parser.add_argument("options", nargs="*", help="further options of pip-audit, after --")
    given = parser.parse_args(arguments)
    try:
        found = ask(given.pins, given.options)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        print(f"not audited: {error}")
        return 0
    audited = [package for package in found if "skip_reason" not in package]
    if not audited:
        print(f"not audited: the service knows none of the {len(found)} packages")
        return 0
    vulnerable = [package for package in audited if package["vulns"]]
    for package in vulnerable:
        for flaw in package["vulns"]:
            mended = ", ".join(flaw["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {flaw['id']}, mended in {mended}")
    unknown = len(found) - len(audited)
    rest = f"; {unknown} more are not known there" if unknown else ""
    print(f"packages audited: {len(audited)}, with known vulnerabilities: {len(vulnerable)}{rest}")
    return 1 if vulnerable else 0


def ask(pins: Path, options: list[str]) -> list[dict[str, Any]]:
    """What pip-audit says of each pinned package. Raises ValueError, with its last line, where it got no answer."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(pins), "--no-deps", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", "10", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)  # noqa: S603  (pip-audit)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = done.stderr.strip().splitlines() or ["pip-audit said nothing"]
        raise ValueError(lines[-1][:300]) from None
    return found


if __name__ == "__main__":
    sys.exit(main())
