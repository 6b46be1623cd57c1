# ruff: noqa: INP001  # a script among data files, not part of a package
"""Regenerate the CustomResourceDefinition manifests beside this file.

Each entry of ``catalogue.yaml`` pins a Go module that holds a project's API
types. For each entry the script writes a throw-away Go module that requires
exactly that version, runs the pinned controller-gen over the API packages and
keeps the manifests the entry lists, as ``<project>/<plural>.<group>.yaml``.
Then it refreshes the SHA-256 sums and the module's ``sum`` in the catalogue;
every other line of it stays. Entries without ``module`` are those of
``fleetpress schemas add``, and are left alone.

Usage, with Go on the PATH::

    python schemas/crds/update.py           # regenerate, refresh the sums
    python schemas/crds/update.py --check   # write nothing; fail when something would change

To move to a newer release, edit ``version`` (and delete ``sum``) in the
catalogue and run the script. To add a kind, add a ``file`` to ``files``.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HERE = Path(__file__).resolve().parent
CATALOGUE = HERE / "catalogue.yaml"
GENERATOR_PACKAGE = "sigs.k8s.io/controller-tools/cmd/controller-gen"
GO_MOD = "module crds.invalid/scratch\n\ngo 1.26.0\n\nrequire {module} {version}\n"
KEYS = (
    *("project", "module", "version", "sum", "license", "generator", "options", "packages"),
    *("unresolved_imports", "alternatives", "files"),
)
SOURCE_ERROR = re.compile(r"^\S+\.go:\d+:\d+: (.*)$", re.MULTILINE)
LOG = logging.getLogger("update")

Entry = dict[str, Any]


class Manifest(NamedTuple):
    """One generated manifest and the place it belongs."""

    path: Path
    content: bytes


def main(arguments: Sequence[str] | None = None) -> int:
    """Regenerate every manifest; return the exit status."""
    parser = argparse.ArgumentParser(description="Regenerate the CRD manifests from their Go API modules.")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when something would change")
    check: bool = parser.parse_args(arguments).check
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    text, entries = read_catalogue(CATALOGUE)
    for entry in entries:
        if unknown := entry.keys() - set(KEYS):
            raise SystemExit(f"{entry['module']} has unknown keys: {', '.join(sorted(unknown))}")
    manifests = [manifest for entry in entries for manifest in regenerate(entry)]
    manifests.append(Manifest(CATALOGUE, refresh(text, entries).encode()))
    changed = [manifest for manifest in manifests if not is_current(manifest)]
    for manifest in changed:
        LOG.info("%s %s", "differs:" if check else "written:", manifest.path.relative_to(HERE))
        if not check:
            manifest.path.parent.mkdir(parents=True, exist_ok=True)
            manifest.path.write_bytes(manifest.content)
    LOG.info("%d files, %d changed", len(manifests), len(changed))
    return 1 if check and changed else 0


def is_current(manifest: Manifest) -> bool:
    """Tell whether the file on disk already has this content."""
    return manifest.path.is_file() and manifest.path.read_bytes() == manifest.content


def read_catalogue(path: Path) -> tuple[str, list[Entry]]:
    """Return the catalogue's text and those of its entries that are generated."""
    text = path.read_text(encoding="utf-8")
    entries: list[Entry] = yaml.safe_load(text)
    return text, [entry for entry in entries if "module" in entry]


def refresh(text: str, entries: list[Entry]) -> str:
    """Return the catalogue with the sums that the entries have now."""
    for entry in entries:
        pinned = rf"^( *module: {re.escape(entry['module'])}\n *version: .*\n)( *sum: .*\n)?"
        text = re.sub(pinned, rf"\g<1>  sum: {entry['sum']}\n", text, count=1, flags=re.MULTILINE)
        for item in entry["files"]:
            listed = rf"^( *- file: {re.escape(item['file'])}\n)( *sha256: .*\n)?"
            text = re.sub(listed, rf"\g<1>    sha256: {item['sha256']}\n", text, count=1, flags=re.MULTILINE)
    return text


def regenerate(entry: Entry) -> list[Manifest]:
    """Generate one entry's manifests and refresh its sums in place."""
    LOG.info("%s %s", entry["module"], entry["version"])
    with tempfile.TemporaryDirectory(prefix="crds-") as folder:
        scratch = Path(folder)
        generate(entry, scratch)
        entry["sum"] = module_sum(entry, scratch / "go.sum")
        manifests = [collect(entry, item["file"], scratch / "out") for item in entry["files"]]
    for item, manifest in zip(entry["files"], manifests, strict=True):
        item["sha256"] = hashlib.sha256(manifest.content).hexdigest()
    return manifests


def generate(entry: Entry, scratch: Path) -> None:
    """Run controller-gen over one module's API packages into ``scratch/out``."""
    tool = install_generator(entry["generator"])
    (scratch / "go.mod").write_text(GO_MOD.format(**entry), encoding="utf-8")
    packages = [f"paths={entry['module']}/{package}" for package in entry["packages"]]
    command = [str(tool), f"crd:{entry['options']}", *packages, "output:crd:dir=out"]
    result = run(command, scratch)
    if result.returncode and not is_tolerable(result.stderr, entry.get("unresolved_imports", [])):
        raise SystemExit(f"controller-gen failed for {entry['module']}:\n{result.stderr}")


def is_tolerable(errors: str, unresolved: Sequence[str]) -> bool:
    """Tell whether every source error is about a module the catalogue allows to stay unresolved."""
    messages = SOURCE_ERROR.findall(errors)
    allowed = tuple(f"{module}@" for module in unresolved)
    return bool(messages) and all(message.startswith(allowed) for message in messages)


def install_generator(generator: str) -> Path:
    """Install the pinned controller-gen (``controller-gen vX``) in the user's cache; return its path."""
    version = generator.removeprefix("controller-gen ")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "fleetpress" / f"controller-gen-{version}"
    tool = folder / "controller-gen"
    if not tool.exists():
        folder.mkdir(parents=True, exist_ok=True)
        result = run(["go", "install", f"{GENERATOR_PACKAGE}@{version}"], folder, {"GOBIN": str(folder)})
        if result.returncode:
            raise SystemExit(f"cannot install {generator}:\n{result.stderr}")
    return tool


def run(
    command: Sequence[str], folder: Path, extra: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command with the Go settings that make a run repeatable."""
    settings = {"GOFLAGS": "-mod=mod", "GOWORK": "off", "CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": "amd64"}
    if extra:
        settings = {"GOFLAGS": "", "GOWORK": "off", **extra}
    environment = {**os.environ, **settings}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603


def module_sum(entry: Entry, go_sum: Path) -> str:
    """Return the module's checksum; refuse one that is not the recorded one."""
    wanted = [entry["module"], entry["version"]]
    rows = (line.split() for line in go_sum.read_text(encoding="utf-8").splitlines())
    found = next((row[2] for row in rows if row[:2] == wanted), None)
    if found is None:
        raise SystemExit(f"no checksum for {wanted[0]} {wanted[1]}")
    if entry.get("sum", found) != found:
        raise SystemExit(f"{wanted[0]} {wanted[1]} has checksum {found}, the catalogue says {entry['sum']}")
    return found


def collect(entry: Entry, file: str, out: Path) -> Manifest:
    """Pick the manifest of ``<project>/<plural>.<group>.yaml`` from the generated ones."""
    plural, _, group = Path(file).name.removesuffix(".yaml").partition(".")
    source = out / f"{group}_{plural}.yaml"
    if not source.is_file():
        raise SystemExit(f"{entry['module']} {entry['version']} yields no {source.name}")
    content = source.read_bytes()
    if "alternatives" in entry:
        content = add_alternatives(content, entry["alternatives"])
    return Manifest(HERE / file, content)


def add_alternatives(content: bytes, alternatives: Sequence[Mapping[str, Any]]) -> bytes:
    """Add the oneOf/anyOf groups which the API's markers ask for and stock controller-gen does not know."""
    manifest = yaml.safe_load(content)
    for version in manifest["spec"]["versions"]:
        for schema in list(object_schemas(version["schema"]["openAPIV3Schema"])):
            for group in alternatives:
                if set(group["fields"]) <= schema["properties"].keys():
                    schema[group["keyword"]] = [require(field) for field in group["fields"]]
    text: str = yaml.safe_dump(manifest, explicit_start=True, allow_unicode=True, width=80)
    return text.encode()


def require(field: str) -> dict[str, Any]:
    """Return the alternative that asks for one field."""
    return {"properties": {field: {}}, "required": [field]}


def object_schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema below a schema that declares properties."""
    children: list[Any] = []
    if isinstance(node.get("properties"), dict):
        yield node
        children.extend(node["properties"].values())
    children.extend(node[key] for key in ("items", "additionalProperties") if isinstance(node.get(key), dict))
    for child in children:
        yield from object_schemas(child)


if __name__ == "__main__":
    raise SystemExit(main())
