"""Every kind of request meets every kind of trouble, once and for good: no false success, no hang, no secret told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code
from renderer.publish import TargetOptions, open_target, publish_release
from renderer.types import Outcome, Receipt
from tests.fakes.registry import FakeRegistry, Fault
from tests.publish.made import is_ours, make_release

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ["tags", "referrers", "upload-post", "upload-put", "manifest-put", "manifest-put-tag", "manifest-get"]
FAULTS = {
    "408": Fault("", "status", status=408),
    "429 seconds": Fault("", "status", status=429, headers={"Retry-After": "1"}),
    "429 date": Fault("", "status", status=429, headers={"Retry-After": "Fri, 31 Dec 2049 23:59:59 GMT"}),
    "429 absurd": Fault("", "status", status=429, headers={"Retry-After": "999999999999"}),
    "429 nonsense": Fault("", "status", status=429, headers={"Retry-After": "soon"}),
    "500": Fault("", "status", status=500),
    "502": Fault("", "status", status=502, body=b"<html>bad gateway</html>"),
    "503": Fault("", "status", status=503),
    "504": Fault("", "status", status=504),
    "403 rate limit": Fault("", "status", status=403, headers={"Retry-After": "0"}),
    "403 denied": Fault("", "status", status=403),
    "401 without a challenge": Fault("", "status", status=401),
    "413 quota": Fault("", "status", status=413),
    "reset before": Fault("", "reset"),
    "reset after it was applied": Fault("", "reset-after"),
    "hang": Fault("", "hang"),
    "drip body": Fault("", "drip"),
    "drip head": Fault("", "drip-head"),
    "truncated": Fault("", "truncate"),
    "200 html": Fault("", "html"),
    "wrong digest": Fault("", "wrong-digest"),
    "no digest": Fault("", "no-digest"),
    "wrong bytes": Fault("", "wrong-bytes"),
    "no location": Fault("", "no-location"),
    "foreign location": Fault("", "location", headers={"Location": "http://127.0.0.1:9/v2/x/blobs/uploads/1"}),
    "location ftp": Fault("", "location", headers={"Location": "ftp://127.0.0.1/x"}),
    "redirect loop": Fault("", "redirect", status=307),
    "redirect with user": Fault("", "redirect", status=307, headers={"Location": "http://user:secret@127.0.0.1:9/"}),
}


def publish(registry: FakeRegistry, options: TargetOptions) -> Receipt:
    target = open_target(f"oci://{registry.host}/fleet", options=options)
    try:
        return publish_release(target, make_release(registry.host), is_ours=is_ours)
    finally:
        target.close()


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("times", [1, 99], ids=["once", "always"])
def test_a_fault_is_never_taken_for_success(
    registry: FakeRegistry, tmp_path: Path, kind: str, fault: str, times: int
) -> None:
    impatient = TargetOptions(
        plain_http=True,
        connect_timeout=0.5,
        read_timeout=0.05,
        retries=1,
        backoff=0.001,
        retry_after_limit=0.02,
        docker_config=tmp_path,
    )
    model = FAULTS[fault]
    registry.faults.append(Fault(kind, model.action, times, 0, model.status, dict(model.headers), model.body))
    start = time.monotonic()
    receipt = publish(registry, impatient)
    assert time.monotonic() - start < 5
    check(registry, receipt)
    assert registry.unsigned_tags() == []

    registry.faults.clear()
    again = publish(registry, TargetOptions(plain_http=True, docker_config=tmp_path))
    assert again.outcome in (Outcome.PUBLISHED, Outcome.SIGNED, Outcome.UNCHANGED)
    check(registry, again)


def check(registry: FakeRegistry, receipt: Receipt) -> None:
    """Success is when the registry really has it; failure has a code of the registry's, a site, and no secret."""
    if receipt.outcome is Outcome.FAILED:
        assert receipt.problems
        assert all(
            problem.code in (Code.REGISTRY_FAILED, Code.REGISTRY_AUTH, Code.REGISTRY_CORRUPT)
            for problem in receipt.problems
        )
        assert all(
            problem.site == "berlin" and "secret" not in problem.what + problem.hint for problem in receipt.problems
        )
        return
    name = "fleet/berlin"
    assert registry.names[name]["1.1.0"] == str(receipt.digest)
    assert registry.is_signed(name, str(receipt.digest))


@pytest.mark.parametrize("fault", ["500", "reset before", "reset after it was applied", "429 seconds", "truncated"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_passing_fault_does_not_fail_the_site(
    registry: FakeRegistry, options: TargetOptions, kind: str, fault: str
) -> None:
    model = FAULTS[fault]
    registry.faults.append(Fault(kind, model.action, 1, 0, model.status, dict(model.headers), model.body))
    assert publish(registry, options).outcome is Outcome.PUBLISHED


def test_retry_after_holds_back_all_requests(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.faults.append(Fault("tags", "status", 1, 0, 429, {"Retry-After": "1"}))
    options = TargetOptions(plain_http=True, backoff=0.01, docker_config=tmp_path)
    start = time.monotonic()
    assert publish(registry, options).outcome is Outcome.PUBLISHED
    assert 1 <= time.monotonic() - start < 3


@pytest.mark.slow
def test_kill_at_every_request_leaves_no_unsigned_tag_and_resumes(options: TargetOptions) -> None:
    for new in (True, False):
        whole = requests_of_a_publish(options, new=new)
        assert whole > 5
        for killed_after in range(whole + 1):
            with FakeRegistry(referrers_api=new, single_post=new, relative=new) as registry:
                registry.kill_after = killed_after
                receipt = publish(registry, TargetOptions(plain_http=True, retries=0, read_timeout=1))
                assert registry.unsigned_tags() == []
                assert (receipt.outcome is Outcome.PUBLISHED) == (killed_after == whole)
                registry.kill_after = None
                assert publish(registry, options).outcome in (Outcome.PUBLISHED, Outcome.UNCHANGED)
                assert registry.unsigned_tags() == []
                assert registry.visible()["fleet/berlin"] == ["1.1.0"]


def requests_of_a_publish(options: TargetOptions, *, new: bool) -> int:
    with FakeRegistry(referrers_api=new, single_post=new, relative=new) as registry:
        publish(registry, options)
        return len(registry.seen)


def test_the_tag_is_the_last_push(registry: FakeRegistry, options: TargetOptions) -> None:
    publish(registry, options)
    pushes = [seen.kind for seen in registry.seen if seen.method in ("PUT", "POST")]
    assert pushes[-1] == "manifest-put-tag"
    assert pushes.count("manifest-put-tag") == 1


def test_an_answer_that_is_too_long_is_cut_off(registry: FakeRegistry, options: TargetOptions) -> None:
    registry.faults.append(Fault("tags", "status", 9, 0, 200, {}, b" " * (5 * 1024 * 1024)))
    receipt = publish(registry, options)
    assert [problem.code for problem in receipt.problems] == [Code.REGISTRY_CORRUPT]


def test_a_message_of_the_registry_is_passed_on_without_its_query(
    registry: FakeRegistry, options: TargetOptions
) -> None:
    body = b'{"errors":[{"code":"DENIED","message":"quota, see https://x.example/y?sig=abc \\u001b[31m"}]}'
    registry.faults.append(Fault("tags", "status", 9, 0, 403, {}, body))
    receipt = publish(registry, options)
    assert "DENIED: quota" in receipt.problems[0].what
    assert "abc" not in receipt.problems[0].what
    assert "\x1b" not in receipt.problems[0].what
