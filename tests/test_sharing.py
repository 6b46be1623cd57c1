"""What keeps a file, or a site, from being shared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from renderer.fleet.sharing import SharedFiles, kept_out, leaves
from renderer.types import Publishing
from tests.render.support import make_template

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG = "_subdirectory: t\nsite: {type: str}\n"


def own(*paths: str) -> Publishing:
    return Publishing(shared=True, own=tuple(tuple(path.split(".")) for path in paths))


def shared(publishing: Publishing, config: str, **files: str) -> set[str]:
    """The names of the files that are shared."""
    texts = {f"t/{name}.jinja": text for name, text in files.items()}
    found = SharedFiles.of([make_template({"copier.yml": CONFIG + config, **texts})], publishing).files
    return {path.rpartition("/")[2].removesuffix(".jinja") for path in found}


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ("", "{{ site }}"),
        ("", "{{ _folder_name }}"),
        ("a: {type: str, default: '{{ site }}'}\n", "{{ a }}"),
        ("a: {type: str, default: '{{ b }}'}\nb: {type: str, default: '{{ x }}'}\nx: {type: str}\n", "{{ a }}"),
        ("a: {type: str, default: z, when: \"{{ x == '1' }}\"}\nx: {type: str}\n", "{{ a | default('') }}"),
        ("a: {type: str, choices: ['{{ x }}', z]}\nx: {type: str}\n", "{{ a }}"),
        ("m: {type: yaml, default: {k: 1, own: 2}}\n", "{{ m.k }}"),
        ("m: {type: yaml}\n", "{% for k in m %}{{ k }}{% endfor %}"),
        ("m: {type: yaml}\n", "{{ m.own.deep }}"),
        ("x: {type: str}\n_exclude: ['{{ x }}']\n", "nothing"),
        ("x: {type: str}\n", "{% set y = x %}{{ y }}"),
        ("x: {type: str}\n", "{% include x ~ '.jinja' ignore missing %}"),
    ],
)
def test_a_file_that_depends_on_what_is_a_sites_own_is_not_shared(config: str, text: str) -> None:
    assert shared(own("x", "m.own"), config, file=text) == set()


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ("", "nothing"),
        ("", "{{ _copier_conf.vcs_ref }}"),
        ("a: {type: str, default: z, validator: '{{ x }}'}\nx: {type: str}\n", "{{ a }}"),
        ("m: {type: yaml}\n", "{{ m.k }}"),
        ("m: {type: yaml}\nq: {type: str, default: '{{ m.k }}'}\n", "{{ q }}"),
        ("x: {type: str}\n", "{% set x = 1 %}"),
    ],
)
def test_a_file_that_does_not_is_shared(config: str, text: str) -> None:
    assert shared(own("x", "m.own"), config, file=text) == {"file"}


def test_a_file_whose_name_depends_on_it_is_not_shared() -> None:
    template = make_template({"copier.yml": CONFIG + "x: {type: str}\n", "t/{{ x }}.txt": "a", "t/b.txt": "b"})

    files = SharedFiles.of([template], own("x")).files

    assert {path.rpartition("/")[2] for path in files} == {"b.txt"}


FOXOPS = """\
variables:
  x: {type: string, description: x}
  m: {type: object, description: m, children: {k: {type: string, description: k, default: a}}}
  z: {type: string, description: z, default: b}
"""


def test_of_a_foxops_variable_an_own_member_makes_the_whole_a_sites_own() -> None:
    from renderer.render import compile_template
    from tests.render.support import make_tree

    files = {
        "template/a": "{{ m.k }}",
        "template/b": "{{ z }}{{ fengine.template.repository }}",
        "template/c": "{{ x }}",
    }
    template = compile_template(make_tree({"fengine.yaml": FOXOPS, **files}))

    found = SharedFiles.of([template], own("x", "m.other")).files

    assert {path.rpartition("/")[2] for path in found} == {"b"}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"a": 1, "b": {"c": [1], "d": {}}}, [("a",), ("b", "c"), ("b", "d")]),
        ({"a": None}, [("a",)]),
        ({}, []),
        (None, []),
    ],
)
def test_the_leaves_of_a_file_are_all_that_it_sets_or_removes(value: Any, found: list[tuple[str, ...]]) -> None:
    assert list(leaves(value)) == found


@pytest.mark.parametrize(
    ("path", "layered", "refused"),
    [
        (("m", "k"), {"m": {"k": 1}}, True),  # shared files read it
        (("m",), {"m": {"k": 1}}, True),  # and it is inside of this
        (("other",), {}, False),  # nobody reads it
        (("m", "own"), {"m": {"k": 1}}, False),  # the site's own
        (("m", "own"), {}, True),  # but it makes a map of nothing, and `m is defined` would differ
        (("m", "own"), {"m": "text"}, True),
        (("m", "own", "deep"), {"m": {"k": 1}}, False),
    ],
)
def test_what_a_site_may_set(path: tuple[str, ...], layered: Mapping[str, Any], refused: bool) -> None:  # noqa: FBT001
    template = make_template({"copier.yml": CONFIG + "m: {type: yaml}\nother: {type: str}\n", "t/f.jinja": "{{ m.k }}"})
    publishing = own("m.own")

    found = SharedFiles.of([template], publishing).changed(path, publishing.own, layered)

    assert (found is not None) is refused


def test_what_keeps_a_file_out_is_named() -> None:
    paths = frozenset({("m", "k"), ("site",), ("a",)})

    assert kept_out(paths, own("m", "b")) == ("m", "site")
    assert kept_out(paths - {("site",), ("m", "k")}, own("m", "b")) == ()
