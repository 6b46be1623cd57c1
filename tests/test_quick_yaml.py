"""The quick reader never differs from the strict one: it gives the same data, or leaves the text to it."""

from __future__ import annotations

import pickle
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from renderer.strict_yaml import INPUT_LIMITS, RENDERED_LIMITS, Limits, YamlError, load, load_all, load_certain, split
from renderer.strict_yaml.quick import quick
from renderer.strict_yaml.reading import _read
from renderer.types import Json, Origin

ROOT = Path(__file__).parents[1]
# Where a plain scalar can stand; what surrounds it decides where it begins and ends.
PLACES = (
    "a: {}\n", "a:   {} # b\n", "- {}\n", "- a: {}\n", "{}: a\n", "a:\n  {}: b\n", "a: [{}]\n", "a: [1,{} , b]\n",
    "a: {{b: {}}}\n", "a: {{{}: b}}\n", "a: {{{}}}\n", "a: {{b, {} }}\n", 'a: {{"b":{}}}\n', 'a: ["b" :{}]\n',
    "[{}: b]\n", "--- {}\n", "{}", "a:\n  {}\n  ", "- - {}\n", "a: {{b: [], {}: c}}\n", "a:\t{}\n", "? {}\n",
    "a: b\n{}: c\n", "a: [\n{}]\n",
)  # fmt: skip


def strictly(data: bytes, limits: Limits = RENDERED_LIMITS) -> list[Json] | None:
    """What the strict reader gives, None when it finds a problem."""
    try:
        documents = _read(data, "a.yaml", limits, single=False)
    except YamlError:
        return None
    return [document.value for document in documents if document.value is not None]


def same(data: bytes, limits: Limits = RENDERED_LIMITS) -> bool:
    """Whether the quick reader took `data`. Fails when what it gives is not what the strict reader gives."""
    found = quick(data, limits)
    if found is not None:
        # Unlike ==, the words tell 1 from 1.0 and True, and one order of keys from another.
        assert repr(found) == repr(strictly(data, limits)), data
    return found is not None


def test_every_short_plain_scalar_in_every_place() -> None:
    texts = ["".join(letters) for length in (1, 2, 3) for letters in product("019.-+_e:x~a", repeat=length)]
    taken = [same(place.format(text).encode()) for text in texts for place in PLACES]

    assert sum(taken) > len(taken) / 5


@pytest.mark.slow
def test_every_plain_scalar_of_five_characters_that_could_be_a_number() -> None:
    for letters in product("0127.-+_eE:xTo", repeat=5):
        same(f"a: {''.join(letters)}\n".encode())


WORDS = [
    "yes", "No", "on", "OFF", "y", "N", "true", "True", "TRUE", "tRUE", "false", "null", "Null", "nULL", "~", "=",
    "<<", "", "inf", ".inf", "-.INF", "nan", ".NaN", "infinity", "Infinity", "-inf", "0o17", "0x1F", "0b11", "017",
    "1_000", "0E0_", "1e3", "1.5E+3", "1e400", "12:30:45", "190:20:30.15", "2024-01-01", "2024-01-01T10:00:00Z",
    "2024-01-01 10:00:00", "1.20", "1.", ".5", "-.5", "-0", "-0.0", "+1", "9223372036854775807", "9223372036854775808",
    "-9223372036854775809", "1" * 40, "0.1000000000000000055", "123456789.123456789", "0.00000001", "1.5", "10.0.0.1",
    "10.0.0.0/8", "::1", ":", "-", "?", "? a", "!!str 1", "!x", "&a 1", "*a", "&a", "@a", "`a", "%a", "a#b", "a #b",
    "#", "'1'", '"1"', "'yes'", '"\\x41"', '"\\ud800"', "''", "'it''s'", "|", "|-", ">", "[", "]", "{", "}", "[]",
    "{}", "a, b", "a: b", "a:b", "---", "...", "--- a", "\u00e9", "\ufeff", "\u0085", "\u2028", "\x07", "a\r", "a\tb",
    "\t1", "a\n  b", "0644\n  a", "2024-01-01\n  10:00:00", "'a\n\n  b'", "|\n  yes\n", "|+\n  a\n\n", "|2\n    a\n",
    ">-\n  a\n  b\n\n  c", "<<: {a: 1}", "nginx:1.20", "a:0644", "key: 012", '"a":012',
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_treacherous_words_in_every_place(place: str) -> None:
    for word in WORDS:
        same(place.format(word).encode())


soup = st.lists(
    st.sampled_from(
        [
            *WORDS,
            *"abc:-?[]{},&*!|>'\"%@# \n\n",
            "  ",
            "\n  ",
            "\n    ",
            ": ",
            "- ",
            "x: ",
            "y: ",
            "---\n",
            "...\n",
            "1",
            "012",
        ]
    ),
    max_size=16,
).map("".join)


@given(text=soup)
@settings(deadline=None, max_examples=1500)
@example(text="a: 1\n...\nb: 2\n")
@example(text="a: |\n\n---\nb: 1\n")
@example(text="{a: x, :012}")
def test_any_text(text: str) -> None:
    same(text.encode("utf-8", "surrogatepass"))


leaves: Any = st.sampled_from(WORDS) | st.text(max_size=8) | st.integers() | st.floats() | st.booleans() | st.none()
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(leaves, inner, max_size=3))


@given(tree=trees, flow=st.sampled_from((None, False, True)), width=st.sampled_from((8, 80)))
@settings(deadline=None, max_examples=500)
def test_whatever_another_program_writes(tree: object, flow: bool | None, width: int) -> None:  # noqa: FBT001
    same(yaml.safe_dump(tree, default_flow_style=flow, width=width, allow_unicode=True, sort_keys=False).encode())


def test_every_yaml_file_of_this_repository() -> None:
    files = [
        path for folder in ("tests", "fleets", "templates", "schemas", "ci") for path in (ROOT / folder).rglob("*.y*ml")
    ]
    taken = [same(path.read_bytes()) for path in files]

    assert len(taken) > 300
    assert sum(taken) > len(taken) / 2


@pytest.mark.parametrize(
    "make", [lambda n: "[" * n + "]" * n, lambda n: "- " * n + "x", lambda n: "{a: " * n + "}" * n]
)
@pytest.mark.parametrize("limits", [INPUT_LIMITS, RENDERED_LIMITS])
def test_nesting_is_accepted_as_deep_as_by_the_strict_reader(make: Any, limits: Limits) -> None:
    taken = [
        same(make(depth).encode(), limits) for depth in (1, limits.depth - 1, limits.depth, limits.depth + 1, 5000)
    ]

    assert taken[:2] == [True, True]
    assert taken[3:] == [False, False]


def test_texts_too_large_or_with_too_many_values_are_left_to_the_strict_reader() -> None:
    text = b"- a\n" * 100

    assert same(text)
    assert not same(text, Limits(size=399))
    assert not same(text, Limits(nodes=100))


def test_positions_are_found_when_they_are_asked_for() -> None:
    first, second = load_all("# head\na: 1\n---\n---\nb:\n  - c\n", "a.yaml", line_offset=10)
    document = load("a:\n  b: [x,\n    z]\n", "b.yaml")

    assert first.origin(("a",)) == Origin("a.yaml", 12, 1)
    assert second.origin(("b", 0)) == Origin("a.yaml", 16, 5)
    assert document.origin(("a", "b", 1)) == Origin("b.yaml", 3, 5)
    assert len(document.positions) == 5
    assert repr(document.positions) == repr(dict(document.positions))
    assert pickle.loads(pickle.dumps(document)) == document


def together(data: bytes) -> list[Json] | None:
    """What the pieces of a file say, None when one leaves a doubt."""
    documents = [load_certain(piece.content, "") for piece in split(data)]
    if not all(documents):
        return None
    return [document.value for document in documents if document is not None and document.value is not None]


def same_in_pieces(data: bytes) -> bool:
    """Whether all pieces of `data` were read. Fails when they do not add up to what the strict reader gives."""
    assert b"".join(piece.content for piece in split(data)) == data
    found = together(data)
    if found is not None:
        assert repr(found) == repr(strictly(data)), data
    return found is not None


MARKERS = [
    "---",
    "--- ",
    "---\n",
    "--- a\n",
    "---a\n",
    " ---\n",
    "----\n",
    "--- |\n",
    "---\t\n",
    "...\n",
    "\n",
    "a: |\n",
    "  x\n",
]


@given(parts=st.lists(st.sampled_from([*MARKERS, *WORDS, "- ", "a: ", "[", "'", '"', "  "]) | soup, max_size=12))
@settings(deadline=None, max_examples=1500)
@example(parts=["a: |+\n  x\n\n", "---\n", "b: |\n\n", "---"])
@example(parts=["a: 'x\n---\n", "y'\n"])
@example(parts=["a: [1,\n---\n2]\n"])
@example(parts=["a: x\n--- \n y\n"])
@example(parts=["--- |\nx\n---\n y\n"])
def test_the_pieces_of_a_file_say_what_the_file_says(parts: list[str]) -> None:
    same_in_pieces("".join(parts).encode("utf-8", "surrogatepass"))


def test_the_files_of_this_repository_are_cut_where_they_should_be() -> None:
    files = [path for folder in ("tests", "fleets", "schemas") for path in (ROOT / folder).rglob("*.y*ml")]
    whole = [path.read_bytes() for path in files]
    several = [data for data in whole if len(split(data)) > 1]
    joined = [b"---\n".join(data + b"\n" for data in whole[start : start + 7]) for start in range(0, len(whole), 7)]

    assert len(several) > 30
    assert sum(map(same_in_pieces, [*several, *joined])) > 20


def test_a_piece_knows_the_lines_before_it() -> None:
    pieces = split(b"# head\na: 1\n---\n\nb: 2\n--- # tail\nc: 3")

    assert pieces == ((0, b"# head\na: 1\n"), (2, b"---\n\nb: 2\n"), (5, b"--- # tail\nc: 3"))
    assert split(b"a: 1\r\n---\r\nb: 2\r\n") == ((0, b"a: 1\r\n---\r\nb: 2\r\n"),)
    assert len(split(b"a: |\n  " + b"x" * (1 << 18) + b"\n---\nb: 1\n")) == 1
