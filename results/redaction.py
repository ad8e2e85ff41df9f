"""Addresses without their secrets, for whatever is printed, logged or kept. Pure.

A tracking address may hold a password (`postgresql://user:password@host/db`) or a token (`https://host/?token=...`).
"""

from __future__ import annotations

import re

HIDDEN = "***"
# Up to the last @ of the part that may hold one: a password is often written without its slashes being escaped.
_USER = re.compile(r"(?<=://)(?:[^\s'\"@/]*:[^\s'\"]*|[^\s'\"@/:]+)@(?=[^\s'\"@])")
_NAMES = r"[\w.%-]*(?:token|passw|pwd|secret|credential|api_?key|auth|sig)[\w.%-]*"
_QUERY = re.compile(rf"([?&;]{_NAMES}=)[^\s&;#'\"]+", re.IGNORECASE)


def redacted(text: str) -> str:
    """The text with the user and password of every address in it, and values of queries that are secrets, hidden.

    Secrets are told by the parameter's name: token, password, secret, credential, apikey, auth, signature and such.
    """
    return _QUERY.sub(rf"\g<1>{HIDDEN}", _USER.sub(f"{HIDDEN}@", text))
