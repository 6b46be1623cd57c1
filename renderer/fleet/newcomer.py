"""A site that joins a fleet: its labels, its folder, and the values that its templates ask for.

In: a workspace, the site's name, labels and answers, from flags or from a person. Out: the site's file.
Never: overwrites a file, or writes a site that does not render: a draft is checked in a temporary folder first.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from renderer import read, render, scaffold, validate
from renderer.errors import Code, ConfigurationError
from renderer.fleet.starters import Asking, Made, refuse
from renderer.types import Origin, Problem, Rejected, Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from renderer.fleet.workspace import Workspace
    from renderer.types import Fleet, Json, TemplateTree

# Without a value of the site: there is no default, or it is one that has to be replaced.
_UNANSWERED: Final = (Code.ANSWER_MISSING, Code.ANSWER_INVALID, Code.ANSWER_REJECTED)
# So many of the fleet's sites are asked where they lie: a habit shows in a few.
_MODELS: Final = 40


def new_site(space: Workspace, name: str, labels: Mapping[str, str], asking: Asking) -> Made:
    """The file of a site that the fleet does not have yet; `labels` are those given on the command line.

    Asks for every other label of fleet.yaml, then for what the site's templates need and no layer answers.
    """
    Asking().answer(scaffold.packaged_questions("site"), {"name": name})
    if taken := space.index.sites.get(name):
        what = f"the fleet {space.fleet.name} has a site {name}: {taken.path}"
        refuse([Problem(Code.SCAFFOLD_EXISTS, what, Origin(taken.path), "choose another name")])
    labels = _ask_labels(space.fleet, labels, asking)
    path = space.fleet.root.relative_to(space.fleet.repository) / "sites" / _folder(space, labels)
    with TemporaryDirectory(prefix="fleetpress-") as temporary:
        draft = _Draft(space, Path(temporary), path, name, labels)
        refuse(draft.complete(asking))
        return Made(space.fleet.repository, scaffold.place(Path(temporary), space.fleet.repository))


def _ask_labels(fleet: Fleet, given: Mapping[str, str], asking: Asking) -> dict[str, str]:
    """All labels in the order of fleet.yaml, then the free ones."""
    questions: dict[str, dict[str, Json]] = {}
    for label, allowed in fleet.labels.items():
        only: dict[str, Json] = {"default": allowed[0], "ask": False} if len(allowed) == 1 else {}
        questions[label] = {"type": "str", "help": f"The site's {label}.", "choices": list(allowed), **only}
    known = {label: value for label, value in given.items() if label in questions}
    answers = scaffold.ask(questions, known, settings={}, interactive=asking.interactive, flag="--label")
    return {**{label: str(answer) for label, answer in answers.items()}, **given}


def _folder(space: Workspace, labels: Mapping[str, str]) -> str:
    files = list(space.index.sites.values())
    sites = (space.site(file) for file in files[:: max(1, len(files) // _MODELS)])
    prefix = space.fleet.root.relative_to(space.fleet.repository) / "sites"
    known = [
        (PurePosixPath(site.file).relative_to(prefix).parent.parts, site.labels)
        for site in sites
        if isinstance(site, Site)
    ]
    return scaffold.site_folder(labels, known)


@dataclass(frozen=True, slots=True)
class _Draft:
    """The site's file in `desk`, a folder that stands for the repository."""

    space: Workspace
    desk: Path
    folder: Path
    name: str
    labels: Mapping[str, str]

    def complete(self, asking: Asking) -> tuple[Problem, ...]:
        """Ask and write until nothing is missing; what is wrong with the site then."""
        values: dict[str, Json] = {}
        while True:
            site = self._write(values)
            trees = [self.space.tree(pin) for pin in site.templates]
            templates = [render.compile_template(tree) for tree in trees]
            configs = [_config(tree, template.variables) for tree, template in zip(trees, templates, strict=True)]
            asked = dict.fromkeys(name for template in templates for name in template.variables)
            scaffold.refuse_unknown(asking.given, [name for name in asked if name not in self._known])
            rendered = render.render_site(site, self.space.fleet.name, templates)
            problems = rendered.problems if isinstance(rendered, Rejected) else ()
            missing = [str(problem.key) for problem in problems if problem.code in _UNANSWERED]
            wanted = dict.fromkeys([*(name for name in missing if name not in site.values), *asking.given])
            answers = self._ask(site, configs, [name for name in wanted if name not in values], asking)
            if not answers:
                return self._verdict(problems, [name for name in asking.given if name not in values])
            # An answer may be what makes another question apply.
            values |= answers

    def _verdict(self, problems: Iterable[Problem], unused: Iterable[str]) -> tuple[Problem, ...]:
        """What keeps the draft from being placed; `unused` are answers to questions that do not apply."""
        hint = "leave it out, or correct the answers and labels that its condition in copier.yml names"
        told = [Problem(Code.SCAFFOLD_ANSWER, f"{name} is not asked of this site", hint=hint) for name in unused]
        where = Origin((self.folder / f"{self.name}.yaml").as_posix())
        return (*told, *(replace(problem, where=problem.where or where) for problem in problems))

    @property
    def _known(self) -> dict[str, str]:
        """What fleetpress itself answers."""
        return {**self.labels, "site": self.name, "fleet": self.space.fleet.name}

    def _write(self, values: Mapping[str, Json]) -> Site:
        """Write the draft, and read it as part of the fleet; raises ConfigurationError with all problems."""
        fleet = self.space.fleet
        target = self.desk / self.folder
        (target / f"{self.name}.yaml").unlink(missing_ok=True)
        answers = {"name": self.name, "labels": self.labels, "values": values, "schema": self._schema()}
        scaffold.fill("site", answers, target)
        desk = replace(fleet, repository=self.desk, root=self.desk / fleet.root.relative_to(fleet.repository))
        layers = read.Layers(fleet, validate.check_input)
        file = read.list_sites(desk).sites[self.name]
        site = read.load_site(desk, layers, file, check=validate.check_input)
        if isinstance(site, Rejected):
            raise ConfigurationError(site.problems[0].what, problems=site.problems)
        return site

    def _schema(self) -> str:
        """Where an editor finds the schema of the file, if the repository has it."""
        schema = self.space.fleet.schemas / "site.schema.json"
        folder = self.space.fleet.repository / self.folder
        return Path(os.path.relpath(schema, folder)).as_posix() if schema.is_file() else ""

    def _ask(
        self, site: Site, configs: Iterable[Mapping[str, Any]], wanted: Sequence[str], asking: Asking
    ) -> dict[str, Json]:
        """Answers to the `wanted` questions, asked with the words, types and conditions of the templates."""
        if not asking.interactive:
            scaffold.refuse_missing([name for name in wanted if name not in asking.given], "--answer")
        answers: dict[str, Json] = {}
        for config in configs:
            mine = [name for name in wanted if name not in answers and name in config]
            if mine:
                given = {name: answer for name, answer in asking.given.items() if name in mine}
                context = {**site.values, **answers, **self._known, **given}
                found = _interview(config, mine, context, asking)
                answers |= {name: found[name] for name in mine if name in found}
        return answers


def _interview(
    config: Mapping[str, Any], wanted: Iterable[str], context: Mapping[str, Any], asking: Asking
) -> dict[str, Json]:
    """Ask a template's own questions: the `wanted` ones; the others only answer what those refer to."""
    settings = {name: raw for name, raw in config.items() if name == "_envops"}
    questions: dict[str, dict[str, Json]] = {}
    for name, raw in config.items():
        if not name.startswith("_"):
            questions[name] = {**(raw if isinstance(raw, dict) else {"default": raw}), "ask": name in wanted}
        if name in wanted and name not in context:
            questions[name].pop("default", None)
    return scaffold.ask(questions, context, settings=settings, interactive=asking.interactive)


def _config(tree: TemplateTree, variables: Iterable[str]) -> dict[str, Any]:
    """The questions of a template as copier.yml has them; for another format, one without a type for each variable."""
    config = render.question_config(tree)
    return dict(config) if config is not None else {name: {"type": "yaml"} for name in variables}
