"""Recognises Secrets, and what SOPS has encrypted.

In: an object. Out: whether it is a Secret with plain data, and the object as it will look once Flux has decrypted it.
Never: decrypts anything, or puts a value into a message.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.types import KeyPath

_ENCRYPTED = re.compile(r"ENC\[AES256_GCM,data:[A-Za-z0-9+/=]*,iv:[A-Za-z0-9+/=]+,tag:[A-Za-z0-9+/=]+,type:[a-z]+\]")
_KEY_GROUPS = ("age", "pgp", "kms", "gcp_kms", "azure_kv", "hc_vault", "key_groups")
_MENTION = re.compile(rb"""kind["']?\s*:\s*["']?Secret["'\s,}]""")
DATA_FIELDS = ("data", "stringData")


def is_secret(value: Mapping[str, Any]) -> bool:
    """Whether the object is Kubernetes' own Secret, whatever its version is said to be."""
    return value.get("kind") == "Secret" and "/" not in str(value.get("apiVersion"))


def mentions_secret(content: bytes) -> bool:
    """Whether a file that could not be parsed seems to hold a Secret."""
    return _MENTION.search(content + b"\n") is not None


def is_encrypted(value: object) -> bool:
    """Whether `value` is a ciphertext of SOPS."""
    return isinstance(value, str) and _ENCRYPTED.fullmatch(value) is not None


def has_sops(value: Mapping[str, Any]) -> bool:
    """Whether the object carries SOPS metadata: an authenticated, key-wrapped block, not only the word."""
    sops = value.get("sops")
    if not isinstance(sops, dict):
        return False
    return is_encrypted(sops.get("mac")) and any(sops.get(group) for group in _KEY_GROUPS)


def plain_fields(value: Mapping[str, Any]) -> list[KeyPath]:
    """Key paths of Secret data that anybody could read; [] for a Secret that is empty or encrypted throughout."""
    found: list[KeyPath] = []
    sealed = has_sops(value)
    for field in DATA_FIELDS:
        entries = value.get(field)
        if isinstance(entries, dict):
            found += [(field, key) for key, inner in entries.items() if inner and not (sealed and is_encrypted(inner))]
        elif entries:
            found.append((field,))
    return found


def decrypted_shape(value: Mapping[str, Any]) -> dict[str, Any]:
    """The object without SOPS' own block, as the cluster will see it."""
    return {key: inner for key, inner in value.items() if key != "sops"}
