from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from renderer.publish import TargetOptions
from tests.fakes.registry import FakeRegistry
from tests.judges.fixtures import docker_registry, login_registry, repository, tls_registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["docker_registry", "login_registry", "repository", "tls_registry"]


@pytest.fixture(autouse=True)
def _no_login_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "no-docker-config"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def options() -> TargetOptions:
    """Patience of a test."""
    return TargetOptions(
        plain_http=True,
        connect_timeout=2,
        read_timeout=0.3,
        retries=2,
        backoff=0.01,
        retry_after_limit=0.05,
        durable=False,
    )


@pytest.fixture(params=["referrers-api", "fallback-tag"])
def registry(request: pytest.FixtureRequest) -> Iterator[FakeRegistry]:
    """Both kinds of registry: a new one, and one like Distribution 2.8."""
    new = request.param == "referrers-api"
    with FakeRegistry(referrers_api=new, single_post=new, relative=new) as running:
        yield running
