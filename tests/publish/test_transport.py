from __future__ import annotations

import logging
import socket
import ssl
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code, PublishError
from renderer.publish import TargetOptions, open_target
from renderer.publish.oras_adapter import OrasAdapter, Request
from renderer.publish.retry import Backoff, is_retried, parse_retry_after
from renderer.types import Reference
from tests.fakes.registry import FakeRegistry, Fault
from tests.judges import certificates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        (" 7 ", 7.0),
        ("999999999999999999999", 999999999.0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2026 00:00:30", 30.0),
        ("Wed, 31 Dec 2025 23:59:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
    ],
)
def test_retry_after_is_read(text: str, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW) == seconds


def test_waits_double_up_to_a_limit_and_retry_after_has_one_too() -> None:
    backoff = Backoff(0.5, 4, 60)
    assert [backoff.wait(number) for number in range(6)] == [0.5, 1, 2, 4, 4, 4]
    assert backoff.wait(0, "10") == 10
    assert backoff.wait(0, "99999999") == 60
    assert backoff.wait(3, "0") == 4
    assert backoff.wait(10**9) == 4


def test_what_is_asked_again() -> None:
    assert [status for status in range(100, 600) if is_retried(status, None)] == [408, 425, 429, 500, 502, 503, 504]
    assert is_retried(403, "1")


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[FakeRegistry]:
    certificates.write(tmp_path / "tls")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls" / "server.pem", tmp_path / "tls" / "server.key")
    registry = FakeRegistry()
    registry._server.socket = context.wrap_socket(registry._server.socket, server_side=True)
    with registry:
        yield registry


def asked(registry: FakeRegistry, options: TargetOptions) -> tuple[str, ...]:
    target = open_target(f"oci://{registry.host}/fleet", options=options)
    try:
        return target.tags(Reference(registry.host, "fleet/berlin"))
    finally:
        target.close()


def test_https_is_the_default_and_needs_the_authority(tls: FakeRegistry, tmp_path: Path) -> None:
    assert asked(tls, TargetOptions(ca_file=tmp_path / "tls" / "ca.pem")) == ()
    with pytest.raises(PublishError, match="certificate was refused"):
        asked(tls, TargetOptions(retries=9))


def test_http_is_never_fallen_back_to() -> None:
    with FakeRegistry() as registry:
        with pytest.raises(PublishError):
            asked(registry, TargetOptions(retries=0, read_timeout=1))
        assert registry.seen == []


def test_https_never_turns_into_http(tls: FakeRegistry, tmp_path: Path) -> None:
    with FakeRegistry() as plain:
        tls.faults.append(
            Fault("tags", "redirect", 1, 0, 307, {"Location": f"http://{plain.host}/v2/fleet/berlin/tags/list"})
        )
        with pytest.raises(PublishError, match="from https to http"):
            asked(tls, TargetOptions(ca_file=tmp_path / "tls" / "ca.pem"))
        assert plain.seen == []


def test_redirects_are_followed_a_few_times_only(options: TargetOptions) -> None:
    with FakeRegistry() as registry:
        registry.faults.append(Fault("tags", "redirect", 99, 0, 302))
        with pytest.raises(PublishError, match="redirects more than"):
            asked(registry, options)
        assert len(registry.seen) == 6


def test_tags_on_many_pages_are_all_read(options: TargetOptions) -> None:
    with FakeRegistry(page=2) as registry:
        registry.manifests["fleet/berlin"]["sha256:x"] = ("", b"")
        registry.names["fleet/berlin"] = {f"1.{number}.0": "sha256:x" for number in range(9)}
        assert len(asked(registry, options)) == 9


def test_tags_that_point_in_a_circle_end(options: TargetOptions) -> None:
    with FakeRegistry() as registry:
        body = b'{"tags": ["1.1.0"]}'
        link = {"Link": '</v2/fleet/berlin/tags/list?last=x>; rel="next"'}
        registry.faults.append(Fault("tags", "status", 10**6, 0, 200, link, body))
        with pytest.raises(PublishError, match="pages"):
            asked(registry, options)


@pytest.mark.parametrize("body", [b"[]", b"null", b'{"tags": "1.1.0"}', b'{"tags": [1]}', b"<html>", b"[" * 100_000])
def test_tags_that_are_no_tags_are_refused(options: TargetOptions, body: bytes) -> None:
    with FakeRegistry() as registry:
        registry.faults.append(Fault("tags", "status", 9, 0, 200, {}, body))
        with pytest.raises(PublishError) as caught:
            asked(registry, options)
        assert caught.value.problems[0].code is Code.REGISTRY_CORRUPT


def test_a_connection_that_the_registry_closed_is_replaced(options: TargetOptions) -> None:
    with FakeRegistry() as registry:
        registry.faults.append(Fault("tags", "status", 1, 1, 200, {"Connection": "close"}, b'{"tags": []}'))
        target = open_target(f"oci://{registry.host}/fleet", options=options)
        for _ in range(4):
            assert target.tags(Reference(registry.host, "fleet/berlin")) == ()
        target.close()


def test_an_answer_that_was_cut_off_does_not_begin_the_next_one(options: TargetOptions) -> None:
    with FakeRegistry() as registry:
        body = b" " * (4 * 1024 * 1024) + b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"tags": ["1.66.0"]}'
        registry.faults.append(Fault("tags", "status", 1, 0, 200, {}, body))
        target = open_target(f"oci://{registry.host}/fleet", options=options)
        place = Reference(registry.host, "fleet/berlin")
        with pytest.raises(PublishError, match="more than"):
            target.tags(place)
        assert target.tags(place) == ()
        target.close()


def test_connections_are_kept(options: TargetOptions) -> None:
    with FakeRegistry() as registry:
        connections: set[object] = set()
        registry.on_request = lambda _: connections.add(threading.get_ident())
        target = open_target(f"oci://{registry.host}/fleet", options=options)
        for _ in range(20):
            target.tags(Reference(registry.host, "fleet/berlin"))
            target.resolve(Reference(registry.host, "fleet/berlin"), "1.1.0")
        target.close()
    assert len(connections) == 1


def test_a_dripping_answer_is_given_up_before_the_server_does() -> None:
    with FakeRegistry() as registry:
        registry.faults.append(Fault("tags", "drip-head", 9))
        # A client without a deadline would see the connection end, and say so.
        with pytest.raises(PublishError, match="no answer"):
            asked(registry, TargetOptions(plain_http=True, read_timeout=0.1, retries=0))


def test_the_environment_names_the_proxy_but_not_for_this_machine(
    options: TargetOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeRegistry() as proxy, FakeRegistry() as registry:
        monkeypatch.setenv("http_proxy", f"http://user:pass@{proxy.host}")
        asked(registry, options)
        assert (len(proxy.seen), len(registry.seen)) == (0, 1)
        target = open_target("oci://registry.invalid/fleet", options=options)
        target.tags(Reference("registry.invalid", "fleet/berlin"))
        assert "registry.invalid" in proxy.seen[0].path
        assert proxy.seen[0].headers["proxy-authorization"].startswith("Basic ")
        monkeypatch.setenv("no_proxy", "other.invalid")
        other = open_target("oci://other.invalid/fleet", options=options)
        with pytest.raises(PublishError):
            other.tags(Reference("other.invalid", "fleet/berlin"))
        assert len(proxy.seen) == 1
        target.close()
        other.close()


def test_a_proxy_of_another_kind_is_told_at_once(options: TargetOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "socks5://user:secret@127.0.0.1:9")
    target = open_target("oci://registry.invalid/fleet", options=options)
    with pytest.raises(PublishError, match="of a kind we cannot use") as caught:
        target.tags(Reference("registry.invalid", "fleet/berlin"))
    assert "secret" not in str(caught.value)
    target.close()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_is_none_is_told_at_once(tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(PublishError) as caught:
        open_target("oci://registry.invalid/fleet", options=TargetOptions(ca_file=tmp_path / "ca.pem"))
    assert caught.value.problems[0].code is Code.TARGET_INVALID


def test_a_registry_without_a_name_ends_soon(options: TargetOptions) -> None:
    adapter = OrasAdapter("registry.invalid", options)
    with pytest.raises(PublishError, match="no answer"):
        adapter.ask(Request("GET", "http://registry.invalid/v2/", ""))
    adapter.close()


def test_signed_addresses_stay_out_of_the_log(options: TargetOptions, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeRegistry() as registry:
        place = {"Location": f"http://{registry.host}/v2/fleet/berlin/tags/list?X-Signature=abc"}
        registry.faults.append(Fault("tags", "redirect", 1, 0, 307, place))
        asked(registry, options)
    assert "abc" not in caplog.text


def test_a_port_that_accepts_and_says_nothing_is_left(options: TargetOptions) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        target = open_target(f"oci://{host}/fleet", options=options)
        with pytest.raises(PublishError, match="no answer"):
            target.tags(Reference(host, "fleet/berlin"))
        target.close()


@pytest.mark.parametrize(
    "url",
    [
        "oci://",
        "oci://host",
        "oci://user:secret@host/x",
        "oci://h/x:tag",
        "oci-layout:",
        "oci-archive:",
        "x",
        "https://h/x",
    ],
)
def test_an_address_of_neither_form_is_refused(url: str) -> None:
    with pytest.raises(PublishError) as caught:
        open_target(url)
    assert caught.value.problems[0].code is Code.TARGET_INVALID
    assert "secret" not in str(caught.value)
