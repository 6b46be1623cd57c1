"""What FoxOps and Copier keep becomes site files that say the same, to every YAML parser."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from renderer import strict_yaml
from renderer.errors import Code, ConfigurationError
from renderer.scaffold import Rules, Tool, draft_site, read_record, site_file, unpin, unwritable, without_user
from renderer.types import Severity

ALLOWED = {"region": ("eu", "us"), "country": ("de", "no")}
RULES = Rules({"https://git.example/base.git": "base"}, {"main": "next"}, {}, {"base": ("1.0.0", "v2")}, ALLOWED)

TRAPS = [
    *("yes", "no", "on", "off", "y", "n", "Y", "N", "True", "null", "~", "0644", "0o17", "1_000", "0x1f", "12:30:45"),
    *("22:22", "2024-01-01", "1e3", "8728e5", "1.20", ".5", "1.", "+1", "=", "<<", ".inf"),
]
TEXTS = st.one_of(
    st.sampled_from(
        [*TRAPS, "", " x ", "a: b", "# c", "- x", "x\ny\n", "x\n\n ", "%YAML", "{{ a }}", "\t", "é\x85\u2028"]
    ),
    st.text(max_size=30),
)
DATA = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(), TEXTS, st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


def foxops(data: str, version: str = "v1.0.0", repository: str = "https://git.example/base.git") -> Any:
    text = (
        "# This file is auto-generated and owned by foxops.\n"
        f"template_repository: {repository}\ntemplate_repository_version: {version}\n"
        f"template_repository_version_hash: {'0' * 40}\ntemplate_data:\n{data}"
        "template_data_full:\n  filled: in\n"
    )
    return read_record(Tool.FOXOPS, text.encode(), "lab/.fengine.yaml")


@given(st.dictionaries(TEXTS, DATA, max_size=5))
def test_what_is_written_reads_back_as_the_same_values(values: dict[str, Any]) -> None:
    kept = {key: value for key, value in values.items() if value is not None and not list(unwritable(value, (key,)))}
    kept = {key: value for key, value in kept.items() if not list(unwritable({key: value}))}

    text = site_file({"region": "eu", "country": "no"}, {"base": "1.10"}, kept)

    expected = {"labels": {"region": "eu", "country": "no"}, "templates": {"base": "1.10"}}
    if kept:
        expected["values"] = kept
    assert json.dumps(strict_yaml.load(text, "site").value) == json.dumps(expected)
    assert json.dumps(yaml.safe_load(text)) == json.dumps(expected)


@pytest.mark.parametrize("text", TRAPS)
def test_what_yaml_1_1_reads_as_something_else_is_quoted(text: str) -> None:
    written = site_file({"country": text}, {"base": text}, {"a": text, text: "b", "l": [text]}).decode()

    assert written.count(f'"{text}"') == 5


@pytest.mark.parametrize(
    ("plain", "value"),
    [
        *((word, word) for word in ("no", "on", "y", "Yes", "OFF", "12:30:45", "22:22", "tRue")),
        *(("0644", 644), ("0o17", 15), ("0x1f", 31), ("1_000", 1000), ("+1", 1)),
        *(("1.20", 1.2), (".5", 0.5), ("1e3", 1000.0)),
    ],
)
def test_a_plain_text_means_to_foxops_what_yaml_1_2_says(plain: str, value: Any) -> None:
    found = foxops(f"  a: {plain}\n").values["a"]

    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("plain", ["2024-01-01", "2024-01-01T00:00:00Z", ".inf", ".nan", "=", "!x y"])
def test_what_no_plain_data_can_say_is_refused_with_its_line(plain: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        foxops(f"  a: {plain}\n")

    assert raised.value.problems[0].where is not None
    assert str(raised.value.problems[0].where) == "lab/.fengine.yaml:6"


def test_copiers_answers_are_read_as_copier_reads_them() -> None:
    text = b"# Changed by Copier\n_commit: v1.0.0\n_src_path: gh:labs/base\na: no\nb: 0o17\nc: 010\nd: 'no'\n"

    record = read_record(Tool.COPIER, text, "lab/.copier-answers.yml")

    assert (record.template, record.version) == ("gh:labs/base", "v1.0.0")
    assert dict(record.values) == {key: value for key, value in yaml.safe_load(text).items() if key[0] != "_"}
    assert record.values["a"] is False


def test_a_record_becomes_a_site_with_pin_labels_and_values() -> None:
    record = foxops("  country: no\n  region: eu\n  site: lab-1\n  fleet: labs\n  mtu: 1500\n  o: {name: x}\n")

    draft = draft_site("lab-1", [record], RULES, {}, "labs")

    assert draft.problems == []
    assert draft.labels == {"region": "eu", "country": "no"}
    assert draft.templates == {"base": "1.0.0"}
    assert draft.values == {"mtu": 1500, "o": {"name": "x"}}


def test_given_labels_win_and_free_ones_are_added() -> None:
    draft = draft_site(
        "lab-1", [foxops("  region: us\n  country: de\n")], RULES, {"region": "eu", "floor": "3"}, "labs"
    )

    assert draft.labels == {"country": "de", "region": "eu", "floor": "3"}
    (problem,) = draft.problems
    assert (problem.code, problem.key, problem.severity) == (Code.IMPORT_LEFT_OUT, "region", Severity.WARNING)
    assert draft.usable


def test_versions_are_mapped_kept_or_freed_of_their_v() -> None:
    def pin(version: str) -> dict[str, str]:
        return draft_site("a", [foxops("  region: eu\n  country: de\n", version)], RULES, {}, "labs").templates

    assert pin("main") == {"base": "next"}
    assert pin("v1.0.0") == {"base": "1.0.0"}
    assert pin("1.0.0") == {"base": "1.0.0"}
    assert pin("v2") == {"base": "v2"}
    assert pin("v9") == {}


def test_everything_that_stands_against_a_site_is_told_with_a_hint() -> None:
    record = foxops("  region: mars\n  x: 1\n", "v9")

    draft = draft_site("Lab_1", [record], RULES, {}, "labs")

    assert [problem.code for problem in draft.problems] == [
        Code.SITE_NAME,
        Code.TEMPLATE_MISSING,
        Code.SITE_LABEL,
        Code.SITE_LABEL,
    ]
    assert all(problem.hint and problem.where and problem.site == "Lab_1" for problem in draft.problems)
    assert not draft.usable


def test_what_cannot_be_carried_over_is_left_out_and_told_with_its_line() -> None:
    record = foxops(
        "  region: eu\n  country: de\n  a: null\n  o:\n    b: null\n    c: 1\n    d: {e: 1e20}\n  l: [1e400, 2]\n"
        "  site: other\n"
    )

    draft = draft_site("lab-1", [record], RULES, {}, "labs")

    assert draft.usable
    assert draft.values == {"o": {"c": 1, "d": {}}}
    assert [(problem.key, problem.where.line if problem.where else 0) for problem in draft.problems] == [
        ("a", 8),
        ("o.b", 10),
        ("o.d.e", 12),
        ("l.0", 13),
        ("site", 14),
    ]
    assert all(problem.code is Code.IMPORT_LEFT_OUT and problem.hint for problem in draft.problems)


def test_several_records_of_a_site_join_unless_they_disagree() -> None:
    rules = Rules(
        {"one": "one", "two": "two"}, {}, {"region": "eu", "country": "de"}, {"one": ("1",), "two": ("2",)}, ALLOWED
    )
    first = read_record(Tool.COPIER, b"_src_path: one\n_commit: '1'\na: 1\nb: x\n", "f")
    second = read_record(Tool.COPIER, b"_src_path: two\n_commit: '2'\na: 1\nb: z\n", "g")

    draft = draft_site("lab-1", [first, second], rules, {}, "labs")

    assert draft.templates == {"one": "1", "two": "2"}
    assert draft.values == {"a": 1, "b": "x"}
    assert [(problem.code, problem.key) for problem in draft.problems] == [(Code.SITE_DUPLICATE, "b")]


def test_a_user_and_token_in_an_address_are_never_told() -> None:
    record = foxops("  x: 1\n", repository="https://oauth2:s3cret@git.example/other.git")

    draft = draft_site("lab-1", [record], RULES, {}, "labs")

    assert without_user("https://u:p@git.example/x@y") == "https://git.example/x@y"
    assert not any("s3cret" in f"{problem.what}{problem.hint}" for problem in draft.problems)
    assert any("https://git.example/other.git=NAME" in problem.hint for problem in draft.problems)


def test_unpinning_drops_what_makes_no_difference_and_nothing_else() -> None:
    def answers(values: Any) -> dict[str, Any]:
        a = values.get("a", 1)
        return {"a": a, "b": values.get("b", a * 2), "c": values.get("c", "x")}

    assert unpin({"a": 1, "b": 2, "c": "y"}, answers) == ({"c": "y"}, ["a", "b"])
    assert unpin({"a": 2, "b": 2}, answers) == ({"a": 2, "b": 2}, [])
    assert unpin({"a": 1}, lambda _: None) == ({"a": 1}, [])


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"a: [", b"template_data: {}\n", b"x: " + b"[" * 100_000, b"a: &a [*a]\n", b"\xff", b"a: 1\na: 2\n"],
)
@pytest.mark.parametrize("tool", Tool)
def test_a_file_that_is_none_of_the_tools_is_a_problem(tool: Tool, content: bytes) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_record(tool, content, "lab/file")

    assert all(problem.hint and problem.where for problem in raised.value.problems)
