"""Editing YAML text: exactly the change, and every other byte as it was."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer import strict_yaml
from renderer.scaffold import editing, nested
from renderer.scaffold.source import EditError

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = """\
# yaml-language-server: $schema=x
values:
  # where metrics go
  remote_write_url: "https://thanos.example"   # by the region
  proxy:

    # inside
    hosts:
    - 'a'     # first
    - {name:  b}
    script: |
      one
        two
  list: [1,  2]
  # the end
templates: { app:   "1.0.0" }
"""


def data(text: str | bytes) -> Any:
    return strict_yaml.load(text, "f.yaml").value


def test_a_renamed_key_keeps_its_place_its_quotes_and_its_comment() -> None:
    done = editing.move(TEXT.encode(), ("values", "remote_write_url"), ("values", "url")).decode()

    assert done == TEXT.replace("remote_write_url", "url")


def test_a_key_that_moves_into_a_new_map_stays_where_it_was() -> None:
    done = editing.move(TEXT.encode(), ("values", "remote_write_url"), ("values", "remote_write", "url")).decode()

    assert done == TEXT.replace('  remote_write_url: "https', '  remote_write:\n    url: "https')


def test_a_block_that_moves_keeps_its_comments_and_its_own_indentation() -> None:
    done = editing.move(TEXT.encode(), ("values", "proxy", "hosts"), ("values", "hosts")).decode()

    moved = "  hosts:\n  - 'a'     # first\n  - {name:  b}\n"
    assert moved in done
    assert done.replace(moved, "") == TEXT.replace("    hosts:\n    - 'a'     # first\n    - {name:  b}\n", "")


def test_a_map_that_is_empty_afterwards_goes_too_but_not_the_section() -> None:
    assert editing.remove(b"values:\n  a:\n    b: 1\n  c: 2\n", ("values", "a", "b")) == b"values:\n  c: 2\n"
    assert editing.remove(b"values:\n  a: {b: 1}\n", ("values", "a", "b")) == b"values: {}\n"


def test_entries_inside_braces_are_edited_there() -> None:
    text = b"values: { a: 1, b:  two, c: {d: 3} }\n"

    assert editing.remove(text, ("values", "b")) == b"values: { a: 1, c: {d: 3} }\n"
    assert editing.move(text, ("values", "a"), ("values", "c", "e")) == b"values: { b:  two, c: {d: 3, e: 1} }\n"
    assert editing.replace(text, ("values", "b"), "no") == b'values: { a: 1, b:  "no", c: {d: 3} }\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'a: "1.0"  # x\n', b'a: "2.0"  # x\n'),
        (b"a: '1.0'\n", b"a: '2.0'\n"),
        (b"a: one\n", b'a: "2.0"\n'),
        (b"a:\n", b'a: "2.0"\n'),
        (b"a: {b: 1}\n", b'a: "2.0"\n'),
        (b"a:\n  - 1\n  - 2\nb: 1\n", b'a: "2.0"\nb: 1\n'),
    ],
)
def test_a_replaced_value_is_quoted_like_the_old_one(before: bytes, after: bytes) -> None:
    assert editing.replace(before, ("a",), "2.0") == after


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "newline"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_a_missing_last_one_and_a_byte_order_mark_stay(newline: str, end: str, mark: str) -> None:
    text = mark + f"values:{newline}  a: 1{newline}  b:{newline}    c: 2" + (newline if end else "")

    done = editing.move(text.encode(), ("values", "a"), ("values", "b", "a")).decode()

    assert done == mark + f"values:{newline}  b:{newline}    c: 2{newline}    a: 1" + (newline if end else "")


def test_an_entry_is_added_to_an_empty_file_and_to_a_file_without_the_section() -> None:
    assert editing.insert(b"", ("values", "a", "b"), "no") == b'values:\n  a:\n    b: "no"\n'
    assert (
        editing.insert(b"# c\nx: 1\n", ("values", "a"), [1, {"b": None}])
        == b"# c\nx: 1\nvalues:\n  a: [1, {b: null}]\n"
    )


@pytest.mark.parametrize(
    ("text", "edit", "why"),
    [
        (b"values:\n  a: &x 1\n  b: *x\n", lambda text: editing.remove(text, ("values", "a")), "alias"),
        (b"values:\r\n  a: 1\n", lambda text: editing.remove(text, ("values", "a")), "different ways"),
        (b"values:\n  a: # why\n    - 1\n", lambda text: editing.replace(text, ("values", "a"), 1), "comments"),
        (b"values:\n  a: 1\n", lambda text: editing.remove(text, ("values", "b")), "not in the file"),
        (b"values:\n  a: 1\n", lambda text: editing.insert(text, ("values", "a"), 1), "already there"),
        (b"values:\n  a: 1\n", lambda text: editing.insert(text, ("values", "a", "b"), 1), "a map is needed"),
        (
            b"values:\n  a: 1  # why\n  b: {}\n",
            lambda text: editing.move(text, ("values", "a"), ("values", "b", "a")),
            "braces",
        ),
    ],
)
def test_what_cannot_be_edited_with_certainty_is_refused(text: bytes, edit: Callable[[bytes], bytes], why: str) -> None:
    with pytest.raises(EditError, match=why):
        edit(text)


KEYS = st.sampled_from(["a", "b", "url", "x-y", '"no"', "'1'"])
SCALARS = st.sampled_from(
    ["1", "true", "text", '"no"', "'it''s'", "", "[1,  2]", "{k:   v}", "|\n{}one\n{}  two", ">-\n{}x\n{}y"]
)
COMMENTS = st.sampled_from(["", "  # note", "   # 'quoted' note"])


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A layer as people write it: nested maps, comments, blank lines, odd spacing."""
    step = draw(st.sampled_from([2, 4]))
    lines = ["# head", "values:"]

    def block(column: int, depth: int) -> None:
        for key in draw(st.lists(KEYS, min_size=1, max_size=3, unique=True)):
            if draw(st.booleans()):
                lines.append(draw(st.sampled_from(["", " " * column + "# about it", "# at the margin"])))
            pad = " " * column
            if depth < 2 and draw(st.integers(0, 2)) == 0:
                lines.append(f"{pad}{key}:{draw(COMMENTS)}")
                block(column + step, depth + 1)
            else:
                value = draw(SCALARS)
                comment = "" if "\n" in value else draw(COMMENTS)
                gap = " " * draw(st.integers(1, 3)) if value else ""
                lines.append(f"{pad}{key}:{gap}" + value.replace("{}", pad + "    ") + comment)

    block(step, 0)
    text = "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n# tail\n", "\n\n"]))
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


PATHS = st.lists(st.sampled_from(["a", "b", "url", "x-y", "no", "1", "new"]), min_size=1, max_size=3).map(
    lambda keys: ("values", *keys)
)


def kept(before: str, after: str) -> list[str]:
    """The lines of `before` that are not in `after` in the same order."""
    old, new = before.splitlines(), after.splitlines()
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    same = {index for block in blocks for index in range(block.a, block.a + block.size)}
    return [line for index, line in enumerate(old) if index not in same]


def test_a_move_that_would_lose_a_comment_is_refused() -> None:
    text = b"values:\n  b:\n    # about it\n    b:\n"

    with pytest.raises(EditError, match=r"a comment beside values\.b\.b would be lost"):
        editing.move(text, ("values", "b", "b"), ("values", "a"))


@given(documents(), PATHS, PATHS)
def test_a_move_does_exactly_that_or_is_refused(text: str, source: tuple[str, ...], target: tuple[str, ...]) -> None:
    before = data(text)
    if source == target or not nested.holds(before, source) or nested.holds(before, target):
        return
    try:
        done = editing.move(text.encode(), source, target)
    except EditError:
        return

    assert data(done) == nested.moved(before, source, target)
    assert done.decode().count("#") == text.count("#"), "no comment is lost"
    assert ("\r" in text) == (b"\r" in done)
    assert done.endswith(b"\n") == text.endswith("\n")


@given(documents(), PATHS)
def test_a_removal_takes_only_lines_of_the_entry_away(text: str, path: tuple[str, ...]) -> None:
    before = data(text)
    if not nested.holds(before, path):
        return
    try:
        done = editing.remove(text.encode(), path).decode()
    except EditError:
        return

    assert data(done) == nested.drop(before, path)
    assert not kept(done, text) or data(done)["values"] == {}, "nothing is written that was not there"


@given(documents(), PATHS, st.sampled_from([1, True, None, "no", "plain", "with # hash", [1, "x"], {"k": "1.20"}]))
def test_an_insertion_keeps_every_line(text: str, path: tuple[str, ...], value: Any) -> None:
    before = data(text)
    if nested.holds(before, path):
        return
    try:
        done = editing.insert(text.encode(), path, value).decode()
    except EditError:
        return

    assert data(done) == nested.put(before, path, value)
    assert all("{" in line for line in kept(text, done))


@given(st.text(), st.sampled_from([None, "'", '"']))
def test_what_is_emitted_is_read_as_the_same_text(text: str, style: str | None) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    emitted = editing.emit(text, style)

    assert data(f"a: {emitted}\nb: [{emitted}]\n") == {"a": text, "b": [text]}
