"""What one would write without fleetpress: jinja2, PyYAML and jsonschema in a loop over sites.

In: a generated fleet. Out: the work for one site, in two forms. `Careful` builds everything that can be shared once,
and uses PyYAML's C loader; `Naive` is the first version that works. Both read and merge the site's files, take the
questions' defaults, render, parse what was rendered, and validate each document against the schema of its kind. Neither
has semantic rules, CEL, packing or signing.
Never: takes anything from the program's own engine, but the parsed schemas of custom resources and the list of files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import yaml
from jinja2 import Environment, FileSystemLoader
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from benchmarks.generate import CRDS, TEMPLATE, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# The C loader, where PyYAML was built with it.
FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SUFFIX = ".jinja"


@dataclass
class Fleet:
    """Where the files of a generated fleet are."""

    root: Path
    template: Path = field(init=False)

    def __post_init__(self) -> None:
        self.template = self.root.parents[1] / "templates" / TEMPLATE / VERSION

    def layers(self, labels: Mapping[str, str]) -> list[Path]:
        """The layer files of a site with these labels, general to specific."""
        names = ["global", *(f"{folder}/{labels[label]}" for folder, label in _LAYERS)]
        return [self.root / "layers" / f"{name}.yaml" for name in names]


_LAYERS = (("regions", "region"), ("countries", "country"), ("distributions", "distribution"), ("rings", "ring"))


class Careful:
    """One environment, compiled templates, validators by kind, layers parsed once."""

    def __init__(self, root: Path) -> None:
        self.fleet = Fleet(root)
        self.load: Callable[[bytes], Any] = lambda data: yaml.load(data, FAST)
        self.load_all: Callable[[str], Iterator[Any]] = lambda text: yaml.load_all(text, FAST)
        self.environment = environment(self.fleet)
        self.names = template_names(self.fleet)
        self.questions = questions(self.load((self.fleet.template / "copier.yml").read_bytes()))
        self.schemas = Schemas()
        self._layers: dict[Path, Any] = {}
        self._validators: dict[tuple[str, str, str], Any] = {}

    def __call__(self, file: Path) -> int:
        """Read, render and validate one site; how many documents it has. Raises for an invalid one."""
        site = self.load(file.read_bytes())
        values: dict[str, Any] = {}
        for path in self.fleet.layers(site["labels"]):
            merge(values, self.layer(path).get("values", {}))
        merge(values, site["values"])
        answers = answered(
            self.environment, self.questions, {**values, **site["labels"], "site": file.stem, "fleet": "bench"}
        )
        documents = 0
        for name in self.names:
            for document in self.load_all(self.environment.get_template(name).render(answers)):
                self.validate(document, answers["kubernetes"])
                documents += 1
        return documents

    def layer(self, path: Path) -> Any:
        """A layer, parsed once."""
        if path not in self._layers:
            self._layers[path] = self.load(path.read_bytes())
        return self._layers[path]

    def validate(self, document: Any, minor: str) -> None:
        """Against the schema of its kind; the validator is built once."""
        key = (document["apiVersion"], document["kind"], minor)
        if key not in self._validators:
            schema = self.schemas.of(*key)
            self._validators[key] = jsonschema.Draft202012Validator(schema, registry=self.schemas.registry(minor))
        self._validators[key].validate(document)


class Naive(Careful):
    """An environment per site, everything parsed again, `jsonschema.validate` for each document."""

    def __call__(self, file: Path) -> int:
        """See `Careful`."""
        self.environment = environment(self.fleet)
        self.load = yaml.safe_load
        self.load_all = yaml.safe_load_all
        return super().__call__(file)

    def layer(self, path: Path) -> Any:
        """A layer, parsed each time."""
        return self.load(path.read_bytes())

    def validate(self, document: Any, minor: str) -> None:
        """Against the schema of its kind, which jsonschema checks first."""
        schema = self.schemas.of(document["apiVersion"], document["kind"], minor)
        jsonschema.validate(document, schema, jsonschema.Draft202012Validator, registry=self.schemas.registry(minor))


class Schemas:
    """The published schemas: of Kubernetes from kubernetes-validate, of custom resources from the CRDs."""

    def __init__(self) -> None:
        spec = find_spec("kubernetes_validate")
        assert spec is not None, "kubernetes-validate is installed with fleetpress"
        assert spec.submodule_search_locations is not None, "and is a package"
        self._data = Path(spec.submodule_search_locations[0]) / "kubernetes-json-schema"
        self._registries: dict[str, Any] = {}
        self._found: dict[tuple[str, str, str], Any] = {}
        self._crds = {
            (f"{crd['spec']['group']}/{version['name']}", crd["spec"]["names"]["kind"]): _usable(
                version["schema"]["openAPIV3Schema"]
            )
            for path in sorted(CRDS.rglob("*.yaml"))
            if path.name != "catalogue.yaml"
            for crd in yaml.load_all(path.read_bytes(), FAST)
            for version in crd["spec"]["versions"]
        }

    def of(self, api_version: str, kind: str, minor: str) -> Any:
        """The schema of a kind."""
        if (api_version, kind) in self._crds:
            return self._crds[api_version, kind]
        key = (api_version, kind, minor)
        if key not in self._found:
            name = "-".join([kind, *api_version.split("/")]).lower().replace(".k8s.io", "")
            self._found[key] = json.loads((self._folder(minor) / f"{name}.json").read_bytes())
        return self._found[key]

    def registry(self, minor: str) -> Any:
        """What `_definitions.json#…` leads to."""
        if minor not in self._registries:
            content = json.loads((self._folder(minor) / "_definitions.json").read_bytes())
            resource = DRAFT202012.create_resource(content)
            # Crawled once: without, each reference would look through all definitions again.
            self._registries[minor] = Registry().with_resource("_definitions.json", resource).crawl()
        return self._registries[minor]

    def _folder(self, minor: str) -> Path:
        return self._data / f"v{minor}.0-local-strict"


def _usable(schema: Any) -> Any:
    """A CRD's schema without what is no JSON Schema; an object's own fields are added."""
    properties = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
    return {**schema, "properties": {**schema.get("properties", {}), **properties}}


def environment(fleet: Fleet) -> Environment:
    """Jinja as the template's copier.yml asks for it."""
    loader = FileSystemLoader([fleet.template, fleet.template / "template"])
    made = Environment(
        loader=loader, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    made.filters["to_json"] = json.dumps
    return made


def template_names(fleet: Fleet) -> list[str]:
    """The template's files, relative to its folder."""
    folder = fleet.template / "template"
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob(f"*{_SUFFIX}"))


def questions(config: Mapping[str, Any]) -> dict[str, Any]:
    """Question -> default."""
    return {name: body.get("default") for name, body in config.items() if not name.startswith("_")}


def answered(made: Environment, defaults: Mapping[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What is given, and the defaults of what is not."""
    answers = dict(given)
    for name, default in defaults.items():
        if name not in answers:
            is_text = isinstance(default, str) and "{{" in default
            answers[name] = yaml.safe_load(made.from_string(default).render(answers)) if is_text else default
    return answers


def merge(base: dict[str, Any], patch: Mapping[str, Any]) -> None:
    """Maps merge, all else replaces; `base` is changed."""
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            base[key] = {**base[key]}
            merge(base[key], value)
        else:
            base[key] = value
