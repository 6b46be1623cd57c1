"""Hides what must not be shown.

In: changes and objects. Out: the same without the data of Secrets, and without what SOPS encrypted. That a value
differs stays to be seen; nothing that is shown depends on it, so that no guess can be checked against it.
Never: lets a value through because of where in a Secret's data it stands.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from renderer.types import Action, FieldChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from renderer.diff.interface import Object
    from renderer.types import Json, ObjectKey, Step

HIDDEN: Final = "(hidden)"
ENCRYPTED: Final = "(encrypted)"
_DATA: Final = frozenset({"data", "stringData"})
_SOPS: Final = "sops"
CIPHER: Final = "ENC["
# kubectl writes the whole object, as it was applied, into this annotation.
_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


def hide_document(key: ObjectKey, document: Object) -> Json:
    """A copy of an object that may be shown."""
    return _hidden(document, (), secret=is_secret(key))


def hide_fields(key: ObjectKey, fields: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
    """Changes of an object's fields that may be shown. All that SOPS notes of itself is one of them."""
    return tuple(_merged(_hide(field, secret=is_secret(key)) for field in fields))


def is_secret(key: ObjectKey) -> bool:
    """Whether an object is a Secret of the core group."""
    return not key.group and key.kind == "Secret"


def _hide(field: FieldChange, *, secret: bool) -> FieldChange:
    if field.path[:1] == (_SOPS,):
        return FieldChange(Action.CHANGED, (_SOPS,), ENCRYPTED, ENCRYPTED)
    before = None if field.action is Action.ADDED else _hidden(field.before, field.path, secret=secret)
    after = None if field.action is Action.REMOVED else _hidden(field.after, field.path, secret=secret)
    return replace(field, before=before, after=after)


def _merged(fields: Iterable[FieldChange]) -> Iterator[FieldChange]:
    told = False
    for field in fields:
        is_sops = field.path == (_SOPS,)
        if not (is_sops and told):
            yield field
        told = told or is_sops


def _hidden(value: Json, path: tuple[Step, ...], *, secret: bool) -> Json:
    if path == (_SOPS,):
        return ENCRYPTED
    if isinstance(value, dict):
        return {name: _hidden(inner, (*path, name), secret=secret) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hidden(inner, (*path, ""), secret=secret) for inner in value]
    if secret and ((path[:1] and path[0] in _DATA) or path[-1:] == (_APPLIED,)):
        return HIDDEN
    return ENCRYPTED if isinstance(value, str) and value.startswith(CIPHER) else value
