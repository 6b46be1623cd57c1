"""Every line of a rendered file leads back to the template, and to the variables that it was made of."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer import render
from renderer.errors import Code
from renderer.fleet.locating import locate
from renderer.fleet.workspace import Workspace
from renderer.render.copier_template import CopierTemplate
from renderer.types import Digest, Manifests, Origin, Problem, Site, TemplateFile, TemplatePin, TemplateTree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
HEAD = "_subdirectory: template\n_templates_suffix: .jinja\n"


def template(questions: str, files: Mapping[str, str]) -> render.Template:
    """A template with these questions and files; `main.yaml` is the file that is asked about."""
    contents = {"copier.yml": HEAD + questions, **files}
    made = tuple(TemplateFile(path, 0o644, text.encode()) for path, text in sorted(contents.items()))
    return render.compile_template(TemplateTree(TemplatePin("app", "1.0.0"), "t", made, Digest.of(b"")))


def blames(
    questions: str, text: str, values: dict[str, Any], **files: str
) -> tuple[list[str], list[render.Blame | None]]:
    """The lines of main.yaml, and what each is blamed on."""
    others = {name.replace("__", "."): content for name, content in files.items()}
    compiled = template(questions, {"template/main.yaml.jinja": text, **others})
    site = Site("s", "sites/s.yaml", {}, values, (compiled.pin,), ())
    rendered = compiled.render("s", values)
    assert not rendered.problems
    content = next(file.content for file in rendered.files if file.path == "main.yaml")
    blamed = render.blame_lines(compiled, site, "labs", "main.yaml")
    assert blamed is not None
    assert blamed.content == content
    lines = content.decode().split("\n")
    return lines, [blamed.at(number) for number, _ in enumerate(lines, 1)]


def told(
    questions: str, text: str, values: dict[str, Any], **files: str
) -> dict[str, tuple[str, set[tuple[Any, ...]]]]:
    """Line without blanks -> (template file:line, what it reads)."""
    lines, found = blames(questions, text, values, **files)
    return {
        line.strip(): (str(blame.origin).removeprefix("t/template/"), set(blame.reads))
        for line, blame in zip(lines, found, strict=True)
        if blame
    }


def test_a_line_leads_to_the_line_with_its_expression() -> None:
    found = told("a: {type: str}\n", "x: 1\n\n{# nothing #}\ny: {{ a }}\nz: 2\n", {"a": "hello"})

    assert found["y: hello"] == ("main.yaml.jinja:4", {("a",)})
    assert found["x: 1"] == ("main.yaml.jinja:1", set())
    assert found["z: 2"] == ("main.yaml.jinja:5", set())


def test_a_loop_leads_to_what_it_goes_through() -> None:
    text = "{% for one in many %}\n- {{ one.name }}\n{%- endfor %}\n"

    found = told("many: {type: yaml}\n", text, {"many": [{"name": "x"}, {"name": "y"}]})

    assert found["- x"] == ("main.yaml.jinja:2", {("many", "name")})
    assert found["- y"] == ("main.yaml.jinja:2", {("many", "name")})


def test_a_macro_leads_to_its_own_line_and_to_what_it_was_called_with() -> None:
    text = '{% from "m.jinja" import pair %}\n{{ pair("k", b) }}\n{{ pair(value=a, key="j") | indent(2) }}\n'
    macro = "{% macro pair(key, value) %}\n{{ key }}: {{ value }}\nconstant: 1\n{% endmacro %}\n"

    found = told("a: {type: str}\nb: {type: str}\n", text, {"a": "first", "b": "second"}, m__jinja=macro)

    assert found["k: second"] == ("t/m.jinja:2", {("b",)})
    assert found["j: first"] == ("t/m.jinja:2", {("a",)})


def test_an_include_leads_into_the_included_file() -> None:
    found = told("a: {type: str}\n", '{% include "part.jinja" %}\n', {"a": "v"}, part__jinja="one: 1\ntwo: {{ a }}\n")

    assert found["two: v"] == ("t/part.jinja:2", {("a",)})
    assert found["one: 1"] == ("t/part.jinja:1", set())


def test_a_filtered_block_a_set_block_and_a_call_block_lead_to_their_lines() -> None:
    text = (
        "{% filter indent(4) %}\nfiltered: {{ a }}\nmore: 1\n{% endfilter %}\n"
        "{% set kept %}\nkept: {{ b }}\n{% endset %}\n\n{{ kept | trim | upper | lower }}\n"
        "{% macro frame(title) %}\n# {{ title }}\n{{ caller() }}{% endmacro %}"
        "{% call frame(a) %}\ninside: {{ b }}\n{% endcall %}\n"
    )

    found = told("a: {type: str}\nb: {type: str}\n", text, {"a": "va", "b": "vb"})

    assert found["filtered: va"] == ("main.yaml.jinja:2", {("a",)})
    assert found["more: 1"][0] == "main.yaml.jinja:3"
    assert found["kept: vb"] == ("main.yaml.jinja:6", {("b",)})
    assert found["inside: vb"] == ("main.yaml.jinja:13", {("b",)})
    assert found["# va"] == ("main.yaml.jinja:11", {("a",)})


def test_a_recursive_loop_and_a_block_printed_twice_lead_to_their_lines() -> None:
    text = (
        "{% for node in tree recursive %}\n- {{ node.n }}\n{{ loop(node.c) }}{% endfor %}\n"
        "{% block b %}block: {{ a }}\n{% endblock %}{{ self.b() }}"
    )

    found = told(
        "a: {type: str}\ntree: {type: yaml}\n", text, {"a": "va", "tree": [{"n": 1, "c": [{"n": 2, "c": []}]}]}
    )

    assert found["- 1"][0] == found["- 2"][0] == "main.yaml.jinja:2"
    assert found["block: va"] == ("main.yaml.jinja:4", {("a",)})


def test_a_value_that_was_renamed_on_its_way_is_still_found() -> None:
    text = "{% set net = network %}{% with size = net.mtu %}\nmtu: {{ size }}\n{% endwith %}\n"

    found = told("network: {type: yaml}\n", text, {"network": {"mtu": 1400, "other": 1}})

    assert found["mtu: 1400"] == ("main.yaml.jinja:2", {("network", "mtu")})


def test_a_line_without_a_value_names_the_condition_it_stands_in() -> None:
    text = "{% if a == 'x' %}{% for n in range(2) %}\nhost: true\n{% endfor %}{% endif %}\n"

    assert told("a: {type: str}\n", text, {"a": "x"})["host: true"] == ("main.yaml.jinja:2", {("a",)})


def test_the_line_of_a_key_names_what_the_next_line_holds() -> None:
    found = told("a: {type: yaml}\n", "args:\n  {{ a | to_nice_yaml | indent(2) }}\n", {"a": [1, 2]})

    assert found["args:"] == ("main.yaml.jinja:1", {("a",)})


def test_a_default_leads_to_its_question_and_to_what_it_is_made_of() -> None:
    questions = "a: {type: str}\nb:\n  type: str\n  default: '{{ a }}-b'\n"

    _, found = blames(questions, "{{ b }}\n", {"a": "x"})

    assert found[0] is not None
    assert found[0].reads == (("a",),)
    assert list(map(str, found[0].defaults)) == ["t/copier.yml:4"]


def test_a_copied_file_leads_to_itself() -> None:
    compiled = template("a: {type: str, default: x}\n", {"template/main.yaml": "x: 1\ny: 2\n"})
    site = Site("s", "sites/s.yaml", {}, {}, (compiled.pin,), ())

    blamed = render.blame_lines(compiled, site, "labs", "main.yaml")

    assert blamed is not None
    assert str(blamed.at(2)) == str(render.Blame(Origin("t/template/main.yaml", 2)))
    assert blamed.at(9) is None
    assert render.blame_lines(compiled, site, "labs", "other.yaml") is None


def test_other_delimiters_and_trimmed_blocks_change_nothing() -> None:
    head = "_envops: {trim_blocks: true, lstrip_blocks: true, block_start_string: '[%', block_end_string: '%]'}\n"

    found = told(f"{head}a: {{type: str}}\n", "  [% if a %]\nb: {{ a }}\n  [% endif %]\nc: 1\n", {"a": "x"})

    assert found["b: x"] == ("main.yaml.jinja:2", {("a",)})
    assert found["c: 1"][0] == "main.yaml.jinja:4"


WORDS = st.text("ab {}%#\n:-'|", max_size=12)
SNIPPETS = st.sampled_from(
    [
        "x: {{ a }}\n",
        "{% if a %}yes\n{% else %}no\n{% endif %}",
        "{% for n in many %}- {{ n }}\n{% endfor %}",
        "{% macro m(p) %}<{{ p }}\n{% endmacro %}",
        "{% macro m(p) %}<{{ p }}\n{% endmacro %}{{ m(a) }}{{ m(b) | indent(3) }}",
        "{% set s %}{{ b }}\n{% endset %}{{ s }}{{ s | trim }}\n",
        "{% filter upper %}{{ a }}\n{% endfilter %}",
        "{%- raw %}{{ raw }}{% endraw %}\n",
        "{# comment\n over lines #}\n",
        "{{ [a, b] | join(',') }}\n",
        "{% set ns = namespace(v=a) %}{% for n in many %}{% set ns.v = n %}{% endfor %}{{ ns.v }}\n",
        "{{ many | to_nice_yaml | indent(2) }}\n",
        "{% macro w() %}[{{ caller() }}]{% endmacro %}{% call w() %}\n{{ a }}\n{% endcall %}",
        "plain: text\n\n  indented: 1\n",
    ]
)


@settings(max_examples=150, deadline=None)
@given(parts=st.lists(SNIPPETS, max_size=8), a=WORDS, b=WORDS, many=st.lists(WORDS, max_size=3))
def test_marks_never_change_what_is_rendered_and_every_line_is_explained(
    parts: list[str], a: str, b: str, many: list[str]
) -> None:
    values = {"a": a, "b": b, "many": many}

    lines, found = blames("a: {type: str}\nb: {type: str}\nmany: {type: yaml}\n", "".join(parts), values)

    for line, blame in zip(lines, found, strict=True):
        assert blame is not None or not line.strip()


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict[str, str]]:
    """The sample fleet with a word of its own in every text value of one layer and one site: word -> file:line."""
    repository = tmp_path_factory.mktemp("planted")
    for folder in ("fleets", "templates", "schemas"):
        shutil.copytree(ROOT / folder, repository / folder)
    places: dict[str, str] = {}
    for name in ("layers/global.yaml", "layers/regions/eu.yaml", "layers/countries/de.yaml"):
        path = repository / "fleets/labs" / name
        path.write_text("\n".join(_plant(path.read_text().split("\n"), f"fleets/labs/{name}", places)))
    return Workspace(repository / "fleets/labs"), places


def _plant(lines: list[str], file: str, places: dict[str, str]) -> Iterator[str]:
    """Put a word before every host below `.labs.example`."""
    for number, line in enumerate(lines, 1):
        word = f"planted{len(places)}x"
        planted = re.sub(r"(?=\b[a-z0-9-]+(?:\.[a-z]+)*\.labs\.example\b)", f"{word}.", line, count=1)
        if planted != line:
            places[word] = f"{file}:{number}"
        yield planted


@pytest.mark.slow
def test_every_planted_value_of_the_sample_is_blamed_on_its_layer_line(
    planted: tuple[Workspace, dict[str, str]],
) -> None:
    space, places = planted
    site = space.site(space.file("berlin-spreelab-01"))
    assert isinstance(site, Site)
    templates = [render.compile_template(space.tree(pin)) for pin in site.templates]
    manifests = render.render_site(site, space.fleet.name, templates)
    assert isinstance(manifests, Manifests)
    seen: set[str] = set()
    for file in manifests.files:
        for number, line in enumerate(file.content.decode().split("\n"), 1):
            words = [word for word in places if word in line]
            if not words:
                continue
            rendered = Problem(Code.OBJECT_SCHEMA, "x", Origin(file.path, number), site=site.name)
            (problem,) = locate(space, [rendered])
            assert problem.where is not None
            assert problem.rendered == Origin(file.path, number)
            source = (space.fleet.repository / problem.where.file).read_text().split("\n")
            assert "{{" in source[problem.where.line - 1], (str(problem.where), line)
            assert {places[word] for word in words} <= set(map(str, problem.causes)), line
            seen.update(words)
    assert seen == set(places)


@pytest.mark.slow
def test_every_line_of_the_sample_is_explained(planted: tuple[Workspace, dict[str, str]]) -> None:
    space, _ = planted
    for name in ("berlin-spreelab-01", next(iter(space.index.sites))):
        site = space.site(space.file(name))
        assert isinstance(site, Site)
        for pin in site.templates:
            compiled = render.compile_template(space.tree(pin))
            assert isinstance(compiled, CopierTemplate)
            for file in compiled.render(site.name, {**site.values, **site.labels, "site": name, "fleet": "labs"}).files:
                blamed = render.blame_lines(compiled, site, "labs", file.path)
                assert blamed is not None
                assert blamed.content == file.content
                assert all(blamed.at(line) for line in range(1, file.content.count(b"\n") + 1))


def test_a_template_in_the_foxops_format_is_explained_too() -> None:
    files = {
        "fengine.yaml": "variables:\n  a: {type: str, description: d}\n  b: {type: str, description: d, default: x}\n",
        "template/main.yaml": "one: 1\na: {{ a }}\nb: {{ b }}\n",
    }
    made = tuple(TemplateFile(path, 0o644, text.encode()) for path, text in sorted(files.items()))
    compiled = render.compile_template(TemplateTree(TemplatePin("app", "1.0.0"), "t", made, Digest.of(b"")))
    site = Site("s", "sites/s.yaml", {}, {"a": "v"}, (compiled.pin,), ())

    blamed = render.blame_lines(compiled, site, "labs", "main.yaml")

    assert blamed is not None
    second, third = blamed.at(2), blamed.at(3)
    assert second is not None
    assert third is not None
    assert (str(second.origin), second.reads) == ("t/template/main.yaml:2", (("a",),))
    assert list(map(str, third.defaults)) == ["t/fengine.yaml:3"]
