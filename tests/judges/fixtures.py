"""Pytest fixtures: registries that live for a session, and key pairs.

A conftest.py takes them by ``from tests.judges.fixtures import docker_registry`` and names them in ``__all__``.
Tests share a registry: a test pushes to a repository of its own, which `repository` names.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from . import certificates
from .registry import Registry, serve


class KeyPair(NamedTuple):
    """Files: `private` is unencrypted PKCS #8, `public` is what a verifier gets."""

    private: Path
    public: Path


@pytest.fixture(scope="session")
def docker_registry() -> Iterator[Registry]:
    """A registry over http that asks for no password."""
    with serve() as running:
        yield running


@pytest.fixture(scope="session")
def tls_registry() -> Iterator[Registry]:
    """A registry over https, signed by an authority of its own."""
    with serve(tls=True) as running:
        yield running


@pytest.fixture(scope="session")
def login_registry() -> Iterator[Registry]:
    """A registry over http that asks for registry.USER and registry.PASSWORD."""
    with serve(auth=True) as running:
        yield running


@pytest.fixture
def repository(request: pytest.FixtureRequest) -> str:
    """A repository name of this test alone."""
    return "test/" + re.sub(r"[^a-z0-9]+", "-", request.node.nodeid.lower()).strip("-")


@pytest.fixture
def key_pair(tmp_path: Path) -> KeyPair:
    """A fresh ECDSA P-256 key pair."""
    return make_key_pair(tmp_path, "key")


@pytest.fixture
def other_key_pair(tmp_path: Path) -> KeyPair:
    """Another key pair, which signed nothing."""
    return make_key_pair(tmp_path, "other")


def make_key_pair(folder: Path, name: str) -> KeyPair:
    """Write NAME.pem and NAME.pub in `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    pair = KeyPair(folder / f"{name}.pem", folder / f"{name}.pub")
    pair.private.write_bytes(certificates.private_pem(key))
    pair.public.write_bytes(certificates.public_pem(key))
    return pair
