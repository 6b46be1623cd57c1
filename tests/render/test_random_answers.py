"""Random answers to a template with every type of question: what Copier renders, or an error in both."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.render import compile_template
from tests.render.oracle import Files, copier_files, read_tree

CONFIG = """
text: {type: str, default: "d"}
count: {type: int, default: 2}
ratio: {type: float, default: 0.5}
flag: {type: bool, default: true}
data: {type: yaml, default: {a: [1, two]}}
doc: {type: json, default: "{}"}
where: {type: path, default: a/b}
pick: {type: str, default: one, choices: [one, two, "3"]}
number: {type: int, default: 1, choices: {One: 1, Two: 2}}
several: {type: str, multiselect: true, default: [one], choices: [one, two, "3"]}
checked: {type: str, default: ok, validator: "{% if checked | length > 5 %}too long{% endif %}"}
maybe: {type: str, default: "{{ text }}-{{ count }}", when: "{{ flag }}"}
computed: {type: yaml, default: "[{{ count }}, {{ flag | lower }}]", when: false}
"""
BODY = """{% for name, value in [("text", text), ("count", count), ("ratio", ratio), ("flag", flag), ("data", data),
("doc", doc), ("where", where), ("pick", pick), ("number", number), ("several", several), ("checked", checked),
("maybe", maybe), ("computed", computed)] %}{{ name }}: {{ value }} {{ value | to_json }}
{{ value | to_nice_yaml }}{% endfor %}"""

NAMES = [line.partition(":")[0] for line in CONFIG.strip().splitlines()]
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["one", "two", "3", "2", "1.5", "true", "false", "x", "", "[1, 2]", "{a: b}", '{"a": null}', "{", "é"]
    )
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abk"), inner, max_size=3),
    max_leaves=6,
)
answers = st.dictionaries(st.sampled_from(NAMES), values, max_size=5)


def _compare(data: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "template"), Path(folder, "site-1")
        source.mkdir()
        (source / "copier.yml").write_text(CONFIG)
        (source / "out.txt.jinja").write_text(BODY)
        expected: Files | None
        try:
            expected = copier_files(source, target, data)
        except Exception:  # noqa: BLE001 - Copier raises all kinds of them
            expected = None
        rendered = compile_template(read_tree(source)).render("site-1", data)
    if expected is None:
        assert rendered.problems
    else:
        assert rendered.problems == ()
        assert {file.path: (file.content, file.mode) for file in rendered.files} == expected


@given(data=answers)
@settings(max_examples=15, deadline=None)
def test_random_answers_render_alike(data: dict[str, Any]) -> None:
    _compare(data)


@pytest.mark.slow
@given(data=answers)
@settings(max_examples=400, deadline=None)
def test_many_random_answers_render_alike(data: dict[str, Any]) -> None:
    _compare(data)
