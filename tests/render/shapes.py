"""Template shapes in which it is easy to overlook what a file reads, and contexts that differ in treacherous ways."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

# Each may be left out by a site: then it is undefined.
NAMES = ("a", "b", "c", "d")
CONFIG = "_jinja_extensions: [jinja2.ext.do, jinja2.ext.loopcontrols]\n_subdirectory: t\nsite: {type: str}\n" + "".join(
    f"{name}: {{type: yaml, ask: false}}\n" for name in NAMES
)
MACROS = (
    "{% set top = a %}{% macro show(x, b=1) %}<{{ x }}|{{ b }}>{% endmacro %}{% macro of_a() %}{{ a.k }}{% endmacro %}"
)
LEAF = "{% macro greet(c) %}{{ c }}{% if caller %}{{ caller() }}{% endif %}{% endmacro %}"
BASE = "[{% block one %}{{ a.k }}{% endblock %}{% block two %}base {{ b.m | default('-') }}{% endblock %}]"
COUNTER = "{% set ns = namespace(n=0) %}{% macro next() %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{% endmacro %}"
PARTS = {
    "counter.jinja": COUNTER,
    "part.jinja": "{{ a.k | default('none') }}/{{ local | default('free') }}",
    "deep.jinja": "{% include 'part.jinja' %}{{ b }}",
    "macros.jinja": MACROS,
    "leaf.jinja": LEAF,
    "base.jinja": BASE,
    "alone.jinja": "{{ a is defined }}{{ range(2) | list }}",
}
SHAPES = {
    "member": "{{ a.k }}",
    "deep member": "{{ a.k.m | default('none') }}",
    "whole object": "{{ a }}",
    "subscript": "{{ a['k'] }}{{ a['m'] | default(0) }}",
    "index": "{{ a[0] | default('-') }}{{ b[-1] | default('-') }}",
    "slice": "{{ (a | string)[:3] }}{{ b[1:] if b is sequence else '' }}",
    "dynamic subscript": "{{ a[b] | default('none') }}",
    "method named like a member": "{% for k, v in a.items() %}{{ k }}={{ v }},{% endfor %}",
    "member named like a method": "{{ a['items'] | default('none') }}{{ a.get('k', 'none') }}",
    "keys": "{{ a.keys() | list }}{{ a.values() | list }}",
    "loop over a mapping": "{% for key in a %}{{ loop.index }}{{ key }}{{ a[key] }}{% else %}empty{% endfor %}",
    "loop over a list": "{% for item in a if item %}{{ item.k | default(item) }}{% endfor %}",
    "loop variable shadows": "{{ a.k | default(1) }}{% for a in b %}{{ a }}{% endfor %}{{ a.m | default(2) }}",
    "recursive loop": "{% for x in a recursive %}{{ x.k }}{% if x.n %}{{ loop(x.n) }}{% endif %}{% endfor %}",
    "alias": "{% set x = a %}{{ x.k }}{{ x.m | default('') }}",
    "alias of an alias": "{% set x = a %}{% set y = x %}{% with z = y %}{{ z.k | default(z) }}{% endwith %}",
    "conditional alias": "{% if b %}{% set a = c %}{% endif %}{{ a }}",
    "set block": "{% set x %}{{ a.k }}{% endset %}{{ x | length }}",
    "unpacking": "{% set x, y = [a, b] %}{{ x }}{{ y }}",
    "namespace": "{% set ns = namespace(x=0) %}{% for i in a %}{% set ns.x = ns.x + 1 %}{% endfor %}{{ ns.x }}",
    "include": "{% set local = b.k | default('-') %}{% include 'part.jinja' %}",
    "include in an include": "{% include 'deep.jinja' %}",
    "include without context": "{% include 'alone.jinja' without context %}{{ b }}",
    "include that may be missing": "{% include ['nowhere.jinja', 'part.jinja'] ignore missing %}",
    "computed include": "{% include 'part' ~ '.jinja' %}{{ c | default(a) }}",
    "conditional include": "{% include 'part.jinja' if b else 'deep.jinja' %}",
    "include in a loop": "{% for local in [1, c] %}{% include 'part.jinja' %}{% endfor %}",
    "import": "{% import 'macros.jinja' as m %}{{ m.show(a.k) }}",
    "import with context": "{% import 'macros.jinja' as m with context %}{{ m.of_a() }}{{ m.top }}",
    "from import": "{% from 'macros.jinja' import show as s %}{{ s(b, a.k | default(3)) }}",
    "from import with context": "{% from 'macros.jinja' import of_a with context %}{{ of_a() }}",
    "import with a state": "{% from 'counter.jinja' import next %}{{ next() }}{{ next() }}{{ a.k }}",
    "macro": "{% macro m(x) %}{{ x.k | default(b) }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(a, 1, c, z=d) }}",
    "macro with a default": "{% macro m(x=a) %}{{ x }}{% endmacro %}{{ m() }}{{ m(b) }}",
    "caller": "{% from 'leaf.jinja' import greet %}{% call greet(a.k) %}{{ b }}{% endcall %}",
    "caller with arguments": "{% macro m() %}{{ caller(a) }}{% endmacro %}{% call(x) m() %}{{ x.k }}{% endcall %}",
    "extends": "{% extends 'base.jinja' %}{% block two %}{{ c }}{% endblock %}",
    "super": "{% extends 'base.jinja' %}{% block one %}({{ super() }}{{ d | default('') }}){% endblock %}",
    "self": "{% block x %}{{ a.k }}{% endblock %}{{ self.x() }}",
    "conditional extends": "{% if a %}{% extends 'base.jinja' %}{% endif %}{% block one %}{{ b }}{% endblock %}",
    "default": "{{ a.k | default(b.k) | default('x', true) }}",
    "is defined": "{{ a is defined }}{{ a.k is defined }}{% if a.k is defined %}{{ a.k.m is defined }}{% endif %}",
    "membership": "{{ 'k' in a }}{{ b in [1, 'x'] }}",
    "equality": "{{ a == b }}{{ a == 1 }}{{ a.k == true }}",
    "types": "{{ a is number }}{{ a is integer }}{{ a is float }}{{ a is boolean }}{{ a is string }}",
    "arithmetic": "{{ a + 1 }}{{ a * 2 }}",
    "singleton": "{{ a is sameas true }}{{ a.k is sameas none }}",
    "identity": "{{ a is sameas b }}",
    "identity by name": "{{ [a] | select('sameas', b) | list }}",
    "test by computed name": "{{ [1, 2] | select(c) | list }}{{ [a] | select('equalto', b) | list }}",
    "map of an attribute": "{{ a | map(attribute='k') | list }}",
    "map of a filter": "{{ a | map('string') | join(b | string) }}",
    "map of a computed filter": "{{ a | map(b) | list }}",
    "selectattr": "{{ a | selectattr('k') | map(attribute='k') | list }}{{ a | rejectattr('k', 'equalto', 1) | list }}",
    "groupby": "{% for k, items in a | groupby('k') %}{{ k }}{{ items | length }}{% endfor %}",
    "attr": "{{ a | attr('k') | default('none') }}",
    "sorting": "{{ a | dictsort }}{{ b | sort | list }}",
    "unique": "{{ a | unique | list }}{{ b | min }}",
    "to_json": "{{ a | to_json }}{{ b | tojson }}",
    "to_yaml keeps order": "{{ a | to_yaml(sort_keys=false) }}{{ [a, a, b] | to_nice_yaml }}",
    "combine": "{{ a | combine(b, recursive=true) }}",
    "format": "{{ '%s %s' | format(a, b.k) }}{{ '{0[k]}'.format(a) }}",
    "concatenation": "{{ a ~ b.k ~ c }}",
    "conditional expression": "{{ b.k if a else c.k }}",
    "filter block": "{% filter upper %}{{ a.k }}{% endfilter %}",
    "do and break": "{% for x in a %}{% if x == b %}{% break %}{% endif %}{% do x %}{{ x }}{% endfor %}",
    "global shadowed": "{{ range(3) | list }}{{ dict(a=a) }}{{ joiner(b | string)() }}",
    "site": "{{ site }}{{ _folder_name }}{{ a.k }}",
    "settings": "{{ _copier_conf.answers_file }}{{ _copier_conf.vcs_ref }}{{ a }}",
    "long text": "x" * 600 + "{{ a.k }}" + "y" * 600,
}
PATHS = {
    "templated": "{{ a.k }}/out.txt",
    "left out": "{% if b %}out.txt{% endif %}",
    "yielded": "{% yield d from a %}{{ d }}{% endyield %}.txt",
    "yielded twice": "{% yield d from a %}{{ d }}{% endyield %}/{% yield c from b %}{{ c }}{% endyield %}.txt",
}
CHANGED_CONFIG = (
    "_subdirectory: t\n_exclude: [\"{{ 'two.txt' if a else 'none' }}\", \"{{ c.k | default('') }}\"]\n"
    "site: {type: str}\na: {type: yaml, default: '{{ b.k }}', ask: false}\n"
    "b: {type: yaml, default: {k: 1}, validator: \"{{ 'no' if b == 'x' and site == 's-1' }}\"}\n"
    "c: {type: yaml, default: '{{ [a, b] | to_yaml }}', when: \"{{ a is defined and a }}\"}\n"
    "d: {type: str, default: '{{ b }}', choices: ['{{ b }}', '{{ site }}', x]}\n"
)


def files_of(shape: str) -> dict[str, str]:
    """The template of a shape: copier.yml, the parts, and one file."""
    if shape == "questions":
        return {
            "copier.yml": CHANGED_CONFIG,
            "t/one.txt.jinja": "{{ a }}{{ b }}{{ c }}{{ d }}",
            "t/two.txt.jinja": "{{ d }}",
        }
    if shape in PATHS:
        body = "{{ d | default('none') }}{{ a | string | length }}"
        return {"copier.yml": CONFIG, **PARTS, f"t/{PATHS[shape]}.jinja": body}
    return {"copier.yml": CONFIG, **PARTS, "t/out.txt.jinja": SHAPES[shape]}


_SCALARS = (0, 1, True, False, 1.0, 0.0, -0.0, None, "a", "k", "1", "x y", 2, "map", "upper", "odd", "string")
_KEYS = ("k", "m", "n", "items", "keys", "get", "a", "1")


def random_value(random: Random, depth: int = 3) -> Any:
    """Plain data: values that Python calls equal although they print differently are likely."""
    kind = random.random()
    if depth == 0 or kind < 0.35:
        return random.choice(_SCALARS)
    size = random.randrange(4)
    if kind < 0.55:
        return [random_value(random, depth - 1) for _ in range(size)]
    return {random.choice(_KEYS): random_value(random, depth - 1) for _ in range(size)}


def random_context(random: Random) -> dict[str, Any]:
    """What one site gives; some variables are left out."""
    context = {name: random_value(random) for name in NAMES if random.random() < 0.85}
    return {**context, "site": f"s-{random.randrange(3)}"}


def nearly(random: Random, context: dict[str, Any]) -> dict[str, Any]:
    """`context` with one thing changed, somewhere: a value, its type, the order of keys, or whether it is there."""
    changed = deepcopy(context)
    holder, key = random.choice(list(_places(changed)))
    way = random.randrange(5)
    value = holder[key]
    if way == 0 and isinstance(value, dict):
        holder[key] = dict(reversed(value.items()))
    elif way == 1 and isinstance(value, (int, float)):
        holder[key] = random.choice([bool(value), int(value), float(value), -value])
    elif way == 2 and isinstance(holder, dict) and key != "site":
        del holder[key]
    elif key != "site":
        holder[key] = random_value(random, 1)
    return changed


def _places(value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from _places(inner)


def contexts(random: Random, count: int) -> list[dict[str, Any]]:
    """A fleet's worth: some sites alike, many nearly so."""
    first = [random_context(random) for _ in range(max(2, count // 8))]
    close = [nearly(random, random.choice(first)) for _ in range(count // 2)]
    more = [nearly(random, random.choice(close)) for _ in range(count // 4)]
    found = [random.choice([*first, *close, *more]) for _ in range(count)]
    random.shuffle(found)
    return found
