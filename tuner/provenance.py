"""What a result depends on beside the study file: the code's commit, the libraries, the machine."""

from __future__ import annotations

import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version

_LIBRARIES = ("tuner", "torch", "torchvision", "ray", "hyperopt", "optuna", "mlflow", "numpy")


def provenance() -> dict[str, str]:
    """Tags for a study's run: `git.commit` (with "+changes" if the tree is dirty), `version.<library>`, `platform`."""
    tags = {f"version.{name}": found for name in _LIBRARIES if (found := _version(name))}
    tags["version.python"] = platform.python_version()
    tags["platform"] = platform.platform(terse=True)
    if commit := _git("rev-parse", "HEAD"):
        tags["git.commit"] = commit + ("+changes" if _git("status", "--porcelain", "--untracked-files=no") else "")
    return tags


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git(*arguments: str) -> str | None:
    """The output of a git command in the current folder, None where there is no git or no repository."""
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run([git, *arguments], capture_output=True, text=True, check=False)  # noqa: S603  (fixed words)
    return done.stdout.strip() or None if done.returncode == 0 else None
