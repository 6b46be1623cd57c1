"""Reads the credentials that `docker login` left: the config file and the helper programs it names.

In: a registry host, a folder with config.json. Out: `Credentials` or None.
Never: writes, logs or prints a secret, or gives one registry's credentials to another.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from renderer.errors import Code
from renderer.publish.interface import failure

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PATIENCE = 30  # seconds for a helper program; some open a key ring
_LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one registry accepts: a user name and password, or a token of one of two kinds."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of a Basic Authorization header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


def find_credentials(host: str, folder: Path | None = None) -> Credentials | None:
    """Look `host` up as docker does: its own helper, the general helper, then the file. Raises PublishError."""
    config = _load(folder or Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker"))
    helpers = config.get("credHelpers")
    helper = (helpers.get(host) if isinstance(helpers, dict) else None) or config.get("credsStore")
    found = _ask_helper(str(helper), host) if helper else None
    return found or _from_file(config.get("auths"), host)


def _load(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        with path.open("rb") as file:
            config = json.loads(file.read(_LIMIT))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        what = f"cannot read the registry credentials of {path}: {type(error).__name__}"
        raise failure(Code.REGISTRY_AUTH, what, "repair the file, or run docker login again") from None
    return config if isinstance(config, dict) else {}


def _from_file(auths: object, key: str) -> Credentials | None:
    """Find the entry whose key names our host, with or without scheme and path."""
    for name, entry in auths.items() if isinstance(auths, dict) else ():
        bare = re.sub(r"^https?://", "", name).partition("/")[0]
        if isinstance(entry, dict) and key in (name, bare):
            found = _decode(entry)
            if found:
                return found
    return None


def _decode(entry: dict[str, Any]) -> Credentials | None:
    try:
        login = base64.b64decode(entry.get("auth") or "").decode()
    except (binascii.Error, ValueError, TypeError):
        login = ""
    username, _, password = login.partition(":")
    username = username or str(entry.get("username") or "")
    password = password.rstrip("\0") or str(entry.get("password") or "")
    tokens = str(entry.get("identitytoken") or ""), str(entry.get("registrytoken") or "")
    return Credentials(username, password, *tokens) if username or any(tokens) else None


def _ask_helper(name: str, key: str) -> Credentials | None:
    """Run `docker-credential-NAME get`; a registry it does not know is no error."""
    program = f"docker-credential-{name}"
    if not _HELPER.fullmatch(name):
        raise failure(Code.REGISTRY_AUTH, "the docker configuration names a credential helper with an unusable name")
    try:
        answer = subprocess.run(  # noqa: S603 - a program the user configured, no shell, name checked above
            [program, "get"], input=key.encode(), capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        what = f"the credential helper {program} failed: {type(error).__name__}"
        raise failure(Code.REGISTRY_AUTH, what, "install it, or take it out of docker's config.json") from None
    if answer.returncode != 0:
        return None
    return _from_helper(answer.stdout, program)


def _from_helper(output: bytes, program: str) -> Credentials | None:
    try:
        found = json.loads(output)
        username, secret = str(found["Username"]), str(found["Secret"])
    except (ValueError, TypeError, KeyError):
        raise failure(Code.REGISTRY_AUTH, f"the credential helper {program} gave an answer that is not JSON") from None
    # docker's convention: this user name says that the secret is a refresh token
    return Credentials(identity_token=secret) if username == "<token>" else Credentials(username, secret)
