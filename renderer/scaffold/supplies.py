"""Files that a new fleet repository gets as they are: the schemas for editors, the jobs of its CI.

In: their names. Out: copies in a folder. Never: changes one; a fleet's copies are those of the version that made them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from renderer.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Path in the fleet repository -> path in the package, or in a checkout of fleetpress.
EDITOR_SCHEMAS: Final[Mapping[str, str]] = {
    f"schemas/{kind}.schema.json": f"schemas/{kind}.schema.json" for kind in ("fleet", "layer", "site")
}
CI_FILES: Final[Mapping[str, Mapping[str, str]]] = {
    "gitlab": {"ci/fleetpress.gitlab-ci.yml": "ci/gitlab/fleetpress.gitlab-ci.yml"},
    "github": {
        ".github/actions/fleetpress/action.yml": "ci/github/action.yml",
        ".github/workflows/fleetpress.yml": "ci/github/workflow.yml",
    },
    "none": {},
}


def copy_supplies(supplies: Mapping[str, str], target: Path) -> None:
    """Copy each file into the folder `target`."""
    for path, source in supplies.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(_find(source).read_bytes())


def _find(source: str) -> Path:
    """The wheel carries the files inside the package; a checkout has them at its top."""
    package = Path(__file__).resolve().parents[1]
    found = next((path for path in (package / source, package.parent / source) if path.is_file()), None)
    if found is None:
        raise ConfigurationError(f"fleetpress has no {source}; reinstall it")
    return found
