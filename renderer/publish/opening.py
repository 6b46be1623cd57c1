"""Opens the target that an address names.

In: `oci-layout:DIR` or `oci://HOST/PREFIX`. Out: a `Target`. Never: connects to anything yet.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.publish.interface import TargetOptions, failure
from renderer.publish.layout import LayoutTarget
from renderer.types import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.publish.interface import Target

_LAYOUT, _REGISTRY = "oci-layout:", "oci://"
_FOLDERS: Mapping[str, type[LayoutTarget]] = {_LAYOUT: LayoutTarget}
_DEFAULTS = TargetOptions()


def is_folder(address: str) -> bool:
    """Whether an address names a folder on this machine."""
    return any(address.startswith(scheme) and address != scheme for scheme in _FOLDERS)


def absolute(address: str) -> str:
    """The address, which means the same wherever the program is started."""
    if not is_folder(address):
        return address
    scheme, _, folder = address.partition(":")
    return f"{scheme}:{Path(folder).absolute()}"


def open_target(url: str, *, options: TargetOptions = _DEFAULTS) -> Target:
    """Open a target; raises PublishError with TARGET_INVALID for an address that is neither form."""
    if is_folder(url):
        scheme, _, folder = url.partition(":")
        return _FOLDERS[f"{scheme}:"](Path(folder), options)
    if url.startswith(_REGISTRY):
        host, prefix = _parse_registry(url)
        from renderer.publish.registry import RegistryTarget  # 150 ms of oras: only for those who need it

        return RegistryTarget(host, prefix, options)
    raise _invalid(url)


def _parse_registry(url: str) -> tuple[str, str]:
    """Host and prefix; a prefix is needed, as it is what keeps a region's sites in their place."""
    try:
        reference = Reference.parse(url[len(_REGISTRY) :].rstrip("/"))
    except ValueError:
        raise _invalid(url) from None
    if reference.tag or reference.digest:
        raise _invalid(url)
    return reference.host, reference.repository


def _invalid(url: str) -> Exception:
    what = f"expected oci://HOST/PREFIX or oci-layout:DIR, got {url.rpartition('@')[2][:120]!r}"
    return failure(Code.TARGET_INVALID, what, "leave user name, password, tag and digest out")
