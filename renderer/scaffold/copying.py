"""The adapter over Copier, which asks people the questions of `init` and `new` and writes what they begin with.

In: questions in Copier's format and answers; or a part of the folder templates/ and answers. Out: all answers; or files
in a folder that the caller gives. Copier's exceptions become ScaffoldError.
Never: runs a task, an extension or a program, git included; reads Copier's settings or cache; or writes elsewhere.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renderer.errors import Code, ConfigurationError
from renderer.strict_yaml import load
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.types import Json

TEMPLATES = Path(__file__).parent / "templates"
_ANSWERS = "answers.json"
_REQUIRED = re.compile(r'Question "(.+)" is required')
_HINT = "correct it; nothing was written"


def packaged_questions(part: str) -> dict[str, Any]:
    """The questions of a part of templates/, by name."""
    return _mapping(TEMPLATES / "questions" / f"{part}.yml")


def packaged_settings() -> dict[str, Any]:
    """The delimiters that the questions of templates/ are written with, as a setting of copier.yml."""
    return {"_envops": _mapping(TEMPLATES / "copier.yml")["_envops"]}


def ask(
    questions: Mapping[str, Any],
    given: Mapping[str, Any],
    *,
    settings: Mapping[str, Any],
    interactive: bool,
    flag: str = "--answer",
) -> dict[str, Json]:
    """Answers to `questions`: those of `given`, of the person at the terminal if `interactive`, else the defaults.

    `questions` are as in copier.yml, `settings` its `_envops`. What else is in `given` is a variable of their texts.
    Raises ConfigurationError: for an answer that is not accepted, and, not `interactive`, for all that are missing.
    """
    if not interactive:
        refuse_missing([name for name, raw in questions.items() if name not in given and _needs_answer(raw)], flag)
    envops = settings.get("_envops", {})
    start, end = envops.get("variable_start_string", "{{"), envops.get("variable_end_string", "}}")
    with tempfile.TemporaryDirectory(prefix="fleetpress-") as folder:
        template, made = Path(folder, "template"), Path(folder, "made")
        template.mkdir()
        config = {**settings, "_templates_suffix": ".jinja", "_exclude": ["copier.yml"], **questions}
        (template / "copier.yml").write_text(json.dumps(config), encoding="utf-8")
        (template / f"{_ANSWERS}.jinja").write_text(f"{start} _copier_answers | to_json {end}", encoding="utf-8")
        _run(template, made, given, interactive=interactive)
        answers: dict[str, Json] = json.loads((made / _ANSWERS).read_bytes())
    return {name: answers[name] for name in questions if name in answers}


def fill(part: str, answers: Mapping[str, Any], target: Path) -> None:
    """Write the files of a part of templates/ into the folder `target`, which may have files of other names."""
    _run(TEMPLATES, target, {**answers, "part": part}, interactive=False)


def refuse_missing(names: Iterable[str], flag: str) -> None:
    """Raise ConfigurationError that lists `names`, if there are any."""
    missing = list(names)
    if missing:
        what = f"{'an answer is' if len(missing) == 1 else 'answers are'} missing: {', '.join(missing)}"
        example = " ".join(f"{flag} {name}=…" for name in missing)
        hint = f"add {example}, or run the command in a terminal without --defaults"
        raise ConfigurationError(what, problems=[Problem(Code.SCAFFOLD_ANSWER, what, hint=hint)])


def refuse_unknown(names: Iterable[str], known: Iterable[str]) -> None:
    """Raise ConfigurationError for the `names` that are not in `known`, with what each was probably meant to be."""
    from difflib import get_close_matches

    asked = list(known)
    problems = []
    for name in names:
        if name not in asked:
            close = get_close_matches(name, asked, n=1)
            hint = f"did you mean {close[0]}?" if close else f"the questions are {', '.join(asked)}"
            problems.append(Problem(Code.SCAFFOLD_ANSWER, f"nothing asks for {name}", hint=hint))
    if problems:
        raise ConfigurationError(problems[0].what, problems=problems)


def _needs_answer(raw: Any) -> bool:
    """Whether a question has no default and is always asked."""
    return isinstance(raw, dict) and "default" not in raw and raw.get("ask", True) is True and raw.get("when") is None


def _mapping(path: Path) -> dict[str, Any]:
    value = load(path.read_bytes(), path.name).value
    if not isinstance(value, dict):
        raise TypeError(f"{path.name} of the package must be a map")
    return value


def _run(template: Path, target: Path, answers: Mapping[str, Any], *, interactive: bool) -> None:
    from copier import Settings, run_copy

    with _quietly(), _translated():
        run_copy(
            str(template),
            target,
            data=dict(answers),
            defaults=not interactive,
            quiet=True,
            unsafe=False,
            skip_tasks=True,
            # Given explicitly, nothing is read from the user's own settings of Copier.
            settings=Settings(),
        )


@contextmanager
def _quietly() -> Iterator[None]:
    """Copier without programs on its path, and with its prompts on stderr: stdout is for results.

    Copier asks git whether a template is a repository, by `git init` in a temporary folder. The path is that of the
    library it starts programs with; the one of this process stays as it is.
    """
    from plumbum import local
    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.output import create_output

    with warnings.catch_warnings(), local.env(PATH=""), create_app_session(output=create_output(sys.stderr)):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _translated() -> Iterator[None]:
    """Whatever Copier raises, in plain words."""
    try:
        yield
    except KeyboardInterrupt:
        # Copier's own kind of it holds the answers given so far.
        raise KeyboardInterrupt from None
    except Exception as error:  # noqa: BLE001 - Copier has no common base: ValueError, pydantic's, jinja2's, its own
        what = _plain(error)
    else:
        return
    if required := _REQUIRED.search(what):
        refuse_missing([required[1]], "--answer")
    raise ConfigurationError(what, problems=[Problem(Code.SCAFFOLD_ANSWER, what, hint=_HINT)])


def _plain(error: BaseException) -> str:
    """One line that says what was wrong; Copier's InvalidTypeError says it only through its cause."""
    text = " ".join(str(error).split()) or (_plain(error.__cause__) if error.__cause__ else type(error).__name__)
    return re.sub(r"^(?:Validation error for question|Invalid choice for) '(.+?)':", r"\1 is not accepted:", text)[:500]
