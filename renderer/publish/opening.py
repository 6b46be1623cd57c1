"""Opens the target that an address names.

In: `oci-layout:DIR`, `oci-archive:DIR` or `oci://HOST/PREFIX`. Out: a `Target`. Never: connects to anything yet.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.publish.interface import TargetOptions, failure
from renderer.types import Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from renderer.publish.interface import Target

_REGISTRY = "oci://"


# What a target needs is imported when one is opened.
def _layouts(folder: Path, options: TargetOptions) -> Target:
    from renderer.publish.layout import LayoutTarget

    return LayoutTarget(folder, options)


def _archives(folder: Path, options: TargetOptions) -> Target:
    from renderer.publish.archives import ArchiveTarget

    return ArchiveTarget(folder, options)


_FOLDERS: Mapping[str, Callable[[Path, TargetOptions], Target]] = {"oci-layout": _layouts, "oci-archive": _archives}
FORMS = (*(f"{scheme}:DIR" for scheme in _FOLDERS), "oci://HOST/PREFIX")
_DEFAULTS = TargetOptions()


def is_folder(address: str) -> bool:
    """Whether an address names a folder on this machine."""
    scheme, _, folder = address.partition(":")
    return scheme in _FOLDERS and bool(folder)


def absolute(address: str) -> str:
    """The address, which means the same wherever the program is started."""
    if not is_folder(address):
        return address
    scheme, _, folder = address.partition(":")
    return f"{scheme}:{Path(folder).absolute()}"


def open_target(url: str, *, options: TargetOptions = _DEFAULTS) -> Target:
    """Open a target; raises PublishError with TARGET_INVALID for an address of another form."""
    if is_folder(url):
        scheme, _, folder = url.partition(":")
        return _FOLDERS[scheme](Path(folder), options)
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
    what = f"expected {', '.join(FORMS[:-1])} or {FORMS[-1]}, got {url.rpartition('@')[2][:120]!r}"
    return failure(Code.TARGET_INVALID, what, "leave user name, password, tag and digest out")
