"""Which git addresses and names of tags and branches are accepted.

In: texts of fleet.yaml. Out: what is wrong with them; the address as git gets it.
Never: lets through what git would take for an option, a helper program (`ext::`), or credentials.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import quote

_HOST: Final = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
_USER: Final = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_PATH: Final = r"[A-Za-z0-9._~+@%/-]+"
_REMOTE: Final = re.compile(
    rf"https://{_HOST}(?::[0-9]{{1,5}})?/{_PATH}"
    rf"|ssh://(?:{_USER}@)?{_HOST}(?::[0-9]{{1,5}})?/{_PATH}"
    rf"|{_USER}@{_HOST}:(?!-){_PATH}"
)
_LOCAL: Final = re.compile(r"file:///.+|\.{0,2}/.*|\.\.?")
_CREDENTIALS: Final = re.compile(r"[a-z+]+://[^/]*:[^/]*@|https://[^/]*@")
_SCHEMES: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://|:)")
# git check-ref-format, less what nobody needs in the name of a release.
_REF: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*(?:/[A-Za-z0-9_][A-Za-z0-9._+-]*)*")


def address_flaw(url: str) -> tuple[str, str] | None:
    """(what, hint) for an address that is refused; nothing secret is repeated."""
    if _CREDENTIALS.match(url):
        return (
            "the git address carries a user name or password",
            "leave it out; give it to git by a credential helper, or use ssh",
        )
    if _REMOTE.fullmatch(url) or (is_local(url) and url.isprintable()):
        return None
    scheme = _SCHEMES.match(url)
    found = f"the git transport {scheme[1][:20]} is refused" if scheme else "this is no git address"
    return found, "write it like https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH"


def is_local(url: str) -> bool:
    """Whether the address is a folder of this machine."""
    return _LOCAL.fullmatch(url) is not None


def local_url(url: str, base: Path) -> str:
    """The `file://` address of a local one, relative ones from `base`. A path alone would make git ignore --depth."""
    path = Path(url.removeprefix("file://"))
    return f"file://{quote(str((base / path).resolve()))}"


def ref_flaw(name: str) -> str | None:
    """What is wrong with the name of a tag or branch."""
    bad = ".." in name or name.endswith((".", ".lock")) or ".lock/" in name or "./" in name
    if bad or _REF.fullmatch(name) is None:
        return "expected a name of letters, digits and . _ + - /"
    return None


def path_flaw(path: str) -> str | None:
    """What is wrong with a folder inside a repository or layer."""
    parts = path.split("/")
    if not path.isprintable() or "\\" in path or any(part in ("", ".", "..") for part in parts):
        return "expected a path like templates/app, without . and .. and no slash at its ends"
    return None
