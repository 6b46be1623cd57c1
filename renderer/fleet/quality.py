"""What the people who write templates ask: is a version in order, and does it still render what it should?

In: a workspace and template versions. Out: problems, and the results of golden cases; new goldens when asked for.
Never: changes a template, or what a site gets.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import unified_diff
from typing import TYPE_CHECKING

from renderer import diff, read, render, report, strict_yaml, validate
from renderer.errors import Code, ConfigurationError, SourceFailure, TemplateError
from renderer.fleet import versions
from renderer.fleet.migration import read_changes
from renderer.report.quality import CaseResult
from renderer.types import Manifests, ObjectChange, Origin, Problem, Rejected, Severity, Site, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.fleet.workspace import Workspace
    from renderer.read import Case

_SITE = "site-1"
# What keeps a version without answers of its own from being rendered: nobody answered.
_UNANSWERED = frozenset({Code.ANSWER_MISSING, Code.ANSWER_REJECTED, Code.ANSWER_INVALID, Code.TEMPLATE_UNDEFINED})


def lint(space: Workspace, pins: Iterable[TemplatePin]) -> Iterator[Problem]:
    """Everything wrong or doubtful in template versions: errors and warnings."""
    validator = _validator(space)
    for pin in pins:
        try:
            tree = versions.tree_of(space, pin)
            yield from render.lint_template(tree, space.fleet.labels)
            template = render.compile_template(tree)
        except SourceFailure:
            raise
        except TemplateError as error:
            yield from error.problems
            continue
        try:
            read_changes(space, pin)
        except ConfigurationError as error:
            yield from error.problems
        yield from _default_problems(space, template, validator, tree.file)


def strict(problems: Iterable[Problem]) -> list[Problem]:
    """The same problems, all of them errors."""
    return [replace(problem, severity=Severity.ERROR) for problem in problems]


def _default_problems(
    space: Workspace, template: render.Template, validator: validate.Validator, file: str
) -> Iterator[Problem]:
    """What is wrong with what the defaults render to, at a site with the first value of each label."""
    labels = {name: values[0] for name, values in space.fleet.labels.items()}
    site = Site(_SITE, file, labels, {}, (template.pin,), ())
    rendered = render.render_alone(site, space.fleet.name, template)
    if isinstance(rendered, Manifests):
        yield from (_at_source(problem, rendered) for problem in validator.check(rendered, labels["kubernetes"]))
        return
    if not {problem.code for problem in rendered.problems} & _UNANSWERED:
        yield from (replace(problem, site=None) for problem in rendered.problems)
        return
    if not versions.cases_of(space, template.pin):
        missing = sorted({problem.key for problem in rendered.problems if problem.key})
        what = f"nothing renders {template.pin}: there is no golden case, and defaults do not do for {_some(missing)}"
        hint = "add a case below tests/, see docs/how-to/test-a-template.md"
        yield Problem(Code.TEMPLATE_UNTESTED, what, Origin(file), hint, severity=Severity.WARNING)


def _at_source(problem: Problem, rendered: Manifests) -> Problem:
    """A problem of a rendered file, at the template file that it came from."""
    where = problem.where
    source = next((one.source for one in rendered.files if where and one.path == where.file), None)
    if where is None or source is None:
        return problem
    return replace(
        problem, what=f"with defaults, at line {where.line} of the output: {problem.what}", where=Origin(source)
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")  # noqa: PLR2004 - enough to see


def run_cases(space: Workspace, pins: Iterable[TemplatePin], *, update: bool) -> Iterator[CaseResult]:
    """Render every golden case, and compare; with `update`, make what is rendered the new golden files.

    Nothing is written for a case that does not render, or that expects an error.
    """
    validator = _validator(space)
    for pin in pins:
        template: render.Template | TemplateError
        try:
            template = render.compile_template(versions.tree_of(space, pin))
        except TemplateError as error:
            template = error
        for case in versions.cases_of(space, pin):
            yield _run(space, template, validator, case, update=update)


def _run(
    space: Workspace,
    template: render.Template | TemplateError,
    validator: validate.Validator,
    case: Case,
    *,
    update: bool,
) -> CaseResult:
    result = CaseResult(case.pin, case.name, "passed")
    site = _site(case)
    flaws = case.flaws(update=update) or (() if isinstance(site, Site) else site)
    if flaws or not isinstance(site, Site):
        return replace(result, outcome="failed", problems=flaws)
    if isinstance(template, TemplateError):
        rendered: Manifests | Rejected = Rejected(site.name, template.problems)
    else:
        rendered = render.render_alone(site, _fleet_name(case), template)
    errors = rendered.problems if isinstance(rendered, Rejected) else _invalid(rendered, validator, site)
    if errors or case.error is not None or isinstance(rendered, Rejected):
        return _expecting(result, case, errors)
    return _compared(space, result, case, rendered, update=update)


def _compared(space: Workspace, result: CaseResult, case: Case, rendered: Manifests, *, update: bool) -> CaseResult:
    """A case that renders: the same as is expected, or not."""
    made = {file.path: file.content for file in rendered.files}
    if made == case.expected:
        return result
    if update and versions.is_own(space, case.pin):
        report.replace_folder(space.fleet.repository / case.folder / read.EXPECTED, rendered.files)
        return _differs(result, "updated", case, made)
    count = len(_differing(case.expected or {}, made))
    what = f"{count} file{'' if count == 1 else 's'} of the output {'is' if count == 1 else 'are'} not as expected"
    hint = "if the change is meant: `fleetpress template test --update`, and review the difference"
    if not versions.is_own(space, case.pin):
        hint = f"{case.pin} comes from a source: correct the template or its case there, and release a new version"
    problem = Problem(Code.CASE_FAILED, what, Origin(f"{case.folder}/{read.EXPECTED}"), hint)
    return replace(_differs(result, "failed", case, made), problems=(problem,))


def _invalid(rendered: Manifests, validator: validate.Validator, site: Site) -> tuple[Problem, ...]:
    found = validator.check(rendered, site.labels["kubernetes"], site.file)
    return tuple(problem for problem in found if problem.severity is Severity.ERROR)


def _expecting(result: CaseResult, case: Case, errors: Iterable[Problem]) -> CaseResult:
    """A case that expects an error, or that does not render."""
    problems = tuple(replace(problem, site=None) for problem in errors)
    if case.error is None:
        return replace(result, outcome="failed", problems=problems)
    codes = {problem.code.value for problem in problems}
    if codes == {case.error}:
        return result
    what = f"expected {case.error} and no other error, got {', '.join(sorted(codes)) or 'none'}"
    hint = "correct the template, the answers or expect-error"
    where = Origin(f"{case.folder}/{read.EXPECT_ERROR}")
    failed = Problem(Code.CASE_FAILED, what, where, hint)
    return replace(result, outcome="failed", problems=(failed, *problems))


def _site(case: Case) -> Site | tuple[Problem, ...]:
    """The site that a case describes."""
    if case.answers is None:
        return case.problems
    try:
        document = strict_yaml.load(case.answers, case.file)
    except ConfigurationError as error:
        return error.problems
    problems = validate.check_input("case", document)
    if problems or not isinstance(document.value, dict):
        return tuple(problems)
    labels, values = document.value["labels"], document.value.get("values", {})
    assert isinstance(labels, dict) and isinstance(values, dict), "the schema says so"  # noqa: S101, PT018
    return Site(str(document.value["site"]), case.file, {k: str(v) for k, v in labels.items()}, values, (case.pin,), ())


def _fleet_name(case: Case) -> str:
    value = strict_yaml.load(case.answers or b"", case.file).value
    return str(value.get("fleet", "labs")) if isinstance(value, dict) else "labs"


def _differing(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[str]:
    return [path for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]


def _differs(result: CaseResult, outcome: str, case: Case, after: Mapping[str, bytes]) -> CaseResult:
    """The result, told object by object where that tells something, else line by line."""
    before = case.expected or {}
    paths = _differing(before, after)
    old, new = ({path: side[path] for path in paths if path in side} for side in (before, after))
    objects: tuple[ObjectChange, ...] = ()
    try:
        objects = diff.diff_objects(diff.read_objects(old), diff.read_objects(new))
    except ConfigurationError:
        objects = ()
    texts = () if objects else tuple(_lines(paths, before, after))
    return replace(result, outcome=outcome, objects=objects, texts=texts)


def _lines(paths: list[str], before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[str]:
    for path in paths:
        old, new = (side.get(path, b"").decode(errors="replace").splitlines() for side in (before, after))
        found = list(unified_diff(old, new, path, path, lineterm="", n=1))
        yield from found or [f"{path}: differs in its line ends only, or is new or gone and empty"]


def _validator(space: Workspace) -> validate.Validator:
    # A template alone is not a site: what policies and references ask for may come from the site's other templates.
    return validate.Validator(replace(space.schemas, policies=()), space.fleet.allow_kinds)
