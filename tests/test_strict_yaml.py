"""strict_yaml: what it accepts means the same to every parser, what it refuses is told with place and remedy."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import textwrap
from itertools import product
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.errors import Code
from renderer.strict_yaml import Limits, YamlError, dump_all, load, load_all, reading, scalars
from renderer.types import Document, Origin, Problem

LOADERS = [getattr(yaml, "CSafeLoader", yaml.SafeLoader), yaml.SafeLoader]


@pytest.fixture(params=LOADERS, ids=["libyaml", "python"], autouse=True)
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LOADER", request.param)


def problems_of(text: bytes | str, **keywords: Any) -> tuple[Problem, ...]:
    with pytest.raises(YamlError) as caught:
        load(text, "a.yaml", **keywords)
    return caught.value.problems


def only_problem(text: bytes | str, **keywords: Any) -> Problem:
    (problem,) = problems_of(text, **keywords)
    assert problem.hint
    return problem


def casings(*words: str) -> list[str]:
    return ["".join(letters) for word in words for letters in product(*((c.lower(), c.upper()) for c in word))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None), ("~", None), ("", None), ("Null", None), ("NULL", None),
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False),
        ("0", 0), ("7", 7), ("-7", -7), ("9223372036854775807", 2**63 - 1), ("-9223372036854775808", -(2**63)),
        ("0.5", 0.5), ("-1.25", -1.25), ("1.0", 1.0), ("0.00001", 0.00001),
        ("text", "text"), ("1.2.3", "1.2.3"), ("10.0.0.1", "10.0.0.1"), ("10.0.0.0/8", "10.0.0.0/8"), ("10m", "10m"),
        ("8080:80", "8080:80"), ("2001:db8::1", "2001:db8::1"), ("-", "- "), ("1.2-rc", "1.2-rc"), ("0bad", "0bad"),
        ("v1", "v1"), ("nope", "nope"), ("yesterday", "yesterday"), ("not: ", {"not": None}), (".hidden", ".hidden"),
        ("+x", "+x"), ("-x", "-x"), ("...x", "...x"), ("==", "=="), ("2024-01-01-build", "2024-01-01-build"),
        ("'yes'", "yes"), ('"0644"', "0644"), ("'<<'", "<<"), ("|\n  yes\n", "yes\n"), (">-\n  1.20\n", "1.20"),
    ],
)  # fmt: skip
def test_what_every_parser_reads_alike_is_accepted_with_its_type(text: str, value: object) -> None:
    if text == "-":
        text, value = "'- '", "- "
    indented = text if "\n" in text or ":" not in text or "8" in text else f"\n  {text}"
    got = load(f"a: {indented}", "a.yaml").value
    assert isinstance(got, dict)
    assert got["a"] == value
    assert type(got["a"]) is type(value)


AMBIGUOUS = [
    *casings("yes", "no", "on", "off", "y", "n"),
    "tRUE", "nULL", "fALSE", "=", "<<",
    "0644", "-0644", "00", "08", "0_7", "0o17", "0O17", "0x1f", "0X1F", "0b101", "0B1", "-0x1",
    "1_000", "0E0_", "-_1", "+1", "-0", "-0.0",
    "12:30:45", "22:22", "12:30", "01:30", "1:2.5", "190:20:30.15", "2024-01-01", "2024-1-1", "2024-01-01T10:00:00Z",
    "2024-01-01 10:00:00", "2024-01-01t10:00:00.5+02:00", "2024-01-01 10:00:00 -5", ".inf", "-.inf", "+.INF", ".Inf",
    ".nan",
    ".NaN", "8728e5", "1e3", "1E3", "1.5e3", "1e+3", "1.", ".5", "-.5", "1.20", "1.10", "1_0.5", "9223372036854775808",
    "-9223372036854775809", "18446744073709551615", "1" * 400, "1" * 400 + ".5", "0.1000000000000000055", "00.5",
]  # fmt: skip


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_what_parsers_read_differently_is_refused_with_the_quotes_to_add(text: str) -> None:
    problem = only_problem(f"a:\n  b: {text}\n")
    assert problem.code is Code.YAML_AMBIGUOUS
    assert problem.where == Origin("a.yaml", 2, 6)
    if len(text) < 50:
        assert problem.hint == f'quote it: "{text}"'


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_the_same_text_in_quotes_is_text(text: str) -> None:
    assert load(f'"{text}"', "a.yaml").value == text
    assert load(f"'{text}': 'x'", "a.yaml").value == {text: "x"}


@pytest.mark.parametrize("key", ["on", "1", "null", "true", "0644", "1.5", "=", "", "2024-01-01"])
def test_a_key_must_be_text_to_every_parser(key: str) -> None:
    problem = only_problem(f"? {key}\n: x\n")
    assert problem.code is Code.YAML_AMBIGUOUS
    assert problem.hint == f'quote it: "{key}":'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &x {b: 1}\nc:\n  <<: *x\n", Code.YAML_FEATURE),
        ("a: !!str 1\n", Code.YAML_FEATURE),
        ("a: ! x\n", Code.YAML_FEATURE),
        ("a: !!python/object/apply:os.system [ls]\n", Code.YAML_FEATURE),
        ("!!map {a: x}\n", Code.YAML_FEATURE),
        ("? [x]\n: z\n", Code.YAML_FEATURE),
        ("? {x: z}\n: {z: 1}\n", Code.YAML_FEATURE),
        ("a: &x b\n*x : c\n", Code.YAML_FEATURE),
        ("a: *x\n", Code.YAML_FEATURE),
        ("a: &x [*x]\n", Code.YAML_FEATURE),
        ("%YAML 1.2\n---\na: b\n", Code.YAML_FEATURE),
        ("a: b\n---\nc: d\n", Code.YAML_FEATURE),
        ("a: b\na: c\n", Code.YAML_DUPLICATE_KEY),
        ("a: {b: c, 'b': d}\n", Code.YAML_DUPLICATE_KEY),
    ],
)
def test_features_that_hide_meaning_are_refused(text: str, code: Code) -> None:
    assert only_problem(text).code is code


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: b: c\n", 1, 5, "no entry can begin"),
        ("a:\n\tb: c\n", 2, 1, "tab"),
        ("a: @x\n", 1, 4, "cannot begin with @"),
        ("a: 'x\nb: c\n", 1, 4, "never closed"),
        ("a: [b, c\nd: e\n", 2, 2, "list"),
        ("a: {b: c\n", 2, 1, "line 1"),
        ('a: "\\q"\n', 1, 5, "escape"),
        ("a: b\n c: d\n", 2, 3, "no entry can begin"),
        ("a: &\n", 1, 5, "name after"),
        ("- a\nb: c\n", 2, 1, "in line with"),
        ("a: | x\n  y\n", 1, 6, "after `|`"),
    ],
)
def test_a_syntax_error_says_where_and_what_was_expected(text: str, line: int, column: int, words: str) -> None:
    problem = only_problem(text)
    assert problem.code is Code.YAML_SYNTAX
    assert words in problem.what
    assert problem.where is not None
    assert problem.where.line in {line, line - 1}  # the two parsers differ by what they have already seen
    if reading.LOADER is LOADERS[0]:
        assert (problem.where.line, problem.where.column) == (line, column)


@pytest.mark.parametrize(
    ("data", "words", "line", "column"),
    [
        (b"a: b\nc: \xff\n", "UTF-8", 2, 4),
        ("a: b".encode("utf-16"), "UTF-8", 1, 1),
        ("a: b".encode("utf-16-be"), "U+0000", 1, 1),
        (b"a: \x00\n", "U+0000", 1, 4),
        (b"a: b\r\nc: \x1b[0m\n", "U+001B", 2, 4),
        ("a: é\u2028b\n".encode(), "U+2028", 1, 5),
        ("a: \x85\n".encode(), "U+0085", 1, 4),
        ("a: \ud800\n", "U+D800", 1, 4),
        ("\ufeff\ufeffa: b", "U+FEFF", 1, 1),
    ],
)
def test_bytes_that_are_not_plain_text_are_refused_with_their_place(
    data: bytes | str, words: str, line: int, column: int
) -> None:
    problem = only_problem(data)
    assert problem.code is Code.YAML_SYNTAX
    assert words in problem.what
    assert problem.where == Origin("a.yaml", line, column)


def test_a_byte_order_mark_is_skipped() -> None:
    assert load(b"\xef\xbb\xbfa: b", "a.yaml").value == {"a": "b"}


def test_all_problems_of_a_file_are_told_at_once() -> None:
    text = "a: yes\nb: 0644\na: !!str x\non: 1.20\nc: {d: 1, d: 2}\n"
    codes = [(problem.code, problem.where and problem.where.line) for problem in problems_of(text)]
    assert codes == [
        (Code.YAML_AMBIGUOUS, 1),
        (Code.YAML_AMBIGUOUS, 2),
        (Code.YAML_DUPLICATE_KEY, 3),
        (Code.YAML_FEATURE, 3),
        (Code.YAML_AMBIGUOUS, 4),
        (Code.YAML_AMBIGUOUS, 4),
        (Code.YAML_DUPLICATE_KEY, 5),
    ]


def test_the_message_of_the_exception_names_the_first_place_and_survives_pickling() -> None:
    with pytest.raises(YamlError, match=r"^a\.yaml:2:4: expected .* \(and 1 more\)$") as caught:
        load("a: b\nc: yes\nd: no\n", "a.yaml")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert copy.problems == caught.value.problems


def test_a_duplicate_key_names_the_first_one() -> None:
    assert "line 2" in only_problem("x: {a: 1}\na: 1\nb: 2\na: 3\n").what


def test_never_more_than_sixty_characters_of_content_are_echoed() -> None:
    secret = "s" * 5000
    for text in (
        f"? 1{'0' * 5000}\n: b",
        f"{secret}: 1\n{secret}: 2",
        f"a: !{secret} x",
        f"a: *{secret}",
        f"a: {'0' * 99}",
    ):
        (problem,) = problems_of(text)
        assert len(problem.what) < 150
        assert len(problem.hint) < 100


def test_positions_are_those_of_keys_and_items() -> None:
    document = load("a: b\nc:\n  - d\n  - e: {f: g}\n", "a.yaml")
    assert dict(document.positions) == {
        (): (1, 1),
        ("a",): (1, 1),
        ("c",): (2, 1),
        ("c", 0): (3, 5),
        ("c", 1): (4, 5),
        ("c", 1, "e"): (4, 5),
        ("c", 1, "e", "f"): (4, 9),
    }
    assert document.origin(("c", 1, "e", "nowhere")) == Origin("a.yaml", 4, 5)
    assert pickle.loads(pickle.dumps(document)) == document


def test_many_documents_keep_their_lines_and_empty_ones_are_dropped() -> None:
    documents = load_all("---\n# nothing\n---\na: b\n---\nnull\n---\n- c\n", "a.yaml", line_offset=100)
    assert [document.value for document in documents] == [{"a": "b"}, ["c"]]
    assert [document.origin(()) for document in documents] == [Origin("a.yaml", 104), Origin("a.yaml", 108)]
    with pytest.raises(YamlError) as caught:
        load_all("a: b\n---\na: yes\n", "a.yaml", line_offset=10)
    assert caught.value.problems[0].where == Origin("a.yaml", 13, 4)


def test_an_empty_file_is_null() -> None:
    assert load(b"", "a.yaml") == Document("a.yaml", None)
    assert load(b"# only a comment\n", "a.yaml").value is None
    assert load_all(b"", "a.yaml") == []


def test_anchors_repeat_values_within_limits() -> None:
    document = load("a: &x {b: [1]}\nc: *x\nd: &y text\ne: [*y, *x]\n", "a.yaml")
    assert document.value == {"a": {"b": [1]}, "c": {"b": [1]}, "d": "text", "e": ["text", {"b": [1]}]}
    assert document.origin(("c", "b", 0)) == Origin("a.yaml", 2)


def laughs(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    ["[" * 65 + "]" * 65, laughs(12, 10), laughs(66, 1),
     "[" + "x," * 110_000 + "]", "- &a x\n" + "- *a\n" * 1001, "x" * 1_048_577],
    ids=["depth", "billion laughs", "deep laughs", "nodes", "aliases", "size"],
)  # fmt: skip
def test_what_is_too_large_is_refused(text: str) -> None:
    assert only_problem(text).code is Code.YAML_LIMIT


def test_just_within_the_limits_is_accepted() -> None:
    load("[" * 64 + "]" * 64, "a.yaml")
    load("- &a x\n" + "- *a\n" * 1000, "a.yaml")
    load("x: z", "a.yaml", limits=Limits(size=4, depth=1, nodes=8))


def test_problems_are_counted_and_cut_off() -> None:
    assert len(problems_of("- yes\n" * 1000)) == 100


ATTACKS = """
import sys, time
from renderer.strict_yaml import YamlError, load, load_all
deep = b"".join(b" " * i + b"a:\\n" for i in range(1300))
cases = [
    b"[" * 1_000_000, b"{" * 1_000_000, b"- " * 500_000, b"? " * 500_000, b"{a: " * 250_000, b"[{" * 500_000,
    b"&a [*a]", b"&a {b: *a}", b"- - {a: [" * 100_000, deep, b": " * 500_000, b":" * 1_000_000, b"!" * 1_000_000,
    b"&" * 1_000_000, b"*" * 1_000_000, b"%" * 1_000_000,
    b"".join(b"%%TAG !a%d! tag:x\\n" % i for i in range(40_000)) + b"---\\na", b"---\\n" * 250_000, b"'" * 1_000_000,
    b'"' * 1_000_000, b'"' + b"\\\\" * 999_999, b"#" * 1_000_000, b" " * 1_000_000, b"\\t" * 1_000_000,
    b"\\n" * 1_000_000, b"\\r" * 1_000_000, b"|" * 1_000_000, b"> " * 500_000, b"x" * 1_000_000, b"x " * 500_000,
    b"x" * 999_990 + b": y", b"1" * 1_000_000, b"1" * 500_000 + b"." + b"1" * 400_000, b"1:" * 500_000 + b"1",
    b"2024-01-01T" + b"1" * 1_000_000, b"0x" + b"_" * 900_000, b"- &a x\\n" * 100_000, b"\\0" * 1_000_000,
    b"\\xff" * 1_000_000, b"".join(b"- &a%d x\\n" % i for i in range(60_000)), b"[" + b"a," * 400_000,
    b"{" + b"a," * 400_000, b"- yes\\n" * 100_000, b"a: x\\n" * 100_000, b"[" * 63 + b"a," * 400_000,
    b"? [" * 300_000, b'"a" ' * 200_000, b"-\\n" * 400_000,
    b"a0: &a0 [x]\\n"
    + b"".join(b"a%d: &a%d [%s]\\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 40)),
]
for number, case in enumerate(cases):
    for read in (load, load_all):
        start = time.process_time()
        try:
            read(case, "a.yaml")
        except YamlError as error:
            assert error.problems
        assert time.process_time() - start < 4, (number, case[:20], read)
print(len(cases), "survived")
"""


# They aim at libyaml's C code.
@pytest.mark.slow
@pytest.mark.parametrize("_parser", LOADERS[:1], ids=["libyaml"], indirect=True)
def test_attacks_neither_crash_nor_hang_the_parser() -> None:
    done = subprocess.run([sys.executable, "-c", ATTACKS], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "survived" in done.stdout


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff"), max_size=20)
hard_texts = (
    texts | st.sampled_from(AMBIGUOUS) | st.sampled_from(["a: b", "- a", "#", "x\ny\n", "", " ", "{", "|", "\ttab"])
)
leaves = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.integers(-1000, 1000).map(lambda n: n / 8 + 0.5)
)
values = st.recursive(
    leaves | hard_texts,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(hard_texts, children, max_size=4),
    max_leaves=20,
)


class QuotingDumper(yaml.SafeDumper):
    """Quotes every text."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


QuotingDumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


@given(value=values.filter(lambda value: value != 0.0), flow=st.booleans())
@settings(deadline=None, max_examples=150)
def test_data_written_with_quotes_reads_back_equal(value: object, *, flow: bool) -> None:
    text = yaml.dump(value, Dumper=QuotingDumper, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    assert repr(load(text, "a.yaml").value) == repr(value)


plain = st.text("abcdefghnoyestrflux0123456789._-+:=~", min_size=1, max_size=12)


@given(text=plain)
@settings(deadline=None, max_examples=400)
def test_an_accepted_plain_scalar_means_the_same_to_yaml_1_1(text: str) -> None:
    try:
        value = load(f"- {text}", "a.yaml").value
    except YamlError:
        return
    assert repr(value) == repr(yaml.load(f"- {text}", Loader=LOADERS[0]))


def read_by_yaml_1_2(text: str) -> object:
    """The core schema's table, YAML 1.2.2 section 10.3.2."""
    if re.fullmatch(r"null|Null|NULL|~|", text):
        return None
    if re.fullmatch(r"true|True|TRUE|false|False|FALSE", text):
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if match := re.fullmatch(r"0o([0-7]+)|0x([0-9a-fA-F]+)", text):
        return int(match[1], 8) if match[1] else int(match[2], 16)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", text):
        return float(re.sub(r"\.(?=[inIN])", "", text))
    return text


def read_by_go(text: str) -> object:  # noqa: PLR0911 - one return per rule, as in the original
    """What resolve() of go-yaml v2, the parser below sigs.k8s.io/yaml, makes of a plain scalar without a tag."""
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {w for v in ("y", "yes", "on", "true", "n", "no", "off", "false") for w in (v, v.title(), v.upper())}:
        return text.lower() in {"y", "yes", "on", "true"}
    digits = text.replace("_", "")
    if text[0] in "+-0123456789":
        if re.fullmatch(r"[-+]?([0-9]|0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9][0-9]*)", digits):
            sign, body = re.fullmatch(r"([-+]?)(.*)", digits).groups()  # type: ignore[union-attr]
            octal = re.fullmatch(r"0([0-7]+)", body)
            return int(sign + (f"0o{octal[1]}" if octal else body), 0)
        if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", digits):
            return float(digits)
        if re.match(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ]|$)", text):
            return object()
    if text[0] == "." and re.fullmatch(r"\.([0-9]+)([eE][-+]?[0-9]+)?|\.(inf|Inf|INF|nan|NaN|NAN)", digits):
        return float(re.sub(r"\.(?=[inIN])", "", digits))
    return text


@given(text=plain | st.from_regex(r"\A[-+.]?[0-9_]{1,4}[.:xobeE-]?[0-9_]{0,4}[.:eE-]?[-+0-9_]{0,3}\Z"))
@settings(deadline=None, max_examples=400)
def test_an_accepted_plain_scalar_means_the_same_to_yaml_1_2_and_to_kubernetes(text: str) -> None:
    resolved = scalars.resolve(text)
    if resolved is not scalars.AMBIGUOUS:
        assert repr(resolved) == repr(read_by_yaml_1_2(text))
        assert repr(resolved) == repr(read_by_go(text))


soup = st.lists(
    st.sampled_from(
        [*"abc:-?[]{},&*!|>'\"%@# \n\n", "  ", ": ", "- ", "x: ", "'y'", "---\n", "&a ", "*a", "\t", "1", "é"]
    ),
    max_size=30,
).map("".join)


@given(text=soup)
@settings(deadline=None, max_examples=400)
def test_any_text_gives_data_or_problems_with_a_place_and_nothing_else(text: str) -> None:
    try:
        load_all(text, "a.yaml")
    except YamlError as error:
        for problem in error.problems:
            assert problem.where is not None
            assert problem.where.line >= 1
            assert problem.hint


DIFFERENTIAL = textwrap.dedent("""\
    labels: {region: eu, 'country': "no"}   # flow
    multi: |
      line 1
        line 2
    folded: >-
      a
      b

      c
    plain: words over
      two lines
    list:
    - a
    -   - nested
        - [1, 2.5, {x: }]
    - key: value
      other: &anchor {deep: [true, null, ~]}
    again: *anchor
    empty: ""
    "quoted key": 'it''s'
    emoji: "\\U0001F600 é"
    """)


def test_both_parsers_give_the_same_data_and_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = []
    for loader in LOADERS:
        monkeypatch.setattr(reading, "LOADER", loader)
        documents.append(load(DIFFERENTIAL, "a.yaml"))
    assert documents[0] == documents[1]
    assert documents[0].value == yaml.safe_load(DIFFERENTIAL)


@given(value=values)
@settings(deadline=None, max_examples=60)
def test_both_parsers_agree_on_generated_files(value: object) -> None:
    text = yaml.dump(value, Dumper=QuotingDumper, allow_unicode=True)
    before = reading.LOADER
    try:
        outcomes = []
        for loader in LOADERS:
            reading.LOADER = loader
            try:
                document = load(text, "a.yaml")
                outcomes.append((document.value, dict(document.positions)))
            except YamlError as error:
                outcomes.append((error.problems, {}))  # type: ignore[arg-type]
    finally:
        reading.LOADER = before
    assert repr(outcomes[0]) == repr(outcomes[1])


_WRITABLE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, width=32) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.text(), _WRITABLE, min_size=1, max_size=4), min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_what_is_written_is_read_as_the_same_or_refused(values: list[dict[str, Any]]) -> None:
    try:
        written = dump_all(values)
    except ValueError:
        return

    assert [document.value for document in load_all(written, "a.yaml")] == values
    assert list(yaml.safe_load_all(written)) == values


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "012",
        "1e3",
        "22:22",
        "2026-01-01",
        "",
        " a",
        "a: b",
        "# a",
        "one\ntwo\n",
        "one\n\n  two",
        "\ttab",
        "é",
        "a\x85b",
        "{a}",
    ],
)
def test_every_text_can_be_written(text: str) -> None:
    assert load_all(dump_all([{text: [text, {"a": text}]}]), "a.yaml")[0].value == {text: [text, {"a": text}]}


def test_what_yaml_cannot_hold_without_doubt_is_not_written() -> None:
    for value in (1e300, float("nan"), float("inf"), 2**64):
        with pytest.raises(ValueError, match=r"every YAML parser|something else"):
            dump_all([{"a": value}])


def test_a_small_fraction_is_written_without_exponent() -> None:
    assert dump_all([{"a": 0.00001}]) == b"---\na: 0.00001\n"
