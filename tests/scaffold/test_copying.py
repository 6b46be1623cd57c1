"""The adapter over Copier: what it asks at a terminal, what it writes, and how its failures are told."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input

from renderer.errors import ConfigurationError
from renderer.scaffold import ask, fill, packaged_questions, packaged_settings
from renderer.strict_yaml import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUESTIONS: dict[str, Any] = {
    "ring": {"type": "str", "choices": ["canary", "early", "broad"]},
    "count": {"type": "int", "default": 2, "validator": "{% if count > 3 %}at most 3{% endif %}"},
    "why": {"type": "str", "when": "{{ ring == 'early' }}"},
}
DOWN, ENTER, ERASE, INTERRUPT = "\x1b[B", "\r", "\x7f", "\x03"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[PipeInput]:
    """A keyboard; prompts go to a stderr that is no terminal."""
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with create_pipe_input() as keyboard, create_app_session(input=keyboard):
        yield keyboard


def test_a_person_is_asked_for_what_no_flag_answers(keys: PipeInput, capsys: pytest.CaptureFixture[str]) -> None:
    keys.send_text(DOWN + ENTER + ERASE + "9" + ENTER + ERASE + "3" + ENTER + "a pilot" + ENTER)

    answers = ask(QUESTIONS, {}, settings={}, interactive=True)

    assert answers == {"ring": "early", "count": 3, "why": "a pilot"}
    assert capsys.readouterr().out == ""


def test_a_question_whose_condition_is_false_is_not_asked(keys: PipeInput) -> None:
    keys.send_text(ENTER)

    assert ask(QUESTIONS, {"ring": "broad"}, settings={}, interactive=True) == {"ring": "broad", "count": 2}


def test_an_interruption_is_one(keys: PipeInput) -> None:
    keys.send_text(INTERRUPT)

    with pytest.raises(KeyboardInterrupt) as raised:
        ask(QUESTIONS, {}, settings={}, interactive=True)

    assert type(raised.value) is KeyboardInterrupt


def test_the_end_of_the_keyboard_is_told(keys: PipeInput) -> None:
    keys.close()

    with pytest.raises(ConfigurationError, match="Interactive session required"):
        ask(QUESTIONS, {}, settings={}, interactive=True)


@pytest.mark.parametrize(
    ("questions", "given_", "told"),
    [
        ({"a": {"type": "nonsense", "default": 1}}, {}, "Unsupported type"),
        ({"a": {"type": "int"}}, {"a": None}, "Invalid answer"),
        ({"a": {"type": "json"}}, {"a": "{"}, "Expecting"),
        ({"a": {"type": "str", "default": "{{ b }"}}, {}, "unexpected '}'"),
        ({"a": {"type": "str", "default": "{{ b.c }}"}}, {}, "'b' is undefined"),
        ({"a": {"type": "str", "secret": True}}, {"a": "x"}, "Secret question requires a default value"),
        ({"now": {"type": "str"}}, {"now": "x"}, "Invalid question name"),
        ({"a": {"type": "str", "when": "{{ x }}"}}, {"x": True}, "an answer is missing: a"),
        ({"a": {"type": "str"}, "b": {"type": "int"}, "c": {"default": 1}}, {}, "answers are missing: a, b"),
    ],
)
def test_whatever_copier_raises_is_told_in_plain_words(questions: Any, given_: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        ask(questions, given_, settings={}, interactive=False)

    (problem,) = raised.value.problems
    assert told in problem.what
    assert problem.hint
    assert "\n" not in problem.what


def test_tasks_and_extensions_never_run(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    settings_ = {"_tasks": [f"touch {proof}"], "_migrations": [{"command": f"touch {proof}"}]}

    with contextlib.suppress(ConfigurationError):
        ask({"a": {"default": 1}}, {}, settings=settings_, interactive=False)
    with pytest.raises(ConfigurationError, match="jinja_extensions"):
        ask({"a": {"default": 1}}, {}, settings={"_jinja_extensions": ["os.path"]}, interactive=False)

    assert not proof.exists()


@pytest.mark.parametrize("part", ["init", "site", "template"])
def test_packaged_questions_say_what_they_want(part: str) -> None:
    assert packaged_settings()["_envops"]["variable_start_string"] == "[["
    for raw in packaged_questions(part).values():
        assert raw["type"]
        assert raw["help"].endswith(".")


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co", "Cf", "Zl", "Zp"]))
)
WORDS = st.sampled_from(
    [
        "no",
        "Yes",
        "y",
        "ON",
        "null",
        "~",
        "1.20",
        "0644",
        "12:30",
        "2024-01-01",
        "a: b",
        "#x",
        "- a",
        "{{ x }}",
        "[[ x ]]",
        "=",
        ".inf",
        "1e3",
        "a_b",
        "<<",
        "@x",
        "ü",
        "'",
        '"',
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        WORDS | st.text("abc_-1", min_size=1), PLAIN | WORDS | st.lists(PLAIN | WORDS, max_size=3), max_size=8
    )
)
def test_a_site_file_says_what_was_answered_and_is_strict_yaml(tmp_path: Path, values: dict[str, Any]) -> None:
    (tmp_path / "x.yaml").unlink(missing_ok=True)

    fill("site", {"name": "x", "labels": {"region": "eu"}, "values": values, "schema": ""}, tmp_path)

    document = load((tmp_path / "x.yaml").read_bytes(), "x.yaml")
    assert document.value == {"labels": {"region": "eu"}, **({"values": values} if values else {})}
