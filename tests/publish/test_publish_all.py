from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code, PublishError
from renderer.publish import TargetOptions, open_target, publish_all, publish_release
from renderer.types import Outcome
from tests.fakes.registry import Fault
from tests.publish.made import is_ours, make_release

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.types import Receipt, Release
    from tests.fakes.registry import FakeRegistry


def releases(host: str, count: int, serial: int = 1, text: str = "a: 1") -> list[Release]:
    return [make_release(host, f"site-{number:03}", serial, text=text) for number in range(count)]


def test_receipts_come_in_the_order_of_the_releases(registry: FakeRegistry, options: TargetOptions) -> None:
    target = open_target(f"oci://{registry.host}/fleet", options=options)
    told: list[Receipt] = []
    receipts = list(
        publish_all(target, releases(registry.host, 60), threads=8, on_receipt=told.append, is_ours=is_ours)
    )
    assert [receipt.site for receipt in receipts] == [f"site-{number:03}" for number in range(60)]
    assert {receipt.outcome for receipt in receipts} == {Outcome.PUBLISHED}
    assert told == receipts
    assert registry.unsigned_tags() == []
    target.close()


def test_one_bad_site_does_not_stop_the_others(registry: FakeRegistry, options: TargetOptions) -> None:
    target = open_target(f"oci://{registry.host}/fleet", options=options)
    publish_release(target, make_release(registry.host, "site-003", 1, text="a: other"), is_ours=is_ours)
    receipts = list(publish_all(target, releases(registry.host, 9), threads=4, is_ours=is_ours))
    assert [receipt.site for receipt in receipts if receipt.outcome is Outcome.FAILED] == ["site-003"]
    target.close()


def test_a_registry_that_is_down_is_asked_a_few_times_only(options: TargetOptions) -> None:
    target = open_target("oci://127.0.0.1:9/fleet", options=options)
    receipts: list[Receipt] = []
    started = [0]

    def endless() -> object:
        for number in range(100_000):
            started[0] += 1
            yield make_release("127.0.0.1:9", f"site-{number}")

    with pytest.raises(PublishError, match="in a row failed alike") as caught:
        receipts.extend(publish_all(target, endless(), threads=4))  # type: ignore[arg-type]
    assert caught.value.problems[0].code is Code.REGISTRY_FAILED
    assert started[0] <= options.give_up_after + 4 * 4 + 1
    target.close()


def test_a_refused_password_is_not_tried_for_every_site(registry: FakeRegistry, options: TargetOptions) -> None:
    registry.faults.append(Fault("*", "status", 10**6, 0, 401, {"WWW-Authenticate": 'Basic realm="x"'}))
    target = open_target(f"oci://{registry.host}/fleet", options=options)
    with pytest.raises(PublishError):
        list(publish_all(target, releases(registry.host, 300), threads=4))
    assert len(registry.seen) < 100
    target.close()


def test_leaving_early_stops_the_threads(registry: FakeRegistry, options: TargetOptions) -> None:
    target = open_target(f"oci://{registry.host}/fleet", options=options)
    receipts = publish_all(target, releases(registry.host, 200), threads=2)
    assert next(receipts).outcome is Outcome.PUBLISHED
    receipts.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("publish_")]
    assert len(registry.visible()) < 30
    target.close()


@pytest.mark.parametrize("repeat", range(10))
def test_of_two_jobs_the_higher_serial_wins(registry: FakeRegistry, options: TargetOptions, repeat: int) -> None:
    """Both jobs run at once; whoever is first, clusters that take the highest tag end with the newer content."""
    barrier = threading.Barrier(2)
    outcomes: dict[int, list[Receipt]] = {}

    def job(serial: int) -> None:
        target = open_target(f"oci://{registry.host}/fleet", options=options)
        barrier.wait()
        outcomes[serial] = list(publish_all(target, releases(registry.host, 5, serial, f"a: {serial}"), threads=2))
        target.close()

    serials = (1, 2) if repeat % 2 else (2, 1)
    threads = [threading.Thread(target=job, args=(serial,)) for serial in serials]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert registry.unsigned_tags() == []
    for number, release in enumerate(releases(registry.host, 5, 2, "a: 2")):
        name = release.repository.repository
        assert registry.names[name]["1.2.0"] == str(release.artifact.manifest.digest)
        assert outcomes[1][number].outcome in (Outcome.PUBLISHED, Outcome.SUPERSEDED)
        assert outcomes[2][number].outcome is Outcome.PUBLISHED


def test_a_full_disk_stops_a_layout(tmp_path: Path, options: TargetOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    target = open_target(f"oci-layout:{tmp_path}", options=options)
    monkeypatch.setattr("os.write", full)
    with pytest.raises(PublishError, match="No space left"):
        list(publish_all(target, releases("r.example", 100)))
    monkeypatch.undo()
    assert not list(tmp_path.rglob("*.tmp"))
    assert {receipt.outcome for receipt in publish_all(target, releases("r.example", 100))} == {Outcome.PUBLISHED}
