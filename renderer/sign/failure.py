"""Words for what goes wrong with keys and signatures.

In: a code, what was found and expected, the next step. Out: a Problem, or a KeyFailure that carries one.
Never: takes key material, a password, or a foreign exception whose text could hold them.
"""

from __future__ import annotations

from renderer.errors import Code, KeyFailure
from renderer.types import Problem

ASK_AGAIN = "set FLEETPRESS_KEY_PASSWORD or COSIGN_PASSWORD to the password that the key was made with"
SIGN_AGAIN = "sign the artifact again with `fleetpress publish`"
_SHOWN = 160


def key_failure(code: Code, what: str, hint: str = "") -> KeyFailure:
    """Return the exception that says `what` is wrong with a key."""
    return KeyFailure(what, problems=[Problem(code, what, hint=hint)])


def shown(text: str) -> str:
    """`text` from an untrusted source, quoted, escaped and cut so that it can stand in a message."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def invalid(what: str) -> Problem:
    """A signature that cannot be what it says it is."""
    return Problem(Code.SIGNATURE_INVALID, what, hint=SIGN_AGAIN)
