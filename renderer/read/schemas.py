"""The CRD manifests and admission policies of a fleet repository.

In: a fleet. Out: a SchemaSet. Never: parses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from renderer.errors import Code, ConfigurationError
from renderer.read.files import printable, read_file, unreadable, walk
from renderer.read.templates import digest_files
from renderer.types import Origin, Problem, SchemaSet

if TYPE_CHECKING:
    from renderer.types import Fleet

_SECRETS: Final = "secrets.yaml"
_CATALOGUE: Final = "catalogue.yaml"  # says where the CRDs came from; not a manifest


def load_schemas(fleet: Fleet) -> SchemaSet:
    """schemas/crds/**.yaml and schemas/policies/**.yaml, each sorted by path; no folder, none.

    Raises ConfigurationError with all problems.
    """
    problems: list[Problem] = []
    crds, policies = (_files(fleet, name, problems) for name in ("crds", "policies"))
    if problems:
        raise ConfigurationError(f"{problems[0].where}: {problems[0].what}", problems=problems)
    digest = digest_files((file, 0o644, content) for file, content in (*crds, *policies))
    name = _secrets_name(fleet)
    secrets = next((found for found in policies if found[0] == name), None)
    return SchemaSet(crds, digest, tuple(found for found in policies if found[0] != name), secrets)


def load_secrets(fleet: Fleet) -> tuple[str, bytes] | None:
    """The fleet's own rules for secrets (file name, content), None without; raises ConfigurationError."""
    file = _secrets_name(fleet)
    try:
        return file, read_file(fleet.repository / file)
    except FileNotFoundError:
        return None
    except OSError as error:
        problem = unreadable(file, error)
        raise ConfigurationError(f"{file}: {problem.what}", problems=[problem]) from None


def _secrets_name(fleet: Fleet) -> str:
    return (fleet.schemas / "policies" / _SECRETS).relative_to(fleet.repository).as_posix()


def _files(fleet: Fleet, name: str, problems: list[Problem]) -> tuple[tuple[str, bytes], ...]:
    folder = fleet.schemas / name
    prefix = folder.relative_to(fleet.repository).as_posix()
    found = []
    try:
        for path, entry in sorted(walk(str(folder), hidden=False), key=lambda item: item[0]):
            file = f"{prefix}/{path}"
            if entry.is_symlink() or path.endswith(".yml"):
                what = "expected a file that ends in .yaml, got " + ("a link" if entry.is_symlink() else ".yml")
                hint = "replace the link by the file itself" if entry.is_symlink() else "rename to .yaml"
                problems.append(Problem(Code.FILE_UNREADABLE, what, Origin(printable(file)), hint))
            elif path.endswith(".yaml") and entry.name != _CATALOGUE:
                found.append((file, read_file(entry.path)))
    except FileNotFoundError:
        pass
    except OSError as error:
        problems.append(unreadable(prefix, error))
    return tuple(found)
