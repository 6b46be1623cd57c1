"""Publishes releases: one site, or all of them.

In: a target, releases. Out: a `Receipt` per release, in the order they came; a site's trouble is a Problem in its
receipt. Never: lets a tag point at something unsigned (the tag goes last), replaces a newer serial or another content
under the same tag, or puts our signature next to a foreign one.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from renderer.errors import Code, PublishError
from renderer.publish.interface import failure, highest_serial, tag_of
from renderer.publish.signatures import attach_missing
from renderer.types import Outcome, Problem, Receipt, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future

    from renderer.publish.interface import Target
    from renderer.publish.signatures import IsOurs
    from renderer.types import Release

OnReceipt: TypeAlias = "Callable[[Receipt], None]"

_AHEAD = 4  # releases under way or waiting per thread
_BATCH = 25_000  # sites per flush of a buffered target: bounds memory and what a crash repeats
_EVERYWHERE = frozenset({Code.REGISTRY_FAILED, Code.REGISTRY_AUTH, Code.OUTPUT_UNWRITABLE})


def publish_release(target: Target, release: Release, *, is_ours: IsOurs | None = None) -> Receipt:
    """Publish one site; never raises PublishError. On a buffered target nothing is visible before `flush`.

    `is_ours(signature manifest, bundle or payload)` says whether a signature that is there already was made by a key of
    ours; without it only byte-identical signatures are.
    """
    try:
        return _publish(target, release, is_ours)
    except PublishError as error:
        problems = tuple(replace(problem, site=release.artifact.site) for problem in error.problems)
        return _receipt(release, Outcome.FAILED, release.serial, problems=problems)


def publish_all(
    target: Target,
    releases: Iterable[Release],
    *,
    threads: int | None = None,
    on_receipt: OnReceipt | None = None,
    is_ours: IsOurs | None = None,
) -> Iterator[Receipt]:
    """Publish all; yields receipts in the order of `releases`, each after it has become true for others.

    Raises PublishError when `give_up_after` sites in a row failed for a reason that is not theirs (registry,
    credentials, disk); receipts up to there have been yielded. `on_receipt` is called in this thread, right before a
    receipt is yielded.
    """
    publish = partial(publish_release, target, is_ours=is_ours)
    count = max(1, threads or target.options.threads)
    receipts = _flushed(target, map(publish, releases)) if target.buffered else _in_order(publish, releases, count)
    with closing(receipts):
        in_a_row = 0
        for receipt in receipts:
            if on_receipt:
                on_receipt(receipt)
            yield receipt
            in_a_row = in_a_row + 1 if _is_everywhere(receipt) else 0
            if in_a_row >= target.options.give_up_after:
                what = f"stopped after {in_a_row} sites in a row failed alike: {receipt.problems[0].what}"
                raise PublishError(what, problems=receipt.problems)


def _publish(target: Target, release: Release, is_ours: IsOurs | None) -> Receipt:
    repository, manifest = release.repository, release.artifact.manifest
    tags = target.tags(repository)
    highest = highest_serial(tags)
    if highest is not None and highest > release.serial:
        return _superseded(release, highest)
    current = target.resolve(repository, tag_of(highest)) if highest is not None else None
    is_there = current is not None and current["digest"] == str(manifest.digest)
    if highest is not None and is_there and not (release.retag and highest < release.serial):
        sent = attach_missing(target, release, tags, is_ours)
        return _receipt(release, Outcome.SIGNED if sent else Outcome.UNCHANGED, highest, uploads=sent)
    if highest == release.serial and current:
        what = f"{repository.name}:{release.tag} is there already with other content ({current['digest']})"
        raise failure(Code.TAG_TAKEN, what, "tags never move: commit, or give a higher --serial")
    sent = _store(target, release, known=bool(tags)) + attach_missing(target, release, tags, is_ours)
    sent += target.put_manifest(repository, manifest, release.tag)
    return _receipt(release, Outcome.PUBLISHED, release.serial, uploads=sent)


def _store(target: Target, release: Release, *, known: bool) -> int:
    """Store blobs and manifest by digest; a manifest that is there has its blobs there (a rollback sends nothing)."""
    artifact = release.artifact
    if known and target.resolve(release.repository, artifact.manifest.digest):
        return 0
    sent = int(target.put_blob(release.repository, artifact.config, new=not known))
    sent += target.put_blob(release.repository, artifact.layer, new=True)  # no manifest here names it: not asked for
    return sent + target.put_manifest(release.repository, artifact.manifest)


def _superseded(release: Release, highest: int) -> Receipt:
    what = f"{release.repository.name} already has serial {highest}, which is newer than {release.serial}"
    hint = "nothing to do if a newer job ran meanwhile; else publish from the newest commit"
    problem = Problem(Code.SUPERSEDED, what, hint=hint, site=release.artifact.site, severity=Severity.WARNING)
    return _receipt(release, Outcome.SUPERSEDED, highest, problems=(problem,))


def _receipt(
    release: Release, outcome: Outcome, serial: int, *, uploads: int = 0, problems: tuple[Problem, ...] = ()
) -> Receipt:
    """`serial` is the one that the artifact is found under."""
    artifact = release.artifact
    reference = str(replace(release.repository, tag=tag_of(serial), digest=None))
    return Receipt(
        artifact.site, outcome, reference, artifact.manifest.digest, artifact.content, serial, uploads, problems
    )


def _in_order(
    publish: Callable[[Release], Receipt], releases: Iterable[Release], threads: int
) -> Generator[Receipt, None, None]:
    """Publish with threads, a bounded number of releases ahead of the receipt that is due."""
    waiting: deque[Future[Receipt]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="publish") as pool:
        try:
            for release in releases:
                waiting.append(pool.submit(publish, release))
                if len(waiting) >= threads * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _flushed(target: Target, receipts: Iterator[Receipt]) -> Generator[Receipt, None, None]:
    """Hold receipts back until the flush that makes them true; batches that only fail are not held back for long."""
    held: list[Receipt] = []
    failed_in_a_row = 0
    for receipt in receipts:
        held.append(receipt)
        failed_in_a_row = failed_in_a_row + 1 if _is_everywhere(receipt) else 0
        if len(held) >= _BATCH or failed_in_a_row >= target.options.give_up_after:
            yield from _after_flush(target, held)
            held = []
    yield from _after_flush(target, held)


def _after_flush(target: Target, held: list[Receipt]) -> list[Receipt]:
    """Flush; receipts of sites that lost a race for their tag become failures. Raises PublishError for all else."""
    try:
        target.flush()
    except PublishError as error:
        if any(problem.site is None for problem in error.problems):
            raise
        lost = {problem.site: problem for problem in error.problems}
        return [
            replace(receipt, outcome=Outcome.FAILED, uploads=0, problems=(lost[receipt.site],))
            if receipt.site in lost
            else receipt
            for receipt in held
        ]
    return held


def _is_everywhere(receipt: Receipt) -> bool:
    return receipt.outcome is Outcome.FAILED and any(problem.code in _EVERYWHERE for problem in receipt.problems)
