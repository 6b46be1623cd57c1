"""The HTML page of a difference, in a real browser; its size; and hostile names, in it and in Markdown."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from renderer.diff import in_common, make_groups
from renderer.report import difference_html, difference_markdown
from renderer.report.differences import Told
from renderer.types import (
    Action,
    Change,
    FieldChange,
    FleetDifference,
    ObjectChange,
    ObjectKey,
    SiteChange,
    SiteState,
)
from tests.report.browser import Browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LABELS = ("region", "ring")
HOSTILE = (
    '</script><script>document.title="owned"</script>',
    "<img src=x onerror=\"document.title='owned'\">",
    '"><svg onload=alert(1)>',
    "<!--<script>",
    "javascript:alert(1)",
    "{data} {script} @everyone [x](javascript:alert(1)) | `x` <b>\u202e",
)


def deployment(name: str, field: str, before: str, after: str) -> ObjectChange:
    key = ObjectKey("apps", "Deployment", "lab", name)
    path = ("spec", field)
    return ObjectChange(Action.CHANGED, key, (FieldChange(Action.CHANGED, path, before, after),))


def difference(sites: list[SiteChange], changes: dict[str, Change]) -> tuple[FleetDifference, list[Told]]:
    groups = make_groups(sites, changes, LABELS)
    found = FleetDifference("git:main", "the work tree", LABELS, len(sites) + 3, groups, left=("gone-01",))
    return found, [Told(group, *in_common(group)) for group in groups]


def sample() -> tuple[FleetDifference, list[Told]]:
    """Three groups: images in 300 sites of two regions, a namespace that goes in two, a text in one."""
    gone = ObjectChange(Action.REMOVED, ObjectKey("", "Namespace", "", "old"))
    script = FieldChange(Action.CHANGED, ("data", "run.sh"), "one\ntwo\n", "one\nthree\n")
    config = ObjectChange(Action.CHANGED, ObjectKey("", "ConfigMap", "lab", "app"), (script,))
    changes = {
        "a" * 32: Change((deployment("app", "image", "web:1", "web:2"),)),
        "b" * 32: Change((gone,)),
        "c" * 32: Change((config,)),
    }
    sites = [
        SiteChange(f"site-{number:03d}", SiteState.CHANGED, ("eu" if number % 3 else "us", "broad"), "a" * 32)
        for number in range(300)
    ]
    sites += [SiteChange(f"berlin-{number}", SiteState.CHANGED, ("eu", "canary"), "b" * 32) for number in range(2)]
    sites.append(SiteChange("paris-1", SiteState.CHANGED, ("eu", "early"), "c" * 32))
    return difference(sites, changes)


def hostile() -> tuple[FleetDifference, list[Told]]:
    changes, sites = {}, []
    for number, text in enumerate(HOSTILE):
        digest = f"{number:032d}"
        changes[digest] = Change((deployment(text, text, text, f"{text}\n{text}"),))
        sites.append(SiteChange(f"site{number}{text}", SiteState.CHANGED, (text, "broad"), digest))
    return difference(sites, changes)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def written(folder: Path, made: tuple[FleetDifference, list[Told]]) -> Path:
    page = folder / "difference.html"
    page.write_text(difference_html.difference(*made), encoding="utf-8")
    return page


COUNTS = "[...document.querySelectorAll('details')].map((group) => Number(group.dataset.sites))"


@pytest.mark.slow
def test_the_page_shows_the_riskiest_group_first_and_loads_nothing(browser: Browser, tmp_path: Path) -> None:
    page = written(tmp_path, sample())

    browser.open(page)

    assert browser.run(COUNTS) == [2, 300, 1]
    assert browser.run("document.getElementById('title').textContent").startswith("306 sites compared with git:main")
    assert browser.requests == [page.as_uri()]
    assert browser.errors == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fragment", "counts"),
    [
        ("#region=us", [100]),
        ("#region=eu", [2, 200, 1]),
        ("#ring=canary", [2]),
        ("#kind=ConfigMap", [1]),
        ("#risk=loss", [2]),
        ("#text=site-01", [10]),
        ("#text=web:2", [300]),
        ("#region=us&text=site-01", [3]),
        ("#region=apac", []),
    ],
)
def test_filters_stand_in_the_address(browser: Browser, tmp_path: Path, fragment: str, counts: list[int]) -> None:
    browser.open(written(tmp_path, sample()), fragment)

    assert browser.run(COUNTS) == counts


@pytest.mark.slow
def test_a_click_opens_a_group_with_its_changes_and_sites(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, sample()))

    browser.click("#group-aaaaaaaaaaaa summary")
    browser.wait_for("location.hash.includes('open=aaaaaaaaaaaa')")

    assert "spec.image" in browser.run("document.querySelector('#group-aaaaaaaaaaaa pre').textContent")
    assert browser.run("document.querySelectorAll('#group-aaaaaaaaaaaa li').length") == 200
    browser.click("#group-aaaaaaaaaaaa button")
    browser.wait_for("document.querySelectorAll('#group-aaaaaaaaaaaa li').length === 300")
    assert browser.run("document.querySelector('#group-aaaaaaaaaaaa button').hidden") is True
    assert browser.run("document.querySelector('#group-aaaaaaaaaaaa .counts').textContent") == (
        "region: eu 200, us 100ring: broad 300"
    )


@pytest.mark.slow
def test_typing_filters_and_keeps_what_is_open(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, sample()), "#open=cccccccccccc")

    browser.type("input[name=text]", "paris")
    browser.wait_for("location.hash.includes('text=paris')")

    assert browser.run(COUNTS) == [1]
    assert browser.run("document.querySelector('details').open") is True
    lines = browser.run("[...document.querySelectorAll('.text')].map((line) => line.textContent)")
    assert lines == ["  one", "- two", "+ three"]


@pytest.mark.slow
def test_hostile_names_and_values_are_only_text(browser: Browser, tmp_path: Path) -> None:
    page = written(tmp_path, hostile())

    browser.open(page, "".join(f"{'&' if number else '#'}open={number:032d}"[:18] for number in range(len(HOSTILE))))

    assert browser.run(COUNTS) == [1] * len(HOSTILE)
    browser.run("document.querySelectorAll('details').forEach((group) => { group.open = true; })")
    browser.wait_for("document.querySelectorAll('li').length === 6")
    assert browser.run("document.title") == "fleetpress diff"
    assert browser.run("document.querySelectorAll('img, svg, b:not(summary b), main script').length") == 0
    shown = browser.run("[...document.querySelectorAll('li')].map((site) => site.textContent)")
    assert sorted(shown) == sorted(f"site{number}{text}" for number, text in enumerate(HOSTILE))
    assert browser.requests == [page.as_uri()]
    assert browser.errors == []


@pytest.mark.slow
def test_a_script_that_is_not_the_page_s_own_does_not_run(browser: Browser, tmp_path: Path) -> None:
    page = written(tmp_path, sample())
    page.write_text(page.read_text().replace("</main>", "</main><script>document.title = 'owned'</script>"))

    browser.open(page)

    assert browser.run("document.title") == "fleetpress diff"
    assert any("Content Security Policy" in error for error in browser.errors)


@pytest.mark.slow
def test_a_view_can_be_taken_as_a_picture(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, sample()), "#open=aaaaaaaaaaaa")

    assert browser.screenshot().startswith(b"\x89PNG")


def test_the_data_cannot_end_its_element() -> None:
    page = difference_html.difference(*hostile())

    data = page.partition('id="data">')[2].partition("</script>")[0]
    assert "<" not in data
    assert len(json.loads(data)["groups"]) == len(HOSTILE)
    assert page.count("<script") == 2


def test_no_address_stands_in_the_page() -> None:
    assert not re.search(r"https?://|src=|href=", difference_html.difference(*sample()))


@pytest.mark.slow
def test_a_hundred_thousand_sites_make_a_page_of_less_than_five_megabytes() -> None:
    changes = {
        f"{number:032d}": Change((deployment(f"app-{number}", "x", "a" * 90, "b" * 90),)) for number in range(900)
    }
    sites = [
        SiteChange(
            f"de-hospital-of-some-town-{number * 7919 % 100_000:06d}",
            SiteState.CHANGED,
            (f"country-{number % 40}", f"ring-{number % 17}"),
            f"{number % 900 if number % 7 == 0 else 0:032d}",
        )
        for number in range(100_000)
    ]

    page = difference_html.difference(*difference(sites, changes))

    assert len(page.encode()) < 5_000_000
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert data["sites"].count("\n") + 1 == len(sites)
    assert sum(group["sites"] for group in data["groups"]) == len(sites)


def test_markdown_stays_below_its_limit_and_says_what_is_left_out() -> None:
    changes = {
        f"{number:032d}": Change(
            tuple(deployment(f"app-{number}-{each}", "x", "a" * 90, "b" * 90) for each in range(60))
        )
        for number in range(50)
    }
    sites = [
        SiteChange(f"site-{number}", SiteState.CHANGED, ("eu", "broad"), f"{number % 50:032d}") for number in range(500)
    ]

    text = difference_markdown.difference(*difference(sites, changes))

    assert len(text.encode()) <= 60_000
    shown = text.count("<details>")
    assert shown == text.count("</details>")
    assert f"{50 - shown} groups with {(50 - shown) * 10} sites did not fit" in text


def test_hostile_names_are_no_markup_in_markdown() -> None:
    text = difference_markdown.difference(*hostile())

    bare = re.sub(r"</?(details|summary|pre|br)>", "", text)
    assert "<" not in bare
    assert "@everyone" not in text
    assert "](javascript" not in re.sub(r"<pre>.*?</pre>", "", text, flags=re.DOTALL)
