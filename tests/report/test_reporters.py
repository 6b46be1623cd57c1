"""Each form of the problems, held to what reads it, whatever the problems say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import click
import pytest
import xmlschema
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from sarif_pydantic import Sarif
from tap.parser import Parser

from renderer.cli.commands import COMMANDS
from renderer.errors import Code
from renderer.report import REPORTERS, Report
from renderer.report.markdown import LIMIT
from renderer.types import Origin, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))
HOME = "fleets/labs/fleet.yaml"
SITES = ["berlin-01", "paris-01"]
NASTY = st.sampled_from(
    [
        *(
            "</script>",
            "]]>",
            "|a|b|",
            "`x`",
            "```\n",
            "\x1b[31m",
            "\r\n::error::x",
            "%0A",
            "a,b:c",
            "<details>",
            "-->",
        ),
        *(
            "@everyone",
            "[x](http://evil.example)",
            "www.evil.example",
            "https://evil.example",
            "![i](x)",
            "\u202e",
            "\x00",
        ),
        *(
            "# SKIP",
            "# TODO",
            "\nnot ok 9",
            "\n  ...\nok 1",
            "&amp;",
            '"',
            "'",
            "\ud800",
            "\u2028",
            "$x$",
            "~~~",
            "\n/close\n",
        ),
    ]
)
TEXT = st.lists(st.one_of(NASTY, st.text(max_size=8)), max_size=4).map("".join)
ORIGINS = st.builds(Origin, TEXT.map(lambda text: f"f/{text}"), st.integers(1, 10**6), st.integers(1, 200))
PROBLEMS = st.builds(
    Problem,
    code=st.sampled_from(list(Code)),
    what=TEXT,
    where=st.none() | ORIGINS,
    hint=TEXT,
    site=st.sampled_from([None, *SITES, "other"]),
    severity=st.sampled_from(list(Severity)),
    rendered=st.none() | ORIGINS,
    causes=st.lists(ORIGINS, max_size=3).map(tuple),
)
LISTS = st.lists(PROBLEMS, max_size=6)


def say(form: str, problems: list[Problem]) -> str:
    return REPORTERS[form](Report("validate", {}, "").about(problems, SITES, HOME))


def distinct(problems: list[Problem]) -> int:
    return len({(one.code, one.what, one.where, one.hint, one.severity) for one in problems})


def failing(problems: list[Problem]) -> set[str]:
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    return {problem.site if problem.site in SITES else HOME for problem in errors}


def seen(text: str) -> bool:
    """Whether a text has nothing that a terminal or a viewer would hide or obey."""
    return not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]", text)


@settings(deadline=None)
@given(problems=LISTS)
def test_junit_is_what_its_schema_says_and_every_subject_is_a_case(problems: list[Problem]) -> None:
    text = say("junit", problems)

    root = ET.fromstring(text)
    SCHEMA.validate(root)
    assert seen(text)
    cases = {case.attrib["name"]: case for case in root.iter("testcase")}
    assert set(cases) == {HOME, *SITES}
    assert {name for name, case in cases.items() if case.find("failure") is not None} == failing(problems)
    assert int(root.attrib["tests"]) == len(cases)
    assert int(root.attrib["failures"]) == len(failing(problems))


_POINT = re.compile(r"(not )?ok ([0-9]+) - ((?:[^#\\]|\\[#\\])+)")


def parse_tap(text: str) -> dict[str, tuple[bool, Any]]:
    """TAP 14, strictly: version, plan, points in order, each with at most one YAML block."""
    lines = text.split("\n")
    assert lines[0] == "TAP version 14"
    count = int(re.fullmatch(r"1\.\.([0-9]+)", lines[1])[1])  # type: ignore[index]
    rest = [line for line in lines[2:] if not line.startswith("#")]
    points: dict[str, tuple[bool, Any]] = {}
    while rest:
        match = _POINT.fullmatch(rest.pop(0))
        assert match, "a test point"
        assert int(match[2]) == len(points) + 1
        block: list[str] = []
        if rest and rest[0] == "  ---":
            end = rest.index("  ...")
            block, rest = rest[1:end], rest[end + 1 :]
        assert all(line.startswith("  ") for line in block)
        points[re.sub(r"\\(.)", r"\1", match[3])] = (match[1] is None, yaml.safe_load("\n".join(block)))
    assert len(points) == count
    return points


@settings(deadline=None)
@given(problems=LISTS)
def test_tap_is_understood_and_says_which_subjects_fail(problems: list[Problem]) -> None:
    text = say("tap", problems)

    points = parse_tap(text)
    assert seen(text)
    assert {name for name, (fine, _) in points.items() if not fine} == failing(problems)
    told = [problem for _, block in points.values() for problem in (block or {}).get("problems", [])]
    assert {problem["code"] for problem in told} == {problem.code.value for problem in problems}
    others = [line for line in Parser().parse_text(text) if line.category == "test"]
    assert [line.ok for line in others] == [fine for fine, _ in points.values()]
    assert not any(line.skip or line.todo for line in others)


@settings(deadline=None)
@given(problems=LISTS)
def test_sarif_has_all_that_its_readers_ask_for(problems: list[Problem]) -> None:
    text = say("sarif", problems)

    data = json.loads(text)
    Sarif.model_validate(data)
    assert seen(text)
    assert data["version"] == "2.1.0"
    (run,) = data["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) == distinct(problems)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning"}
        assert isinstance(result["message"]["text"], str)
        for place in [*result["locations"], *result.get("relatedLocations", [])]:
            physical = place["physicalLocation"]
            assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", physical["artifactLocation"]["uri"])
            assert physical["region"]["startLine"] >= 1
            assert physical["region"]["startColumn"] >= 1
    prints = [result["partialFingerprints"]["fleetpress/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


_COMMAND = re.compile(r"::(error|warning) file=([^,:]*),line=([0-9]+),col=([0-9]+),title=([^,:]*)::(.*)")


@settings(deadline=None)
@given(problems=LISTS)
def test_github_gets_one_command_for_each_problem_and_no_other(problems: list[Problem]) -> None:
    text = say("github", problems)

    lines = text.split("\n") if text else []
    assert len(lines) == distinct(problems)
    assert seen(text)
    kinds = [_COMMAND.fullmatch(line) for line in lines]
    assert all(kinds)
    assert all(re.fullmatch(r"(?:[^%]|%25|%0A|%0D)*", match[6]) for match in kinds if match)
    assert [match[1] for match in kinds if match] == sorted(match[1] for match in kinds if match)


@settings(deadline=None)
@given(problems=LISTS)
def test_gitlab_gets_the_fields_that_it_requires_with_fingerprints_of_their_own(problems: list[Problem]) -> None:
    text = say("gitlab", problems)

    entries = json.loads(text)
    assert seen(text)
    assert len(entries) == distinct(problems)
    for entry in entries:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert re.fullmatch("[0-9a-f]{64}", entry["fingerprint"])
        assert entry["location"]["path"]
        assert entry["location"]["lines"]["begin"] >= 1
        assert not entry["location"]["path"].startswith("/")
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)


@settings(deadline=None)
@given(problems=LISTS)
def test_markdown_shows_texts_and_obeys_none(problems: list[Problem]) -> None:
    text = say("markdown", problems)

    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in [*tokens, *inline]}
    assert kinds <= {
        *("heading_open", "heading_close", "inline", "paragraph_open", "paragraph_close", "html_block", "text"),
        *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "html_inline"),
        *("strong_open", "strong_close", "text_special"),
    }
    assert all(re.match("</?details>", token.content) for token in tokens if token.type == "html_block")
    assert {token.content for token in inline if token.type == "html_inline"} <= {"<br>"}
    assert len([token for token in tokens if token.type == "list_item_open"]) == distinct(problems)
    assert not re.search(r"@\w|://|(?m:^/)", text)


def test_markdown_fits_into_a_comment_and_says_what_did_not() -> None:
    problems = [
        Problem(Code.OBJECT_SCHEMA, f"{number} {'|<>é' * 200}", Origin("f", number), "do it")
        for number in range(1, 900)
    ]

    text = say("markdown", problems)

    assert len(text.encode()) <= LIMIT
    assert text.count("<details>") == text.count("</details>") == 1
    shown = text.count("\n- ")
    assert f"{899 - shown:,} more did not fit" in text


@given(problems=LISTS)
def test_text_and_json_hide_nothing(problems: list[Problem]) -> None:
    from renderer.report import problems_text

    assert seen(problems_text(problems))


@pytest.mark.parametrize("form", sorted(REPORTERS))
def test_a_form_says_the_same_each_time(form: str) -> None:
    problems = [Problem(Code.OBJECT_SCHEMA, "x", Origin("a.yaml", 3), "h", site=site) for site in SITES]

    assert say(form, problems) == say(form, problems)


def test_a_fingerprint_stays_when_lines_move() -> None:
    before, after = (
        json.loads(say("gitlab", [Problem(Code.OBJECT_SCHEMA, "x", Origin("a.yaml", line))])) for line in (3, 30)
    )

    assert before[0]["fingerprint"] == after[0]["fingerprint"]


def test_a_path_with_special_characters_is_a_path_in_every_form() -> None:
    path = "templates/app/1.0.0/{% if a, b %}x: y%z{% endif %}.yaml.jinja"
    problems = [Problem(Code.OBJECT_SCHEMA, "x", Origin(path, 3))]

    (run,) = json.loads(say("sarif", problems))["runs"]
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == path
    match = _COMMAND.fullmatch(say("github", problems))
    assert match is not None
    plain = match[2].replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
    assert plain == path
    assert json.loads(say("gitlab", problems))[0]["location"]["path"] == path


def commands(group: Mapping[str, click.Command]) -> list[click.Command]:
    found: list[click.Command] = []
    for command in group.values():
        found += commands(command.commands) if isinstance(command, click.Group) else [command]
    return found


def test_commands_offer_all_forms_or_the_two_that_say_anything() -> None:
    offered = {
        command.name: list(option.type.choices)
        for command in commands(COMMANDS)
        for option in command.params
        if option.name == "output" and isinstance(option.type, click.Choice)
    }

    assert set(map(tuple, offered.values())) == {
        tuple(REPORTERS),
        ("text", "json"),
        ("text", "wide", "csv", "json"),
        ("text", "json", "markdown", "html"),
    }
    assert {name for name, forms in offered.items() if len(forms) > 2} >= {
        "validate",
        "plan",
        "publish",
        "verify",
        "lint",
    }
