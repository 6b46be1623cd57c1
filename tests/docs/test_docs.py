"""The documentation is held to the program: what it names exists, and what exists is named."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from renderer.cli.main import main as fleetpress
from renderer.errors import Code
from renderer.render.config import _REFUSED as REFUSED_SETTINGS
from renderer.render.filters import ANSIBLE
from renderer.render.filters import REFUSED as REFUSED_FILTERS
from renderer.render.refusals import REFUSED_NAMES
from renderer.report.problems import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
# Variables that are no flag, and what sets them is not ours or not for users of the command.
OTHER_VARIABLES = {
    "FLEETPRESS_CACHE",
    "FLEETPRESS_FOXOPS_PYTHON",
    "FLEETPRESS_COPIER_TESTS",
    "FLEETPRESS_LOCAL_GIT",
    "FLEETPRESS_KEY_PASSWORD",
    "FLEETPRESS_DEBUG",
    "FLEETPRESS_MEMO",
    "FLEETPRESS_MEMO_LIMIT",
    "FLEETPRESS_REQUIRE_JUDGES",
}
# fmt: off
TERMS = {
    "answer", "archive", "artifact", "attach", "bundle", "cluster", "destination", "digest", "entry", "fingerprint",
    "fleet", "inputs", "judge", "label", "layer", "layout", "ledger", "manifest", "merge", "object", "order",
    "origin", "pack", "pin", "plan", "press", "problem", "question", "receipt", "reference", "referrer", "region",
    "registry", "rejected", "release", "residency", "ring", "serial", "shard", "signature", "signer", "site",
    "superseded", "tag", "target", "template", "trace", "value", "worker", "workspace",
}
# fmt: on

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_VARIABLE = re.compile(r"\bFLEETPRESS_[A-Z][A-Z_]*[A-Z]\b")
_INLINE_COMMAND = re.compile(r"(?<!`)`(fleetpress [^`\n]*)`(?!`)")
_ROW = re.compile(r"^\| (FP\d{3}) \| ([a-z-]+) \| (.+?) \| (.*?) \| (.+) \|$", re.MULTILINE)
_SHELL = set("|&;<>()")


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page.read_text())


def told_commands(page: Path) -> Iterator[str]:
    """The command lines in a page's console blocks."""
    for _, language, block in _FENCE.findall(page.read_text()):
        if language == "console":
            yield from (line.strip()[2:] for line in block.splitlines() if line.strip().startswith("$ "))


def arguments_of(line: str) -> list[str] | None:
    """What the shell would hand to fleetpress in this line, None for a line without it. Variables are 1."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = ["1" if word.startswith("$") else word for word in lexer]
    if "fleetpress" not in words:
        return None
    rest = words[words.index("fleetpress") + 1 :]
    end = next((index for index, word in enumerate(rest) if set(word) <= _SHELL), len(rest))
    return rest[: end - 1] if end < len(rest) and rest[end - 1] == "2" else rest[:end]


def parse(arguments: list[str]) -> None:
    """Let click take the arguments, as the command would; raises click.UsageError."""
    if arguments[:1] in (["--version"], ["--help"]):
        return
    command: click.Command = fleetpress
    while isinstance(command, click.Group) and arguments:
        assert arguments[0] in command.commands, f"there is no command {arguments[0]!r}"
        command, arguments = command.commands[arguments[0]], arguments[1:]
    command.make_context(command.name, arguments)


def anchors(page: Path) -> set[str]:
    """The anchors that headings give, as the usual forges make them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def load_generator() -> Any:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty current folder, and no variable that a flag would listen to."""
    for variable in load_generator().variables() | OTHER_VARIABLES | {"COSIGN_PASSWORD"}:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_generated_page_is_up_to_date() -> None:
    generator = load_generator()

    assert generator.PAGE.read_text() == generator.commands_page(), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(prose(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = (link.partition("#")[0] for link in _LINK.findall(prose(page)) if "://" not in link)
        todo += [(page.parent / link).resolve() for link in links if link]

    assert set(PAGES) <= seen


def test_every_code_is_documented_exactly_once_and_no_other() -> None:
    rows = _ROW.findall((DOCS / "reference" / "errors.md").read_text())

    assert [row[0] for row in rows] == [code.value for code in Code]


def test_every_code_has_its_name_a_meaning_and_a_remedy() -> None:
    for code, name, meaning, _, remedy in _ROW.findall((DOCS / "reference" / "errors.md").read_text()):
        assert name == name_of(Code(code)), code
        assert meaning.endswith("."), code
        assert remedy.endswith("."), code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_parses(page: Path, clean: Path) -> None:
    del clean
    for line in told_commands(page):
        arguments = arguments_of(line)
        if arguments is not None:
            parse(arguments)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_named_in_a_sentence_exists(page: Path, clean: Path) -> None:
    del clean
    for line in _INLINE_COMMAND.findall(prose(page)):
        with contextlib.suppress(click.MissingParameter):  # a sentence may leave out what is needed
            parse(arguments_of(line) or [])


def test_the_check_of_command_lines_would_find_a_wrong_flag(clean: Path) -> None:
    del clean
    with pytest.raises(click.NoSuchOption):
        parse(arguments_of("FLEETPRESS_KEY=x fleetpress verify --keys y | head") or [])


def test_every_variable_that_is_named_exists() -> None:
    known = load_generator().variables() | OTHER_VARIABLES

    for page in PAGES:
        assert set(_VARIABLE.findall(page.read_text())) <= known, page


def test_the_readme_has_every_variable() -> None:
    table = set(_VARIABLE.findall((ROOT / "README.md").read_text()))

    assert load_generator().variables() | OTHER_VARIABLES <= table


def test_the_glossary_has_every_term_once_in_order() -> None:
    rows = re.findall(r"^\| ([A-Za-z, ]+?) \| (.+) \|$", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    terms = [term.split(",")[0] for term, _ in rows if term != "word"]

    assert set(terms) >= TERMS
    assert terms == sorted(set(terms), key=str.lower)


def test_the_template_page_names_every_filter_and_every_refusal() -> None:
    page = (DOCS / "reference" / "templates.md").read_text()
    named = set(re.findall(r"`([\w.]+)`", page))

    assert set(ANSIBLE) <= named
    assert set(REFUSED_FILTERS) <= named
    assert set(REFUSED_NAMES) <= named
    assert {f"_{setting}" for setting in REFUSED_SETTINGS} <= named


def test_decision_records_are_numbered_without_gaps() -> None:
    numbers = [int(page.name[:4]) for page in sorted((DOCS / "adr").glob("[0-9]*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))


@pytest.fixture
def shell(clean: Path) -> Shell:
    """A shell in an empty folder, with the command on its path."""
    return Shell(clean)


class Shell:
    """Runs a page's command lines in one folder."""

    # What a page shows but a test cannot do: other people's programs, other machines.
    _ELSEWHERE = re.compile(r"^(make|export|docker-registry|skopeo|cosign)\b|cd shops|localhost|--to fleet|--version")
    _KEY = re.compile(r"(fleetpress-key-)[0-9a-f]{8}|^    [A-Za-z0-9+/=]{24,}$", re.MULTILINE)

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = folder / ".git" / "programs"
        programs.mkdir(parents=True)
        code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from renderer.cli.main import run; run()"
        (programs / "fleetpress").write_text(f'#!/bin/sh\nexec {sys.executable} -P -c {shlex.quote(code)} "$@"\n')
        (programs / "fleetpress").chmod(0o755)
        people = {
            f"GIT_{who}_{what}": "x@shops.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        self.environment = {**os.environ, **people, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}

    def run(self, line: str) -> str:
        command = ["bash", "-c", f"exec 2>&1; {line}"]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True, check=False
        )
        return done.stdout

    def replay(self, page: Path) -> None:
        """Run every line, and compare what it prints with what the page says, keys apart."""
        for _, language, block in _FENCE.findall(page.read_text()):
            for told in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:] if language == "console" else []:
                line, _, output = told.partition("\n")
                if not self._ELSEWHERE.search(line):
                    printed = self._KEY.sub(r"\1…", self.run(line))
                    assert (line, printed) == (line, self._KEY.sub(r"\1…", output))


@pytest.mark.slow
def test_the_tour_prints_what_the_readme_says(shell: Shell) -> None:
    for folder in ("fleets", "templates", "schemas"):
        shutil.copytree(ROOT / folder, shell.folder / folder)
    shutil.copy(ROOT / ".gitignore", shell.folder)
    shell.run("git init -q && git add -A && git commit -q -m 'Sample fleet'")

    shell.replay(ROOT / "README.md")


@pytest.mark.slow
def test_the_tutorial_prints_what_it_says(shell: Shell) -> None:
    page = DOCS / "tutorial" / "first-fleet.md"
    shell.run("git init -q")

    shell.replay(page)

    sites = json.loads(shell.run("fleetpress verify --key build/shops.pub -o json"))["sites"]
    assert {site["site"]: site["serial"] for site in sites} == {"bonn-market-01": 1, "cologne-market-01": 2}
