"""Compares our verdicts with the API server's over files that others wrote.

In: a folder with one folder for each corpus, named NAME@COMMIT, such as `kubeconform@e65429b1e599`. Out: a table, and
every document on which both differ, with the reason. See docs/reference/agreement.md.
Never: fetches anything; the corpora are the work of others, and no part of this repository.

    python -m tests.judges.agreement FOLDER [--all]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from renderer.types import Digest, Manifest, Manifests, Problem, SchemaSet, Severity
from renderer.validate import Definition, Validator, read_definitions
from tests.judges import api_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CRDS: Final = Path(__file__).resolve().parents[2] / "schemas" / "crds"
_SUFFIXES: Final = (".yaml", ".yml", ".json")
_SPLIT: Final = re.compile(r"^---.*$", re.MULTILINE)
_TEMPLATED: Final = re.compile(r"\{\{|<[A-Z_]{3,}>|\$\{[A-Z_]+\}|<{3,}")
_KIND: Final = re.compile(r"""^["']?kind["']?:[ \t]*["']?\w""", re.MULTILINE)
# Ours and theirs, in words; the rest of a table's row.
BOTH_ACCEPT, BOTH_REFUSE, STRICTER, LAXER = (
    "both accept",
    "both refuse",
    "only we refuse",
    "only the API server refuses",
)
# Codes that say why we are stricter, where we are by decision.
REASONS: Final = {
    "FP401": "strict YAML: a text that parsers read differently",
    "FP402": "no fixed name: it can be created, but not applied",
    "FP403": "list items without keys of their own: it can be created, but not applied",
    "FP410": "a plain Secret",
    "FP411": "the kubelet never starts it, or an admission plugin refuses it",
}


@dataclass(slots=True)
class Corpus:
    """One folder of files, its definitions first."""

    name: str
    definitions: list[Definition] = field(default_factory=list)
    documents: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Compared:
    """A document, what we said and what the API server said."""

    corpus: str
    place: str
    ours: tuple[Problem, ...]
    theirs: tuple[str, ...]

    @property
    def verdict(self) -> str:
        if bool(self.ours) is bool(self.theirs):
            return BOTH_REFUSE if self.ours else BOTH_ACCEPT
        return STRICTER if self.ours else LAXER

    @property
    def reason(self) -> str:
        codes = {problem.code.value for problem in self.ours}
        return "; ".join(sorted({REASONS.get(code, code) for code in codes})) or self.theirs[0][:150]


def main() -> int:
    """Print the table and the differences."""
    parser = argparse.ArgumentParser(description="Compare our verdicts with the API server's.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="also print what both refuse, with both sides' words")
    asked = parser.parse_args()
    compared = [one for folder in sorted(asked.folder.iterdir()) if folder.is_dir() for one in judged(read(folder))]
    print(table(compared))  # noqa: T201
    for one in compared:
        if one.verdict in (STRICTER, LAXER) or (asked.all and one.verdict == BOTH_REFUSE):
            words = "; ".join(f"{problem.code} {problem.what[:200]}" for problem in one.ours[:3])
            print(f"{one.corpus} {one.place}: {one.verdict}: {one.reason}\n    {words}\n    {one.theirs[:2]}")  # noqa: T201
    return 0


def read(folder: Path) -> Corpus:
    """The objects of a corpus; what is no object, and templates, are left out."""
    corpus = Corpus(folder.name)
    for path in sorted(folder.rglob("*")):
        if path.suffix not in _SUFFIXES or not path.is_file():
            continue
        text = path.read_bytes().decode(errors="replace")
        if "CustomResourceDefinition" in text:
            corpus.definitions += read_definitions(path.name, text.encode())[0]
        for number, document in enumerate(_SPLIT.split(text)):
            if _KIND.search(document) and not _TEMPLATED.search(document):
                corpus.documents.append((f"{path.relative_to(folder)}#{number}", document))
    return corpus


def judged(corpus: Corpus) -> Iterator[Compared]:
    """Both verdicts on each document; kinds that neither side knows are passed over."""
    own = {(one.group, one.kind): one for one in [*_ours(), *corpus.definitions]}
    files = [(f"{one.name}.yaml", json.dumps(one.value).encode()) for one in own.values()]
    validator = Validator(SchemaSet(tuple(files), Digest.of(b"")))
    said = api_server.verdicts([one.value for one in own.values()], [text for _, text in corpus.documents])
    for (place, text), theirs in zip(corpus.documents, said, strict=True):
        found = validator.check(Manifests("lab", (Manifest("a.yaml", text.encode()),)), api_server.MINOR)
        ours = tuple(problem for problem in found if problem.severity is Severity.ERROR)
        if not theirs.unknown:
            yield Compared(corpus.name, place, ours, theirs.errors)


def _ours() -> list[Definition]:
    return [one for path in sorted(CRDS.glob("*/*.yaml")) for one in read_definitions(path.name, path.read_bytes())[0]]


def table(compared: Sequence[Compared]) -> str:
    """Markdown: a row for each corpus."""
    columns = (BOTH_ACCEPT, BOTH_REFUSE, STRICTER, LAXER)
    counts: dict[str, Counter[str]] = {}
    for one in compared:
        counts.setdefault(one.corpus, Counter())[one.verdict] += 1
    total = sum(counts.values(), Counter[str]())
    lines = [["corpus", "objects", *columns], ["---"] * 6]
    for name, count in (*counts.items(), ("all", total)):
        lines.append([name, str(count.total()), *(str(count[column]) for column in columns)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
