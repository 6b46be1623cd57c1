"""Why a template's files differ between the sites of a fleet: which variables do it, and what it costs.

In: a workspace, a template, sites. Out: for each version and file how often it is rendered anew, and what for.
Never: publishes or keeps anything; sites with problems are counted and left out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from marshal import dumps
from typing import TYPE_CHECKING, Any

from renderer import engine, render
from renderer.errors import Code, ConfigurationError, TemplateError
from renderer.fleet.press import Examine, Order
from renderer.fleet.sharing import kept_out
from renderer.render.keys import MARSHAL_VERSION
from renderer.render.site import given_of
from renderer.report.variation import Cause, FileVariation, Variation
from renderer.types import Problem, Rejected, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from renderer.fleet.workspace import Workspace
    from renderer.render.reads import ReadPath
    from renderer.types import Site

_HASH_BYTES = 12


@dataclass(frozen=True, slots=True)
class Seen:
    """One site's part of a template: the hash and length of what each file made, the hash of each value read."""

    pin: TemplatePin
    outputs: Mapping[str, tuple[bytes, int]]
    values: Mapping[str, bytes]


class Watch(Examine):
    """Task: what one template made of a site, as hashes. `name` is the template's."""

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(root)
        self.name = name

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.root, self.name)

    def prepare(self) -> None:
        """Read fleet.yaml; a template is compiled when the first site needs it."""
        super().prepare()
        self._memo = render.Memo()
        self._templates: dict[TemplatePin, render.Template] = {}
        self._reads: dict[tuple[TemplatePin, str], Iterable[ReadPath]] = {}

    def __call__(self, order: Order) -> Seen | Rejected | None:  # type: ignore[override]
        """What was made; None when the site does not take the template."""
        site = self.space.site(order.file)
        if isinstance(site, Rejected):
            return site
        pin = next((pin for pin in site.templates if pin.name == self.name), None)
        if pin is None:
            return None
        try:
            return self._seen(site, pin)
        except TemplateError as error:
            return Rejected(site.name, error.problems)

    def _seen(self, site: Site, pin: TemplatePin) -> Seen | Rejected:
        if pin not in self._templates:
            self._templates[pin] = render.compile_template(self.space.tree(pin), self._memo)
        template = self._templates[pin]
        given = given_of(site, self.space.fleet.name)
        rendered = template.render(site.name, given)
        answers = template.answers(site.name, given)
        if rendered.problems or answers is None:
            return Rejected(site.name, rendered.problems)
        made: dict[str, list[tuple[str, int, bytes]]] = defaultdict(list)
        folder = f"{self.space.tree(pin).file}/"
        for file in rendered.files:
            made[file.source.removeprefix(folder)].append((file.path, file.mode, file.content))
        view = {**answers, "_folder_name": site.name}
        paths = {path for file in made for path in self._read_by(pin, file)}
        outputs = {path: (_hash(files), sum(len(file[2]) for file in files)) for path, files in made.items()}
        return Seen(pin, outputs, {dotted(path): _hash(_value(view, path)) for path in paths})

    def _read_by(self, pin: TemplatePin, file: str) -> Iterable[ReadPath]:
        if (pin, file) not in self._reads:
            self._reads[pin, file] = self._templates[pin].reads(file) or ()
        return self._reads[pin, file]


def dotted(path: ReadPath) -> str:
    """A read path as people write it."""
    return ".".join(map(str, path))


def _value(view: Any, path: ReadPath) -> Any:
    for step in path:
        try:
            view = view[step]
        except (LookupError, TypeError):
            return ...
    return view


def _hash(value: Any) -> bytes:
    return blake2b(dumps(value, MARSHAL_VERSION), digest_size=_HASH_BYTES).digest()


def why_site_specific(
    space: Workspace, template: str, names: Sequence[str], workers: engine.Workers
) -> Iterator[Variation]:
    """For each version of `template` (NAME, or NAME@VERSION) that the sites `names` take: what differs, and why.

    Raises ConfigurationError when no site takes it.
    """
    name, _, version = template.partition("@")
    orders = [Order(space.file(site)) for site in names]
    found: dict[TemplatePin, _Tally] = {}
    for outcome in engine.for_size(len(orders), workers).map(Watch(space.root, name), orders):
        if isinstance(outcome, Seen) and version in {"", outcome.pin.version}:
            found.setdefault(outcome.pin, _Tally()).add(outcome)
    if not found:
        what = f"no site that can be rendered takes the template {template}"
        hint = "`fleetpress sites` shows what each site takes, `fleetpress validate` why one cannot be rendered"
        raise ConfigurationError(what, problems=[Problem(Code.TEMPLATE_MISSING, what, hint=hint)])
    for pin in sorted(found):
        compiled = render.compile_template(space.tree(pin))
        variation = found[pin].variation(pin, compiled)
        if space.fleet.publishing.shared:
            parts = _parts(space, pin, compiled)
            files = (replace(file, part=parts.get(file.path)) for file in variation.files)
            variation = replace(variation, files=tuple(files))
        yield variation


def _parts(space: Workspace, pin: TemplatePin, template: render.Template) -> dict[str, tuple[str, ...]]:
    """File -> what keeps it in the site's part."""
    folder = f"{space.tree(pin).file}/"
    unknown = ("only a run can tell what it reads",)
    return {
        file.removeprefix(folder): unknown if paths is None else kept_out(paths, space.fleet.publishing)
        for file, paths in template.givens().items()
    }


@dataclass(slots=True)
class _Tally:
    """What the sites of one version made. `rows` has, for each site, its files, and a number for each value read."""

    sites: int = 0
    outputs: dict[str, dict[bytes, int]] = field(default_factory=lambda: defaultdict(dict))
    numbers: dict[str, dict[bytes, int]] = field(default_factory=lambda: defaultdict(dict))
    rows: list[tuple[frozenset[str], dict[str, int]]] = field(default_factory=list)
    _files: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)

    def add(self, seen: Seen) -> None:
        """Count one site."""
        self.sites += 1
        for path, (output, size) in seen.outputs.items():
            self.outputs[path][output] = size
        files = frozenset(seen.outputs)
        values = {path: self._number(path, value) for path, value in seen.values.items()}
        # Most sites have the same files: one set is enough for them.
        self.rows.append((self._files.setdefault(files, files), values))

    def _number(self, path: str, value: bytes) -> int:
        numbers = self.numbers[path]
        return numbers.setdefault(value, len(numbers))

    def variation(self, pin: TemplatePin, template: render.Template) -> Variation:
        """What differs, the most costly file first."""
        whole = sum(sum(sizes.values()) for sizes in self.outputs.values()) or 1
        files = [self._file(path, template.reads(path), whole) for path in self.outputs]
        return Variation(pin, self.sites, tuple(sorted(files, key=lambda file: (-file.share, file.path))))

    def _file(self, path: str, reads: Iterable[ReadPath] | None, whole: int) -> FileVariation:
        outputs = self.outputs[path]
        share = sum(outputs.values()) / whole
        if reads is None:
            return FileVariation(path, len(outputs), share, None, ())
        rows = [values for files, values in self.rows if path in files]
        varying = sorted(name for name in map(dotted, reads) if _combinations(rows, [name]) > 1)
        causes = [_cause(rows, name, varying) for name in varying] if len(outputs) > 1 else []
        ordered = sorted(causes, key=lambda cause: (cause.without, cause.path))
        return FileVariation(path, len(outputs), share, _combinations(rows, varying), tuple(ordered))


def _cause(rows: Sequence[Mapping[str, int]], name: str, varying: Sequence[str]) -> Cause:
    others = [other for other in varying if other != name]
    return Cause(name, _combinations(rows, [name]), _combinations(rows, others))


def _combinations(rows: Sequence[Mapping[str, int]], names: Sequence[str]) -> int:
    return len({tuple(row[name] for name in names) for row in rows})
