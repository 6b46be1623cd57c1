"""The FoxOps reader: what it refuses and where it points, and what it shares with the other reader."""

from __future__ import annotations

import json
import random
import string
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from renderer.errors import Code, TemplateError
from renderer.render import Memo, compile_template, lint_template, rendered_digest
from renderer.types import Manifests, TemplateFile
from tests.render.foxops_oracle import VARIABLE, find_python, foxops_results
from tests.render.support import make_site, make_template, make_tree, press, problems_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from renderer.render import Template
    from renderer.types import Problem

FOLDER = "templates/sample/1.0.0"
SITE = "variables:\n  site: {type: string, description: name}\n"
NAMED = {"template/name.txt": "{{ site }}"}


def foxops(files: Mapping[str, str | bytes], config: str = "") -> Template:
    return compile_template(make_tree({"fengine.yaml": SITE + config, **NAMED, **files}))


def compile_problems(files: Mapping[str, str | bytes]) -> tuple[Problem, ...]:
    with pytest.raises(TemplateError) as raised:
        compile_template(make_tree({"fengine.yaml": SITE, **NAMED, **files}))
    return raised.value.problems


CONFIGS = {
    "variabels: {}": ("unknown key variabels", "did you mean 'variables'?", 1),
    "variables:\n  a: {type: str, description: d, defautl: x}": ("variables.a.defautl", "did you mean 'default'?", 2),
    "variables:\n\n  a: {type: strng, description: d}": (
        "no type that FoxOps knows: strng",
        "did you mean 'string'?",
        3,
    ),
    "variables:\n  a: {type: str}": ("the variable a needs a description", "add description: …", 2),
    "variables:\n  a: {type: list, description: d}": ("the list a needs an element_type", "element_type: string", 2),
    "variables:\n  a:\n    type: object\n    description: d\n    default: {}\n    children: {}": (
        "the object a cannot have a default",
        "give its children defaults",
        5,
    ),
    "variables:\n  a: {type: int, description: d, default: many}": ("expected an integer, got 'many'", "correct it", 2),
    "variables:\n  fengine: {type: str, description: d}": ("cannot be called fengine", "rename it", 2),
    "variables: {a-b: {type: str, description: d}}": ("'a-b' is no name", "letters, digits and underscores", 1),
    "rendering:\n  excluded_files:\n  - /etc/*": ("it is absolute", "relative to template/", 3),
    "rendering:\n  excluded_files:\n  - a\n  - ../b": ("leaves template/", "relative to template/", 4),
    "rendering:\n  excluded_files:\n  - d/**": ("depends on the Python that runs FoxOps", "write d/**/*", 3),
    "rendering:\n  excluded_files:\n  - a**b": ("must stand alone", "use `*`", 3),
    "rendering: {exclude: []}": ("unknown key rendering.exclude", "excluded_files", 1),
    "[]": ("fengine.yaml must be a map", "correct it", 1),
}


@pytest.mark.parametrize("config", CONFIGS)
def test_what_is_wrong_with_fengine_yaml_is_told_with_line_and_hint(config: str) -> None:
    what, hint, line = CONFIGS[config]

    problems = compile_problems({"fengine.yaml": f"{config}\n"})

    found = next(problem for problem in problems if what in problem.what)
    assert found.code is Code.TEMPLATE_CONFIG
    assert hint in found.hint
    assert str(found.where) == f"{FOLDER}/fengine.yaml:{line}"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("{{ [1] | random }}", "random"),
        ("{{ lipsum() }}", "lipsum"),
        ("{% set x = [] %}{{ x.append(1) }}", ".append()"),
        ("{% autoescape true %}{% endautoescape %}", "autoescape"),
    ],
)
def test_what_is_unsafe_is_refused_by_name_and_line(code: str, name: str) -> None:
    (problem,) = compile_problems({"template/a.txt": f"one\n{code}"})

    assert problem.code is Code.TEMPLATE_REFUSED
    assert name in problem.what
    assert problem.hint
    assert str(problem.where) == f"{FOLDER}/template/a.txt:2"


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("{{ a }}/f", "", "absolute"),
        ("{{ a }}", "/etc/passwd", "absolute"),
        ("{{ a }}/f", "/etc", "absolute"),
        ("d/{{ a }}/f", "", "empty part"),
        ("d/{{ a }}", "", "empty part"),
        ("{{ a }}", "", "empty part"),
        ("{{ a }}/f", "..", "`..`"),
        ("d/{{ a }}", "../../f", "`..`"),
        ("{{ a }}", "a\nb", "control character"),
        ("{{ a }}", ".", "names no file"),
        ("{{ a }}", ".fengine.yaml", "FoxOps keeps its own state there"),
        ("{{ a }}", "./.fengine.yaml", "FoxOps keeps its own state there"),
    ],
)
def test_a_path_that_foxops_would_write_anywhere_is_refused(path: str, value: str, reason: str) -> None:
    template = foxops({f"template/{path}": "x"}, "  a: {type: string, description: part}\n")

    (problem,) = problems_of(press(template, site=make_site(a=value)))

    assert problem.code is Code.OUTPUT_PATH
    assert reason in problem.what
    assert problem.hint
    assert str(problem.where) == f"{FOLDER}/template/{path}:1"


def test_every_value_that_does_not_fit_is_told_at_once_with_its_key() -> None:
    config = """\
  a: {type: int, description: number}
  b: {type: string, description: text}
  o:
    type: object
    description: object
    children:
      name: {type: string, description: name}
      sizes: {type: list, element_type: string, description: sizes, default: []}
"""
    site = make_site(a="x", o={"nmae": "x", "sizes": ["1", 2]}, zz=1)

    problems = problems_of(press(foxops({}, config), site=site))

    assert [(problem.code, problem.key) for problem in problems] == [
        (Code.VALUE_UNKNOWN, "zz"),
        (Code.ANSWER_INVALID, "a"),
        (Code.ANSWER_MISSING, "b"),
        (Code.VALUE_UNKNOWN, "o.nmae"),
        (Code.ANSWER_MISSING, "o.name"),
        (Code.ANSWER_INVALID, "o.sizes.1"),
    ]
    assert problems[3].hint == "did you mean 'name'?"
    assert all(problem.hint for problem in problems)


def test_an_undefined_variable_is_told_in_foxops_words() -> None:
    (problem,) = problems_of(press(foxops({"template/a.txt": "\n{{ missing }}"})))

    assert (problem.code, str(problem.where)) == (Code.TEMPLATE_UNDEFINED, f"{FOLDER}/template/a.txt:2")
    assert problem.hint == "declare it under variables in fengine.yaml, or use `default`"


def test_a_file_that_is_not_text_names_excluded_files() -> None:
    (problem,) = compile_problems({"template/logo.png": b"\x89PNG\xff"})

    assert problem.code is Code.TEMPLATE_SYNTAX
    assert "excluded_files" in problem.hint


def test_a_template_has_one_format() -> None:
    (both,) = compile_problems({"copier.yml": ""})
    (empty,) = compile_problems({"fengine.yaml": "", "template/name.txt": "{{ 'a' | b }}"})

    assert "both copier.yml and fengine.yaml" in both.what
    assert empty.code is Code.TEMPLATE_SYNTAX


def test_a_template_without_files_is_refused() -> None:
    with pytest.raises(TemplateError) as raised:
        compile_template(make_tree({"fengine.yaml": "variables: {}\n", "README.md": "x"}))

    assert "no files in template/" in raised.value.problems[0].what


def test_the_sites_name_must_be_in_a_file() -> None:
    template = compile_template(make_tree({"fengine.yaml": "variables: {}\n", "template/a": "x"}))

    (problem,) = problems_of(press(template))

    assert problem.code is Code.SITE_NOT_NAMED


def test_both_formats_in_one_site_see_what_they_ask_for_and_must_not_make_the_same_file() -> None:
    one = foxops({"template/a.txt": "{{ mtu + 1 }}"}, "  mtu: {type: int, description: size}\n")
    two = make_template({"copier.yml": "mtu: {type: str}\n", "b.txt.jinja": "{{ mtu }}"}, "two")
    three = make_template({"copier.yml": "mtu: {type: str}\n", "a.txt.jinja": "{{ mtu }}"}, "three")

    fine = press(one, two, site=make_site(mtu=1500))
    (conflict,) = problems_of(press(one, three, site=make_site(mtu=1500)))

    assert isinstance(fine, Manifests)
    assert {file.path: file.content for file in fine.files} == {
        "a.txt": b"1501",
        "b.txt": b"1500",
        "name.txt": b"lab-1",
    }
    assert conflict.code is Code.OUTPUT_CONFLICT


def test_a_sites_values_and_the_templates_defaults_are_never_shared() -> None:
    config = "  l: {type: list, element_type: string, description: texts, default: [a]}\n"
    template = foxops({"template/a.txt": "{{ l }}"}, config)

    first, second = template.answers("lab-1", {"site": "lab-1"}), template.answers("lab-2", {"site": "lab-2"})

    assert first is not None
    assert second is not None
    assert first["l"] == second["l"]
    assert first["l"] is not second["l"]
    assert template.answers("lab-1", {}) is None


def test_a_memo_changes_nothing_and_reads_are_told() -> None:
    config = "  a: {type: string, description: text}\n  o: {type: object, description: o, children: {}}\n"
    files = {
        "fengine.yaml": SITE + config,
        **NAMED,
        "template/{{ a }}.txt": "{{ a }} {{ fengine.template.repository_version }} {{ o }}",
        "template/c.txt": "constant",
        "template/raw": "{{ b }}",
    }
    files["fengine.yaml"] += "rendering: {excluded_files: [raw]}\n"
    memo = Memo()
    remembering, plain = compile_template(make_tree(files), memo), compile_template(make_tree(files))

    for number in range(40):
        site = make_site(f"lab-{number}", a="xy"[number % 2], o={})
        assert press(remembering, site=site) == press(plain, site=site)

    assert memo.counts.hits > 30
    assert memo.counts.wrong == 0
    assert plain.reads("template/{{ a }}.txt") == frozenset(
        {("a",), ("o",), ("fengine", "template", "repository_version")}
    )
    assert plain.reads("template/raw") == frozenset()


def test_modes_are_copied() -> None:
    tree = make_tree({"fengine.yaml": SITE, **NAMED, "template/run.sh": "#!/bin/sh\n"})
    runs = [TemplateFile(f.path, 0o755 if f.path.endswith(".sh") else 0o644, f.content) for f in tree.files]

    result = press(compile_template(type(tree)(tree.pin, tree.file, tuple(runs), tree.digest)))

    assert isinstance(result, Manifests)
    assert {file.path: file.mode for file in result.files} == {"name.txt": 0o644, "run.sh": 0o755}


VALUES: list[Any] = [
    "",
    "x",
    "3",
    " 7 ",
    "no",
    "YES",
    "1.0",
    0,
    1,
    5,
    -2,
    1.0,
    2.5,
    True,
    False,
    None,
    [],
    ["a"],
    [1],
    {},
]


def _random_variable(rand: random.Random, depth: int) -> dict[str, Any]:
    kind = rand.choice(["string", "integer", "boolean", "list", "object"] if depth else ["str", "int", "bool"])
    made: dict[str, Any] = {"type": kind, "description": "d"}
    if kind == "object" or (kind == "list" and rand.random() < 0.5):
        made["children"] = {name: _random_variable(rand, depth - 1) for name in rand.sample("abcd", rand.randint(0, 3))}
    if kind == "list":
        made["element_type"] = "object" if "children" in made else "string"
    if kind != "object" and rand.random() < 0.5:
        fitting: dict[str, list[Any]] = {"str": ["", "x"], "int": [0, "5", 2.0], "boo": [True, "off", 0], "lis": [[]]}
        made["default"] = rand.choice(fitting[kind[:3]] if kind != "string" else ["", "x"])
    return made


def _random_value(rand: random.Random, variable: Mapping[str, Any]) -> Any:
    if "children" not in variable or rand.random() < 0.1:
        return rand.choice(VALUES)
    if variable["type"] == "object":
        return _random_values(rand, variable["children"])
    return [_random_values(rand, variable["children"]) for _ in range(rand.randint(0, 2))]


def _random_values(rand: random.Random, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _random_value(rand, variable) for name, variable in variables.items() if rand.random() < 0.8}


@pytest.mark.slow
def test_random_variables_and_values_become_what_foxops_makes_of_them(tmp_path: Path) -> None:
    python = find_python()
    if python is None:
        pytest.skip(f"{VARIABLE} names no Python that can import foxops: what it gave stands recorded, and is compared")
    rand = random.Random(7)
    jobs, ours = [], []
    for number in range(1500):
        variables = {
            name: _random_variable(rand, 2) for name in rand.sample(string.ascii_lowercase, rand.randint(1, 3))
        }
        config = json.dumps({"variables": variables})
        body = "".join(f"{{{{ {name} | tojson }}}}\n" for name in variables)
        folder = tmp_path / str(number)
        (folder / "template").mkdir(parents=True)
        (folder / "fengine.yaml").write_text(config)
        (folder / "template" / "a").write_text(body)
        values = _random_values(rand, variables)
        jobs.append({"template": str(folder), "values": values})
        rendered = compile_template(make_tree({"fengine.yaml": config, "template/a": body})).render("s", values)
        ours.append(None if rendered.problems else rendered.files[0].content)

    theirs = [_content(result) for result in foxops_results(python, jobs)["results"]]

    assert [job for job, one, two in zip(jobs, ours, theirs, strict=True) if one != two] == []
    assert sum(one is not None for one in ours) > 200


def _content(result: Mapping[str, Any]) -> bytes | None:
    import base64

    return base64.b64decode(result["files"]["a"]["content"]) if "files" in result else None


def test_lint_tells_what_keeps_a_template_from_being_compiled_and_nothing_of_questions() -> None:
    fine = make_tree({"fengine.yaml": SITE, **NAMED, "README.md": "x", "CHANGELOG.md": "x"})
    wrong = make_tree({"fengine.yaml": SITE, **NAMED, "template/a": "{{ 1 | random }}"})

    assert lint_template(fine, {}) == []
    with pytest.raises(TemplateError) as raised:
        lint_template(wrong, {})
    assert [problem.code for problem in raised.value.problems] == [Code.TEMPLATE_REFUSED]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("", "sample"),
        ("https://git.labs.example/t/edge.git", "https://git.labs.example/t/edge.git"),
        ("git@git.labs.example:t/edge.git", "git@git.labs.example:t/edge.git"),
        ("oci://registry.labs.example/t/edge", "oci://registry.labs.example/t/edge"),
    ],
)
def test_a_template_sees_the_address_of_its_source_or_its_name(address: str, shown: str) -> None:
    text = "{{ site }} {{ fengine.template.repository }} {{ _fengine_template_repository }}"
    tree = replace(make_tree({"fengine.yaml": SITE, "template/a.txt": text}), repository=address)

    result = press(compile_template(tree))

    assert isinstance(result, Manifests)
    assert result.files[0].content.decode() == f"lab-1 {shown} {shown}"


def test_only_what_a_template_can_see_is_in_its_digest() -> None:
    foxops_tree, copier_tree = make_tree({"fengine.yaml": SITE, **NAMED}), make_tree({"copier.yml": "", "a.txt": "x"})

    assert rendered_digest(replace(foxops_tree, repository="oci://a.example/b")) != rendered_digest(foxops_tree)
    assert rendered_digest(replace(copier_tree, repository="oci://a.example/b")) == rendered_digest(copier_tree)


def test_what_to_write_in_the_place_of_append_is_told() -> None:
    (problem,) = compile_problems({"template/a.txt": "{% set a = [] %}\n{% set b = a.append(1) %}"})

    assert (problem.code, problem.where and problem.where.line) == (Code.TEMPLATE_REFUSED, 2)
    assert problem.hint.startswith("data cannot be changed: write {% set ns = namespace(items=[]) %}")
    assert "combine" not in problem.hint, "FoxOps has no such filter"
