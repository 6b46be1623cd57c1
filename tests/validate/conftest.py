"""What the tests of validate share: the repository's CRDs, and a validator over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.types import Digest, SchemaSet
from renderer.validate import Validator

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def schema_set() -> SchemaSet:
    folder = REPOSITORY / "schemas" / "crds"
    files = ((path.relative_to(REPOSITORY).as_posix(), path.read_bytes()) for path in sorted(folder.glob("*/*.yaml")))
    return SchemaSet(tuple(files), Digest.of(b""))


@pytest.fixture(scope="session")
def validator(schema_set: SchemaSet) -> Validator:
    return Validator(schema_set)
