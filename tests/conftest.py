"""Fixtures that all folders share."""

import pytest
from hypothesis import settings

from tests.judges.fixtures import docker_registry, key_pair, login_registry, other_key_pair, repository, tls_registry

# How long an example may take is no property of the program: a busy machine must not fail a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or leaves anything in the cache or state of the person who runs it, or of another test."""
    monkeypatch.setenv("FLEETPRESS_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


__all__ = ["docker_registry", "key_pair", "login_registry", "other_key_pair", "repository", "tls_registry"]
