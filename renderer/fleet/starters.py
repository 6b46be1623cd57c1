"""What people begin with: a fleet repository, a template, and what both share with a new site (newcomer.py).

In: a folder or a workspace, and answers, from flags or from a person. Out: the files that were made.
Never: overwrites a file, or leaves anything behind when it fails: all is made and checked in a temporary folder first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from renderer import __version__, read, scaffold
from renderer.errors import Code, ConfigurationError
from renderer.fleet.workspace import Workspace
from renderer.types import Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renderer.types import Json

_FIRST_VERSION, _WORKING_VERSION = "1.0.0", "next"
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9]+")
# Label of the first site -> question of `init`; a list's first item is the label.
_FIRST_LABELS: Final = {"region": "regions", "country": "countries", "ring": "rings", "kubernetes": "kubernetes"}


@dataclass(frozen=True, slots=True)
class Asking:
    """Where answers come from: `given` on the command line, and a person if `interactive`."""

    given: Mapping[str, str] = field(default_factory=dict)
    interactive: bool = False

    def answer(self, questions: Mapping[str, Any], known: Mapping[str, str] | None = None) -> dict[str, Json]:
        """Answers to packaged questions; `known` ones are not asked."""
        given = {**self.given, **(known or {})}
        return scaffold.ask(questions, given, settings=scaffold.packaged_settings(), interactive=self.interactive)


@dataclass(frozen=True, slots=True)
class Made:
    """New files: paths relative to `folder`."""

    folder: Path
    files: tuple[str, ...]


def new_fleet(folder: Path, asking: Asking) -> Made:
    """A fleet repository with one site and one template, in `folder`, which may have other files."""
    questions = scaffold.packaged_questions("init")
    scaffold.refuse_unknown(asking.given, questions)
    if name := _NOT_IN_NAMES.sub("-", folder.resolve().name.lower()).strip("-")[:63].rstrip("-"):
        questions["name"]["default"] = name
    answers = asking.answer(questions)
    with TemporaryDirectory(prefix="fleetpress-") as temporary:
        made = Path(temporary, "repository")
        _fill_fleet(answers, made)
        refuse(_fleet_problems(made / "fleets" / str(answers["name"])))
        return Made(folder, scaffold.place(made, folder))


def new_template(space: Workspace, name: str, asking: Asking) -> Made:
    """The working version of a template that the fleet does not have yet."""
    fleet = space.fleet
    questions = scaffold.packaged_questions("template")
    scaffold.refuse_unknown(asking.given, [question for question in questions if question != "name"])
    answers = asking.answer(questions, {"name": name})
    folder = fleet.templates.relative_to(fleet.repository) / name
    if versions := read.list_versions(fleet).get(name):
        what = f"the template {name} exists, its newest version is {versions[-1]}"
        hint = f"copy {(folder / versions[-1]).as_posix()} to {(folder / _WORKING_VERSION).as_posix()}"
        hint = hint if versions[-1] != _WORKING_VERSION else "choose another name"
        raise ConfigurationError(what, problems=[Problem(Code.SCAFFOLD_EXISTS, what, hint=hint)])
    with TemporaryDirectory(prefix="fleetpress-") as temporary:
        _fill_template(answers, _WORKING_VERSION, Path(temporary, folder))
        return Made(fleet.repository, scaffold.place(Path(temporary), fleet.repository))


def refuse(problems: Sequence[Problem]) -> None:
    """Raise ConfigurationError with `problems`, if there are any."""
    if problems:
        raise ConfigurationError(problems[0].what, problems=problems)


def _fill_fleet(answers: Mapping[str, Json], made: Path) -> None:
    scaffold.fill("init", {**answers, "version": __version__}, made)
    template = {"name": answers["template"], "description": "The settings of a site, to begin with."}
    _fill_template(template, _FIRST_VERSION, made / "templates" / str(answers["template"]))
    labels = {label: str(_first(answers[question])) for label, question in _FIRST_LABELS.items()}
    folder = f"fleets/{answers['name']}/sites/{scaffold.site_folder(labels, [])}"
    schema = "../" * (folder.count("/") + 1) + "schemas/site.schema.json"
    scaffold.fill("site", {"name": answers["site"], "labels": labels, "values": {}, "schema": schema}, made / folder)
    scaffold.copy_supplies({**scaffold.EDITOR_SCHEMAS, **scaffold.CI_FILES[str(answers["ci"])]}, made)


def _first(answer: Json) -> Json:
    return answer[0] if isinstance(answer, list) else answer


def _fill_template(answers: Mapping[str, Json], version: str, folder: Path) -> None:
    scaffold.fill("template", {**answers, "version": version}, folder / version)


def _fleet_problems(root: Path) -> list[Problem]:
    """What is wrong with a fleet that was just made: an answer that its question should not have let through."""
    space = Workspace(root)
    sites = [space.site(file) for file in space.index.sites.values()]
    rejected = [problem for site in sites if isinstance(site, Rejected) for problem in site.problems]
    return [*space.index.problems, *rejected]
