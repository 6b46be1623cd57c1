# ruff: noqa: INP001  # a script among documents, not part of a package
"""Write the pages of docs/ that are made from the program itself.

In: the click commands of the `fleetpress` command, the table of semantic rules, the rules for secrets. Out:
docs/reference/commands.md, and the ends of docs/reference/validation.md and docs/reference/secrets.md.
Never: depends on the width of a terminal or on click's own layout.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from renderer.cli.main import main as fleetpress
from renderer.secrets import shipped_rules
from renderer.types import Severity
from renderer.validate.references import QUESTIONS
from renderer.validate.rules import ANY
from renderer.validate.rules_pods import PODS
from renderer.validate.rules_table import TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from renderer.secrets import Rule as SecretRule
    from renderer.validate.rules import Rule

HERE = Path(__file__).resolve().parent
PAGE = HERE / "reference" / "commands.md"
RULES_PAGE = HERE / "reference" / "validation.md"
SECRETS_PAGE = HERE / "reference" / "secrets.md"
RULES_MARK = (
    "<!-- From here on written by docs/generate.py from the rules themselves. Do not edit: run `make docs`. -->\n"
)
PROGRAM = "fleetpress"
# How the options module writes a default that click cannot know: at the end of the help text.
_TOLD_DEFAULT = re.compile(r"\s*\[default: (.+)\]$")
# Click keeps the lines of a paragraph that begins with this mark: it is made for a terminal, and has a page of its own.
_FOR_TERMINALS = ("\b", "\\b")
_MOST_KINDS = 8
_FAMILIES = {
    "cloud": "Clouds",
    "forge": "Git forges",
    "registry": "Registries and package indexes",
    "ci": "CI",
    "chat": "Chat and paging",
    "payment": "Payments",
    "mail": "Mail and telephony",
    "hashicorp": "HashiCorp",
    "kubernetes": "Kubernetes",
    "key": "Keys",
    "observability": "Observability",
    "ai": "Machine learning",
    "network": "Networks",
    "password": "Passwords of people and services",
    "medical": "Medical systems and key stores",
    "assignment": "What only its name gives away",
}
# Arguments stand in capitals in click's help.
_ARGUMENT = re.compile(r"\b(?:SITE|KEY|PREFIX|NAME|VERSION|DIR)(?:\.[a-z]+)?\b(?!_)")
_HEAD = """\
# Commands

<!-- Written by docs/generate.py from the commands themselves. Do not edit: run `make docs`. -->

Every flag is also an environment variable. A flag on the command line wins over the variable.
`-h` and `--help` work everywhere. Results go to stdout, talk goes to stderr. See [exit codes](exit-codes.md) and
[JSON output](json-output.md).
"""


class Row(NamedTuple):
    """One option as the table shows it."""

    names: str
    variable: str
    default: str
    meaning: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page; with --check only tell whether it is up to date."""
    parser = argparse.ArgumentParser(description="Write the generated reference pages anew.")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when a page is out of date")
    check: bool = parser.parse_args(arguments).check
    pages = {PAGE: commands_page(), RULES_PAGE: rules_page(), SECRETS_PAGE: secrets_page()}
    stale = [path for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        sys.stderr.write(f"{'out of date' if check else 'written'}: {path.relative_to(HERE.parent)}\n")
        if not check:
            path.write_text(pages[path], encoding="utf-8")
    return 1 if check and stale else 0


def commands_page() -> str:
    """The text of docs/reference/commands.md."""
    context = click.Context(fleetpress, info_name=PROGRAM)
    commands = sorted(commands_of(fleetpress))
    parts = [_HEAD, *_paragraphs(fleetpress.help or ""), _usage(fleetpress, context), _table(fleetpress, context)]
    parts.append("\n".join(["| command | does |", "|---|---|", *(_entry(name, command) for name, command in commands)]))
    for name, command in commands:
        parts += _section(name, command, click.Context(command, info_name=name, parent=context))
    return "\n\n".join(part.rstrip() for part in parts if part.strip()) + "\n"


def rules_page() -> str:
    """The text of docs/reference/validation.md: what a person wrote up to the mark, then the tables of rules."""
    written = RULES_PAGE.read_text(encoding="utf-8").partition(RULES_MARK)[0]
    head = "| rule | kinds | asks for | enforced by |\n|---|---|---|---|"
    parts = [written + RULES_MARK.rstrip()]
    for topic, rules in TOPICS.items():
        rows = dict.fromkeys(_rule_row(rule) for rule in rules)
        parts.append("\n".join([f"### {topic}", "", head, *rows]))
    questions = [f"| {question.name} | {question.asks} |" for question in QUESTIONS]
    parts.append("\n".join(["### References", "", "| rule | asks that |", "|---|---|", *questions]))
    return "\n\n".join(parts) + "\n"


def secrets_page() -> str:
    """The text of docs/reference/secrets.md: what a person wrote up to the mark, then the rules by family."""
    written = SECRETS_PAGE.read_text(encoding="utf-8").partition(RULES_MARK)[0]
    parts = [written + RULES_MARK.rstrip()]
    families = dict.fromkeys(rule.family for rule in shipped_rules().rules)
    for family in families:
        rows = [_secret_row(rule) for rule in shipped_rules().rules if rule.family == family]
        parts.append(
            "\n".join(
                [f"### {_FAMILIES[family]}", "", "| rule | finds | entropy | check |", "|---|---|---|---|", *rows]
            )
        )
    return "\n\n".join(parts) + "\n"


def _secret_row(rule: SecretRule) -> str:
    return f"| {rule.id} | {_cell(rule.title)} | {rule.entropy or ''} | {rule.check} |"


def _rule_row(rule: Rule) -> str:
    warned = " (warning)" if rule.severity is Severity.WARNING else ""
    asks = _cell(f"`{rule.path}`: {rule.asks}" if rule.path else rule.asks)
    return f"| {rule.name}{warned} | {_kinds(rule)} | {asks} | {_cell(rule.source)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _kinds(rule: Rule) -> str:
    if ANY in rule.kinds:
        return "all"
    if rule.kinds == PODS:
        return "pods"
    names = sorted(kind for _, kind in rule.kinds)
    return ", ".join(names) if len(names) <= _MOST_KINDS else f"{len(names)} kinds"


def variables() -> frozenset[str]:
    """Every environment variable that an option of a command has."""
    return frozenset(
        str(option.envvar) for _, command in commands_of(fleetpress) for option in command.params if option.envvar
    )


def commands_of(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command below `group` by its full name, such as `template lock`; a group only if it has no commands."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group) and command.commands:
            yield from commands_of(command, f"{above}{name} ")
        else:
            yield f"{above}{name}", command


def _entry(name: str, command: click.Command) -> str:
    """A row of the table of contents."""
    first, stop, _ = " ".join((command.help or "").split()).partition(". ")
    return f"| [`{name}`](#{name.replace(' ', '-')}) | {command.short_help or first + stop.strip()} |"


def _section(name: str, command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## {name}"
    yield from _paragraphs(command.help or "")
    yield _usage(command, context)
    yield _table(command, context)
    lines = [line.strip() for line in (command.epilog or "").splitlines()]
    examples = [line for line in lines if line.startswith(PROGRAM) or f" {PROGRAM} " in line]
    if examples:
        yield "\n".join(["```console", *(f"$ {line}" for line in examples), "```"])


def _usage(command: click.Command, context: click.Context) -> str:
    words = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    return f"```text\n{words}\n```"


def _paragraphs(text: str) -> Iterator[str]:
    """Markdown paragraphs."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if not paragraph.startswith(_FOR_TERMINALS):
            yield _ARGUMENT.sub(lambda argument: f"`{argument[0]}`", " ".join(paragraph.split()))


def _table(command: click.Command, context: click.Context) -> str:
    rows = [_row(option, context) for option in command.params if isinstance(option, click.Option)]
    if not rows:
        return ""
    head = ["| option | variable | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *(f"| {' | '.join(_cells(row))} |" for row in rows)])


def _cells(row: Row) -> Iterable[str]:
    return (cell.replace("|", "\\|") for cell in row)


def _row(option: click.Option, context: click.Context) -> Row:
    names = ", ".join([*option.opts, *option.secondary_opts])
    value = "" if option.is_flag or option.count else f" {option.make_metavar(context)}"
    meaning, default = _told_default(option)
    if isinstance(option.type, click.IntRange) and option.type.min is not None:
        value = f" INTEGER (at least {option.type.min})"
    return Row(f"`{names}{value}`", f"`{option.envvar}`" if option.envvar else "", default, meaning)


def _told_default(option: click.Option) -> tuple[str, str]:
    """The help text without its default, and the default."""
    text = option.help or ""
    told = _TOLD_DEFAULT.search(text)
    if told:
        return text[: told.start()], told[1]
    if option.required:
        return text, "required"
    return text, f"`{option.default}`" if option.show_default else ""


if __name__ == "__main__":
    raise SystemExit(main())
