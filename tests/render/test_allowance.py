"""CPU time of template code: what backtracks is ended, at its line, and only what this thread does counts."""

from __future__ import annotations

import threading
import time
from itertools import count

import pytest

from renderer.errors import Code
from renderer.render import allowance as module
from renderer.render import blame_lines, compile_template, lint_template
from renderer.render.allowance import TimeUsedUp, allowance, is_bounded
from renderer.types import Manifests, Rejected
from tests.render.support import make_site, make_template, make_tree, press, problems_of

BOMB = "{{ ('a' * 40 ~ 'b') | regex_search('(a+)+$') }}"
BOMBS = {
    "search": BOMB,
    "findall": "{{ ('a' * 100000) | regex_findall('a*a*a*a*b') }}",
    "replace": "{{ ('x' * 60) | regex_replace('(x+x+)+y', '') }}",
    "white space": "{{ (' ' * 100000 ~ 'x') | regex_replace('\\\\s+$', '') }}",
    "many short ones": "{% for i in range(99999) %}{{ ('a' * 18 ~ 'b') | regex_search('(a+)+$') }}{% endfor %}",
    "by way of map": "{{ ['a' * 40 ~ 'b'] | map('regex_search', '(a+)+$') | list }}",
    "long list in a loop": "{% set l = range(99999) | list %}{% for i in range(99999) %}{{ l | length }}{% endfor %}",
    "long text in a loop": "{% set s = 'a' * 999999 %}{% for i in range(99999) %}{{ s | hash }}{% endfor %}",
}


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """An allowance that tests can wait for."""
    monkeypatch.setattr(module, "SECONDS", 0.1)


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize("name", BOMBS)
def test_what_counting_cannot_see_is_ended_at_its_line(name: str) -> None:
    template = make_template({"copier.yml": "site: {type: str}\n", "a.txt.jinja": "{{ site }}\n\n" + BOMBS[name]})

    (problem,) = problems_of(press(template))

    assert problem.code is Code.RENDER_LIMIT
    assert problem.what == "the template asks for too much: more than 0.1 s of CPU time"
    assert str(problem.where) == "templates/sample/1.0.0/a.txt.jinja:3"
    assert isinstance(press(make_template({"a.txt": "lab-1"})), Manifests)
    assert not is_bounded()


@pytest.mark.usefixtures("little")
def test_a_question_that_backtracks_is_told_with_its_line() -> None:
    template = make_template({"copier.yml": f'a: {{type: str, default: "{BOMB}"}}\n', "a.txt.jinja": "lab-1 {{ a }}"})

    (problem,) = problems_of(press(template))

    assert (problem.code, str(problem.where)) == (Code.RENDER_LIMIT, "templates/sample/1.0.0/copier.yml:1")


@pytest.mark.usefixtures("little")
def test_the_templates_of_a_site_share_the_time() -> None:
    first = make_template({"copier.yml": "site: {type: str}\n", "a.txt.jinja": f"{{{{ site }}}}{BOMB}"}, "first")
    second = make_template({"copier.yml": "site: {type: str}\n", "b.txt.jinja": f"{{{{ site }}}}{BOMB}"}, "second")

    problems = problems_of(press(first, second))

    assert [str(problem.where) for problem in problems] == ["templates/first/1.0.0/a.txt.jinja:1"]


@pytest.mark.usefixtures("little")
def test_a_file_that_reads_nothing_costs_a_template_little_and_its_sites_their_time() -> None:
    tree = make_tree({"copier.yml": "", **{f"{number}.txt.jinja": BOMB for number in range(200)}})

    template = compile_template(tree)

    assert [problem.code for problem in problems_of(press(template))] == [Code.RENDER_LIMIT]


def test_nothing_runs_while_a_template_is_compiled() -> None:
    # Jinja computes constant expressions at once, where it may; 200 of these would take an hour.
    files = {f"{number}.txt.jinja": "{{ site }}" + BOMB for number in range(200)}

    compile_template(make_tree({"copier.yml": "site: {type: str}\n", **files}))


@pytest.mark.usefixtures("little")
def test_looking_at_a_template_ends_too() -> None:
    files = {"copier.yml": f'a: {{type: str, default: "{BOMB}", help: x}}\n', "a.txt.jinja": "{{ a }}" + BOMB}
    tree = make_tree(files)

    lint_template(tree, {})

    assert blame_lines(compile_template(tree), make_site(a="x"), "labs", "a.txt") is None


def test_the_time_of_other_threads_does_not_count() -> None:
    stop = threading.Event()
    busy = threading.Thread(target=lambda: all(not stop.is_set() for _ in count()))
    busy.start()
    begun = time.process_time()
    try:
        with allowance(0.05):
            while time.process_time() - begun < 0.3:
                time.sleep(0.02)
    finally:
        stop.set()
        busy.join()


def test_waiting_does_not_count() -> None:
    with allowance(0.01):
        time.sleep(0.2)


def test_the_outermost_allowance_counts() -> None:
    with pytest.raises(TimeUsedUp, match=r"more than 0\.05 s"), allowance(0.05), allowance(1000):
        all(True for _ in count())


def test_outside_the_main_thread_nothing_is_bounded() -> None:
    seen: list[bool] = []

    def look() -> None:
        with allowance(1):
            seen.append(is_bounded())

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [False]


@pytest.mark.usefixtures("little")
def test_a_site_with_a_bomb_does_not_keep_the_others_from_being_rendered() -> None:
    text = "{{ site }}{% if site == 'lab-2' %}" + BOMB + "{% endif %}"
    template = make_template({"copier.yml": "site: {type: str}\n", "a.txt.jinja": text})

    results = [press(template, site=make_site(f"lab-{number}")) for number in range(4)]

    assert [type(result) for result in results] == [Manifests, Manifests, Rejected, Manifests]
