from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.judges.fixtures import docker_registry, repository
from tests.sign.support import new_signer

if TYPE_CHECKING:
    from renderer.sign.private_key import KeySigner

__all__ = ["docker_registry", "other", "repository", "signer"]


@pytest.fixture
def signer() -> KeySigner:
    return new_signer()


@pytest.fixture
def other() -> KeySigner:
    return new_signer()
