"""Fixtures that all folders share."""

import pytest

from tests.judges.fixtures import docker_registry, key_pair, login_registry, other_key_pair, repository, tls_registry


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or leaves anything in the cache of the person who runs it, or of another test."""
    monkeypatch.setenv("FLEETPRESS_CACHE", str(tmp_path_factory.mktemp("cache")))


__all__ = ["docker_registry", "key_pair", "login_registry", "other_key_pair", "repository", "tls_registry"]
