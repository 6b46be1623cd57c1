"""Reading key files, before anything in them is understood.

In: a path. Out: at most 64 KiB of bytes, and who else may read them.
Never: interprets a key, or puts a byte of the file into a message.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.sign.failure import key_failure

if TYPE_CHECKING:
    from pathlib import Path

MAX_KEY_FILE = 64 * 1024
# `openssl ecparam -genkey` writes a block of parameters before the key.
_LABEL = re.compile(rb"-----BEGIN (?!EC PARAMETERS-)([A-Z0-9 ]{1,64})-----")


@dataclass(frozen=True, slots=True, repr=False)
class KeyFile:
    """The bytes of a key file; `exposed` is true when every user of the machine may read them. Has no `repr`."""

    data: bytes
    exposed: bool


def read_key_file(path: Path) -> KeyFile:
    """Read a key; pipes and `/dev/fd/…` work too. Raises KeyFailure KEY_UNREADABLE."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(MAX_KEY_FILE + 1)
    except OSError as error:
        what = f"cannot read the key {path}: {error.strerror or 'the system gave no reason'}"
        raise key_failure(Code.KEY_UNREADABLE, what, "check the path and its permissions") from None
    if len(data) > MAX_KEY_FILE:
        raise key_failure(Code.KEY_UNREADABLE, f"{path} has more than {MAX_KEY_FILE} bytes, expected a key in PEM form")
    # Windows has no such bit: st_mode is made up there.
    exposed = os.name == "posix" and stat.S_ISREG(mode) and bool(mode & stat.S_IROTH)
    return KeyFile(data, exposed)


def pem_label(data: bytes) -> str:
    """Return what the first PEM block says it is, such as `PRIVATE KEY`; empty when there is none."""
    match = _LABEL.search(data)
    return match[1].decode("ascii") if match else ""
