"""What looking for secrets costs: over rendered files, side by side with `re` and, where installed, detect-secrets.

In: a fleet, whose rendered files are scanned. Out: a table; with --sites, CPU ms a site of a generated fleet too.
Never: asserts a time, or prints what it found.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.generate import generate
from renderer import read
from renderer.engine import Workers
from renderer.fleet import queries
from renderer.fleet.press import Order, Render, Rendered
from renderer.fleet.workspace import Workspace
from renderer.secrets import Scanner, shipped_rules
from renderer.strict_yaml import split
from renderer.types import Document
from renderer.validate import InputCheck, check_input
from renderer.validate.secrets_rendered import RenderedSecrets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from renderer.types import Manifests

_ROUNDS = 5
# The slow ones get every 60th document, another share in each round.
_SHARE = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--fleet", type=Path, default=Path("fleets/labs"), help="fleet to render and scan")
    parser.add_argument("--sites", type=int, default=0, help="also generate so many sites, and tell CPU ms a site")
    options = parser.parse_args(arguments)
    start_up()
    throughput(_documents(options.fleet))
    if options.sites:
        a_site(options.sites)
    return 0


def start_up() -> None:
    """What the first document of a process costs more than others."""
    first = _cpu(lambda: Scanner(shipped_rules()).scan(b"password: x"))
    sys.stdout.write(f"start: {first * 1000:.1f} ms, rules read and keywords compiled; a pattern when first needed\n")


def throughput(documents: Sequence[bytes]) -> None:
    """MB/s over distinct documents, in turns; medians."""
    size = sum(map(len, documents)) / 1e6
    sys.stdout.write(f"{len(documents):,} distinct documents, {size:.2f} MB\n")
    scanner = Scanner(shipped_rules())
    plain = _Plain()
    ways: dict[str, Callable[[Sequence[bytes]], object]] = {
        "keywords, then RE2": lambda some: [scanner.scan(one) for one in some],
        "re, keywords by `in`": lambda some: [plain.scan(one, filtered=True) for one in some],
        "re, every pattern": lambda some: [plain.scan(one, filtered=False) for one in some],
    }
    if find_spec("ahocorasick"):
        ways["keywords by pyahocorasick, alone"] = _ahocorasick(scanner)
    ways["keywords by RE2's set, alone"] = lambda some: [scanner.keywords.in_text(one) for one in some]
    if find_spec("detect_secrets"):
        ways["detect-secrets"] = _detect_secrets
    scanner.scan(b"".join(documents))
    speeds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(_ROUNDS):
        for way, scan in ways.items():
            slow = way.startswith(("re,", "detect"))
            some = documents[number::_SHARE] if slow else documents
            amount = sum(map(len, some))
            speeds[way].append(amount / 1e6 / max(_cpu(lambda scan=scan, some=some: scan(some)), 1e-9))  # type: ignore[misc]
    ours = median(speeds["keywords, then RE2"])
    for way, found in speeds.items():
        sys.stdout.write(f"{way:34} {median(found):8.2f} MB/s  {ours / median(found):8.1f} times\n")


def a_site(sites: int) -> None:
    """CPU ms a site of a generated fleet, of which half came before: scanning what it renders to, and its values."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), sites=sites)
        root = next(Path(folder).glob("fleets/*"))
        space = Workspace(root)
        task = Render(root)
        task.prepare()
        names = list(space.index.sites)
        rendered = [task(Order(space.file(name))) for name in names]
        manifests = [one.manifests for one in rendered if isinstance(one, Rendered)]
        sys.stdout.write(f"{len(names):,} sites, {len(manifests):,} without problem\n")
        _tell("rendered files", manifests)
        check = InputCheck(shipped_rules())
        documents = [_site(space, name) for name in names]
        early, late = documents[: len(documents) // 2], documents[len(documents) // 2 :]
        for document in early:
            check("site", document)
        whole = _cpu(lambda: [check("site", one) for one in late]) / len(late) * 1000
        shape = _cpu(lambda: [check_input("site", one) for one in late]) / len(late) * 1000
        sys.stdout.write(
            f"values of the site file: {whole - shape:.3f} ms a site, beside {shape:.3f} ms for its schema\n"
        )


def _site(space: Workspace, name: str) -> Document:
    found = read.read_site(space.fleet, space.file(name), lambda _kind, _document: [])
    assert isinstance(found, Document)
    return found


def _tell(what: str, manifests: Sequence[Manifests]) -> None:
    secrets, known = RenderedSecrets(shipped_rules()), dict[bytes, object]()

    def scan(several: Sequence[Manifests]) -> None:
        """Each distinct document once, as when they are validated."""
        for one in several:
            for file in one.files:
                for piece in split(file.content):
                    if piece.content not in known:
                        known[piece.content] = secrets.in_document(piece.content)

    half = len(manifests) // 2
    scan(manifests[:half])
    late = manifests[half:]
    spent = _cpu(lambda: scan(late))
    size = sum(len(file.content) for one in late for file in one.files) / len(late) / 1000
    sys.stdout.write(f"{what}: {spent / len(late) * 1000:.3f} ms a site, {size:.0f} kB each\n")


class _Plain:
    """The same patterns for Python's `re`, over text."""

    def __init__(self) -> None:
        rules = shipped_rules().rules
        self._rules = [(rule.keywords, re.compile(rule.pattern)) for rule in rules]

    def scan(self, data: bytes, *, filtered: bool) -> int:
        text = data.decode()
        lower = text.lower()
        found = 0
        for keywords, pattern in self._rules:
            if not filtered or any(word in lower for word in keywords):
                found += sum(1 for _ in pattern.finditer(text))
        return found


def _ahocorasick(scanner: Scanner) -> Callable[[Sequence[bytes]], object]:
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for rule in scanner.rules.rules:
        for word in rule.keywords:
            automaton.add_word(word, word)
    automaton.make_automaton()
    return lambda some: [{word for _, word in automaton.iter(one.lower().decode("latin-1"))} for one in some]


def _detect_secrets(some: Sequence[bytes]) -> object:
    from detect_secrets.core.scan import scan_line  # type: ignore[import-not-found]
    from detect_secrets.settings import default_settings  # type: ignore[import-not-found]

    with default_settings():
        return [list(scan_line(line)) for one in some for line in one.decode().splitlines()]


def _documents(fleet: Path) -> list[bytes]:
    space = Workspace(fleet.resolve())
    found: dict[bytes, None] = {}
    for outcome in queries.check(space, list(space.index.sites), Workers(1)):
        if isinstance(outcome, Rendered):
            found.update(dict.fromkeys(file.content for file in outcome.manifests.files))
    return list(found)


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
