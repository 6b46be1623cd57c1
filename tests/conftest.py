"""Fixtures that all folders share."""

from tests.judges.fixtures import docker_registry, key_pair, login_registry, other_key_pair, repository, tls_registry

__all__ = ["docker_registry", "key_pair", "login_registry", "other_key_pair", "repository", "tls_registry"]
