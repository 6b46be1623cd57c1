"""What is remembered from other sites is, byte for byte, what a site renders to; a wrong memo is noticed."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any
from zlib import crc32

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from renderer.errors import Code
from renderer.render import Memo, compile_template, memo, reads
from renderer.render.filters import ANSIBLE
from renderer.render.keys import Keyer
from tests.render.shapes import NAMES, PARTS, PATHS, SHAPES, contexts, files_of
from tests.render.support import make_template, make_tree

if TYPE_CHECKING:
    from renderer.render import Rendered, Template

ALL = (*SHAPES, *PATHS, "questions")


@cache
def plain(shape: str) -> Template:
    return make_template(files_of(shape), "memo")


def remembering(shape: str, store: Memo) -> Template:
    return compile_template(make_tree(files_of(shape), "memo"), store)


def outcome(rendered: Rendered) -> Any:
    if rendered.problems:
        return [(problem.code, problem.what, problem.where, problem.hint, problem.key) for problem in rendered.problems]
    return [(file.path, file.content, file.mode, file.source) for file in rendered.files]


def reference(shape: str, context: dict[str, Any]) -> str | None:
    """Jinja by itself: no sandbox, no limits, nothing compiled before; None for an error."""
    answers = plain(shape).answers(context["site"], context)
    assert answers is not None
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(PARTS),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    environment.filters.update(ANSIBLE)
    conf = {"answers_file": ".copier-answers.yml", "vcs_ref": "1.0.0"}
    try:
        return environment.from_string(SHAPES[shape]).render(**answers, _folder_name=context["site"], _copier_conf=conf)
    except Exception:  # noqa: BLE001 - templates raise all kinds of them
        return None


def compare(shapes: tuple[str, ...], store: Memo, random: Random, count: int) -> None:
    """Sites one after the other, templates in turns, everything in one memo."""
    templates = {shape: remembering(shape, store) for shape in shapes}
    for context in contexts(random, count):
        for shape, template in templates.items():
            expected = plain(shape).render(context["site"], context)
            assert outcome(template.render(context["site"], context)) == outcome(expected), (shape, context)
            if shape in SHAPES and not expected.problems:
                assert [file.content.decode() for file in expected.files] == [reference(shape, context)], (
                    shape,
                    context,
                )


@pytest.mark.parametrize("limit", [0, 3000, 1 << 24], ids=["no room", "little room", "room"])
def test_a_memo_changes_no_byte(limit: int) -> None:
    store = Memo(limit)

    compare(ALL, store, Random(limit), 30)

    assert len(ALL) >= 60
    assert store.counts.wrong == 0
    assert (store.counts.hits > 1000) == (limit > 3000)
    assert (store.counts.forgotten > 100) == (limit == 3000)


@pytest.mark.slow
@pytest.mark.parametrize("shape", ALL)
def test_a_memo_changes_no_byte_for_thousands_of_sites(shape: str) -> None:
    store = Memo()

    compare((shape,), store, Random(shape), 4000)

    assert store.counts.wrong == 0


@pytest.mark.slow
def test_a_memo_changes_no_byte_whatever_the_order() -> None:
    for seed in range(12):
        random = Random(seed)
        shapes = tuple(random.sample(ALL, len(ALL)))
        compare(shapes, Memo(random.choice([5000, 20_000, 1 << 22])), random, 150)


values = st.recursive(
    st.sampled_from([0, 1, True, False, 1.0, -0.0, None, "a", "k", "map"]) | st.floats() | st.text("ak1", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["k", "m", "items"]), inner, max_size=3)
    ),
    max_leaves=6,
)
sites = st.fixed_dictionaries({"site": st.sampled_from(["s-1", "s-2"])}, optional=dict.fromkeys(NAMES, values))


def _sequence_is_unchanged(shape: str, fleet: list[dict[str, Any]]) -> None:
    template = remembering(shape, Memo())
    for context in (*fleet, *reversed(fleet)):
        expected = plain(shape).render(context["site"], context)
        assert outcome(template.render(context["site"], context)) == outcome(expected)


@given(shape=st.sampled_from(ALL), fleet=st.lists(sites, min_size=2, max_size=4))
@settings(max_examples=80, deadline=None)
def test_any_sequence_of_sites_renders_alike(shape: str, fleet: list[dict[str, Any]]) -> None:
    _sequence_is_unchanged(shape, fleet)


@pytest.mark.slow
@given(shape=st.sampled_from(ALL), fleet=st.lists(sites, min_size=2, max_size=4))
@settings(max_examples=5000, deadline=None)
def test_any_of_thousands_of_sequences_renders_alike(shape: str, fleet: list[dict[str, Any]]) -> None:
    _sequence_is_unchanged(shape, fleet)


# Sites that a careless key would take for each other.
TRAPS: dict[str, tuple[str, Any, Any]] = {
    "a method and a member of one name": ("{{ a.items() | list }}", {"items": 1, "k": 1}, {"items": 1, "k": 2}),
    "another method": ("{{ a.get('k') }}", {"get": 1, "k": 1}, {"get": 1, "k": 2}),
    "one and true": ("{{ a }}", 1, True),
    "one and 1.0": ("{{ a.k }}", {"k": 1}, {"k": 1.0}),
    "two zeros": ("{{ a }}", 0.0, -0.0),
    "a number and a text": ("{{ a.k is string }}", {"k": 1}, {"k": "1"}),
    "null and nothing": ("{{ a.k is defined }}", {"k": None}, {}),
    "the order of keys": ("{{ a }}", {"k": 1, "m": 2}, {"m": 2, "k": 1}),
    "the order of keys further down": ("{{ a | to_yaml(sort_keys=false) }}", [{"k": 1, "m": 2}], [{"m": 2, "k": 1}]),
    "a member, and a parent that is like one": ("{{ a.k is defined }}", {"k": {"m": 1}}, {"m": 1}),
    "a missing member, and what is there": ("{{ a.k.m | default(a.k | length) }}", {"k": "ab"}, {"k": "abc"}),
    "a member of a text": ("{{ a.k.upper() }}", {"k": "ab"}, {"k": "cd"}),
    "an index from behind": ("{{ a[-1] }}", [1, 2], [1, 2, 3]),
    "a computed subscript": ("{{ a[['k', 'm'][1]] }}", {"k": 1, "m": 1}, {"k": 1, "m": 2}),
    "an alias": ("{% set x = a %}{{ x.k }}", {"k": 1}, {"k": 2}),
    "a list and a mapping": ("{{ a | length }}{{ a }}", [], {}),
    "a name that is a global too": ("{{ range(1) | list }}{{ dict(k=a) }}", 1, 2),
    "an include": ("{% include 'part.jinja' %}", {"k": 1}, {"k": 2}),
    "an import with context": ("{% import 'macros.jinja' as m with context %}{{ m.of_a() }}", {"k": 1}, {"k": 2}),
    "a parent": ("{% extends 'base.jinja' %}", {"k": 1}, {"k": 2}),
    "two files in two ways": (
        "{% import 'macros.jinja' as m %}{% from 'macros.jinja' import of_a with context %}{{ of_a() }}",
        {"k": 1},
        {"k": 2},
    ),
}


@pytest.mark.parametrize(("text", "one", "other"), TRAPS.values(), ids=TRAPS)
def test_nearly_equal_sites_are_told_apart(text: str, one: Any, other: Any) -> None:
    config = "_subdirectory: t\na: {type: yaml}\nb: {type: yaml, default: {}}\n"
    files = {**PARTS, "copier.yml": config, "t/out.txt.jinja": text}
    template, fresh = compile_template(make_tree(files), Memo()), make_template(files)

    for value in (one, other, one, other):
        expected = fresh.render("lab", {"a": value})
        assert not expected.problems
        assert outcome(template.render("lab", {"a": value})) == outcome(expected)


NEVER = {
    "computed include",
    "conditional include",
    "identity",
    "identity by name",
    "test by computed name",
    "map of a computed filter",
}


def test_what_is_not_known_is_not_remembered_and_all_else_is() -> None:
    made = {shape: remembering(shape, Memo()).steps for shape in SHAPES}  # type: ignore[attr-defined]

    assert {shape for shape, steps in made.items() if not steps.contents} == NEVER
    assert remembering("yielded", Memo()).steps.paths == {}  # type: ignore[attr-defined]


def test_an_answers_file_that_is_included_is_read_like_any_other() -> None:
    files = {
        "copier.yml": "_subdirectory: t\na: x\n",
        "t/.copier-answers.yml.jinja": "{{ a }}",
        "t/out.txt.jinja": "{% include 't/.copier-answers.yml.jinja' %}",
    }
    template = compile_template(make_tree(files), Memo())

    assert [template.render("lab", {"a": a}).files[0].content for a in "yzy"] == [b"y", b"z", b"y"]


def test_a_name_depends_on_the_answers_files_name_and_on_the_subdirectory() -> None:
    config = "_subdirectory: '{{ a }}'\n_answers_file: '{{ b }}'\na: x\nb: q\nc: z\n"
    template = compile_template(make_tree({"copier.yml": config, "x/y/{{ c }}.txt": "1"}), Memo())
    cases = [
        ("x", "y", []),
        ("x", "n", ["y/z.txt"]),
        ("x/y", "y", ["z.txt"]),
        ("x/y", "z.txt", []),
        ("x", "n", ["y/z.txt"]),
    ]

    for a, b, paths in cases:
        assert [file.path for file in template.render("lab", {"a": a, "b": b}).files] == paths


@pytest.mark.parametrize("value", [float("nan"), -float("nan"), [{"k": float("nan")}], object(), Markup("x")])
def test_values_of_which_bytes_do_not_tell_all_have_no_key(value: Any) -> None:
    assert Keyer(b"salt", [("a",)])({"a": value}) is None
    assert Keyer(b"salt", [("a",)])({"a": 1.5}) is not None


def test_what_one_site_yields_is_not_taken_for_another_variable() -> None:
    files = {
        "copier.yml": "_subdirectory: t\na: {type: yaml}\n",
        "t/{% yield b from a %}{{ b }}{% endyield %}.jinja": "{{ b }}",
    }
    template = compile_template(make_tree(files), Memo())

    rendered = template.render("lab", {"a": ["x", "y"]})

    assert {file.path: file.content for file in rendered.files} == {"x": b"x", "y": b"y"}


WRONG = {
    "copier.yml": "_subdirectory: t\nsite: {type: str}\na: x\n",
    "t/a.txt.jinja": "{{ site }}{{ a }}",
    "t/b.txt.jinja": "{{ a }}",
}


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """An analysis that overlooks the variable `site`."""
    real = reads.read_paths

    def overlooking(*arguments: Any) -> Any:
        return (path for path in real(*arguments) if path != ("site",))

    monkeypatch.setattr(reads, "read_paths", overlooking)


def _render(template: Template, name: str) -> Rendered:
    return template.render(name, {"site": name, "a": "y"})


@pytest.mark.usefixtures("forgetful")
def test_a_wrong_memo_is_noticed_and_not_asked_again() -> None:
    store = Memo()
    template = compile_template(make_tree(WRONG), store)
    names = [f"lab-{number}" for number in range(3000)]
    step = template.steps.contents["t/a.txt.jinja"]  # type: ignore[attr-defined]
    checked = [name for name in names[1:] if (step.bucket ^ crc32(name.encode())) % memo.CHECK_ONE_IN == 0]

    found = {name: _render(template, name) for name in names}

    (noticed,) = [name for name, rendered in found.items() if rendered.problems]
    assert noticed == checked[0], "which hits are rendered again depends on the site's name and the file alone"
    (problem,) = found[noticed].problems
    assert (problem.code, str(problem.where)) == (Code.MEMO_WRONG, "templates/sample/1.0.0/t/a.txt.jinja:1")
    assert "FLEETPRESS_MEMO=off" in problem.hint
    after = names[names.index(noticed) :]
    assert all(found[name].files[0].content == f"{name}y".encode() for name in after), "the fresh bytes are used"
    assert store.counts.wrong == 1
    assert template.steps.contents["t/b.txt.jinja"].live  # type: ignore[attr-defined]


@pytest.mark.usefixtures("forgetful")
def test_a_wrong_memo_is_noticed_as_often_as_the_sample_promises() -> None:
    # The chance that none of n wrong hits is in a sample of one in 128 is (127/128)^n: for 600 of them 0.9 %.
    noticed = 0
    for number in range(100):
        template = compile_template(make_tree(WRONG, f"t{number}"), Memo())
        noticed += any(_render(template, f"lab-{site}").problems for site in range(601))

    assert noticed >= 94


def test_about_one_hit_in_128_is_rendered_again() -> None:
    store = Memo()
    template = compile_template(make_tree({"copier.yml": "site: {type: str}\na: x\n", "b.jinja": "{{ a }}"}), store)
    for number in range(20_000):
        _render(template, f"lab-{number}")

    assert 0.8 < store.counts.checked * memo.CHECK_ONE_IN / store.counts.hits < 1.25


@pytest.mark.usefixtures("forgetful")
def test_a_check_that_fails_to_render_is_noticed_too() -> None:
    files = {"copier.yml": "site: {type: str}\n", "a.txt.jinja": "{{ 1 // (site | length - 6) }}"}
    template = compile_template(make_tree(files), Memo())
    _render(template, "long-enough")

    found = [problem.code for number in range(10, 500) for problem in _render(template, f"l{number:05}").problems]

    # The first check fails to render, and says both; then nothing is remembered, and all fail.
    assert found[:2] == [Code.RENDER_FAILED, Code.MEMO_WRONG]
    assert set(found[2:]) == {Code.RENDER_FAILED}


def test_failures_are_not_remembered() -> None:
    store = Memo()
    template = compile_template(make_tree({"copier.yml": "a: x\n", "a.txt.jinja": "{{ 1 // a }}"}), store)

    results = [template.render("lab", {"a": 0}).problems for _ in range(3)]

    assert results[0] == results[1] == results[2]
    assert {problem.code for problem in results[0]} == {Code.RENDER_FAILED}
    assert store.counts.hits == 4, "the answer and the settings, not the file"


def test_templates_that_share_a_memo_share_no_result() -> None:
    store = Memo()
    one, two = (
        compile_template(make_tree({"copier.yml": "a: x\n", "a.txt.jinja": f"{word} {{{{ a }}}}"}), store)
        for word in ("one", "two")
    )

    assert [template.render("lab", {}).files[0].content for template in (one, two, one)] == [
        b"one x",
        b"two x",
        b"one x",
    ]


def test_answers_from_a_memo_are_each_sites_own() -> None:
    template = compile_template(make_tree({"copier.yml": "a: {type: yaml}\n"}), Memo())
    first, second, third = (template.answers(f"s{number}", {"a": {"k": [1]}}) for number in range(3))
    assert first is not None
    assert second is not None
    first["a"]["k"].append(2)  # type: ignore[index,call-overload,union-attr]

    assert second == third == {"a": {"k": [1]}}


def test_a_step_without_prospects_is_given_up() -> None:
    store = Memo()
    template = compile_template(make_tree({"copier.yml": "site: {type: str}\n", "a.jinja": "{{ site }}"}), store)
    for number in range(2000):
        _render(template, f"lab-{number}")

    assert store.counts.misses < 600


def test_a_memo_stays_within_its_limit() -> None:
    store = Memo(100_000)
    for number in range(5000):
        store.put(b"%d" % number, b"x" * 500)
        assert store.get(b"0" if number < 100 else b"%d" % number) is not None
        held = [*store._young.items(), *store._old.items()]
        assert sum(len(key) + len(result) for key, result in held) <= 100_000 or number % 500
    store.put(b"large", b"x" * 60_000)

    assert store.get(b"large") is None
    assert store.counts.forgotten > 4000
