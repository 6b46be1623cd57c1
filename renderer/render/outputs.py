"""Where a template's files go: renders their paths, and checks what comes out.

In: a file's path, part by part, as compiled texts. Out: output paths, each with the variables that a yield tag adds.
Never: lets a path leave the artifact, or touches a disk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from renderer.render.limits import MAX_OUTPUTS, LimitExceeded
from renderer.render.texts import Text, render_text
from renderer.render.yielding import YieldExtension

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.render.sandbox import TemplateEnvironment

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAX_PART = 255
_MAX_PATH = 1024


@dataclass(frozen=True, slots=True)
class Output:
    """One file to make: its path, and the variables that yield tags on the way have set."""

    path: str
    extra: Mapping[str, Any]
    answers_file: bool = False


@dataclass(frozen=True, slots=True)
class PathRenderer:
    """Renders paths for one site. `answers_file` is the name under which Copier would keep the answers."""

    environment: TemplateEnvironment
    context: Mapping[str, Any]
    answers_file: str

    def outputs(self, parts: tuple[Text, ...]) -> list[Output]:
        """All files that one template file makes: none when a part of its path is empty, several with a yield tag."""
        found: list[Output] = []
        for output in self._expand(parts, (), {}):
            found.append(output)
            if len(found) > MAX_OUTPUTS:
                raise LimitExceeded(f"more than {MAX_OUTPUTS:,} files from one template file")
        return found

    def _expand(self, parts: tuple[Text, ...], done: tuple[str, ...], extra: dict[str, Any]) -> Iterator[Output]:
        if not parts:
            yield Output("/".join(done), extra)
            return
        for name, added in self._part(parts[0], extra):
            if name == self.answers_file:
                yield Output(name, added, answers_file=True)
            elif name:
                yield from self._expand(parts[1:], (*done, name), added)

    def _part(self, part: Text, extra: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        if part.constant is not None:
            yield part.constant, extra
            return
        name, found = self._render(part, extra)
        if found is None:
            yield name, extra
            return
        variable, items = found
        for item in items or ():
            added = {**extra, variable: item}
            yield self._render(part, added)[0], added

    def _render(self, part: Text, extra: Mapping[str, Any]) -> tuple[str, Any]:
        extension: Any = self.environment.extensions[YieldExtension.identifier]
        extension.found = None
        try:
            return render_text(self.environment, part, {**self.context, **extra}), extension.found
        finally:
            extension.found = None


def normal_path(path: str) -> str:
    """`path` without `.` parts, as Copier's would be."""
    return str(PurePosixPath(path)) if "/." in path or path.startswith(".") else path


def path_fault(path: str) -> str | None:
    """Why `path` cannot be a path inside an artifact, or None."""
    if path.startswith("/"):
        return "it is absolute"
    if "\\" in path:
        return "it contains a backslash"
    if _CONTROL.search(path):
        return "it contains a control character"
    parts = path.split("/")
    if "" in parts:
        return "it has an empty part"
    if ".." in parts:
        return "it leaves its folder with `..`"
    return _part_fault(parts, path)


def _part_fault(parts: list[str], path: str) -> str | None:
    if any(part != part.strip() or (part.endswith(".") and part != ".") for part in parts):
        return "a part begins or ends with a space, or ends with a dot"
    if len(path.encode()) > _MAX_PATH or any(len(part.encode()) > _MAX_PART for part in parts):
        return f"it is longer than {_MAX_PATH} bytes, or a part than {_MAX_PART}"
    return None if any(part != "." for part in parts) else "it names no file"
