"""What many sites' changes have in common: found once, told for each site as if it had been compared alone."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.diff import (
    Rules,
    SiteDiffer,
    Words,
    by_object,
    diff_objects,
    in_common,
    make_groups,
    read_objects,
    ungrouped,
)
from renderer.diff.placeholders import fill
from renderer.types import Change, ObjectChange, Risk, SiteChange, SiteState

LABELS = ("region", "ring")


@dataclass(frozen=True)
class Sample:
    """A site of a made-up fleet: its values, and its files on both sides."""

    name: str
    values: dict[str, str]
    before: dict[str, bytes]
    after: dict[str, bytes]

    @property
    def alone(self) -> tuple[ObjectChange, ...]:
        """The change of this site, compared by itself."""
        return diff_objects(read_objects(self.before), read_objects(self.after))


def config(name: str, **data: str) -> bytes:
    lines = "".join(f"  {key}: {value}\n" for key, value in data.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: lab}}\ndata:\n{lines}".encode()


def grouped(samples: list[Sample]) -> tuple[list[SiteChange], dict[str, Change]]:
    """What a worker and the parent make of a fleet."""
    differ = SiteDiffer(Rules())
    sites: list[SiteChange] = []
    changes: dict[str, Change] = {}
    for sample in samples:
        words = Words.of(sample.name, sample.values)
        found = differ.diff(sample.before, sample.after, words)
        if found is not None:
            digest, change = found
            values = tuple(words.by_name[name] for name in change.names)
            sites.append(SiteChange(sample.name, SiteState.CHANGED, ("eu", "broad"), digest, values))
            changes.setdefault(digest, change)
    return sites, changes


def sample(name: str, host: str, before: str, after: str) -> Sample:
    """A site whose host stands in what changes and in what does not."""
    files = [
        {"a.yaml": config(f"{name}-a", host=host, version=f'"{one}"', url=f"https://{host}/{one}")}
        for one in (before, after)
    ]
    return Sample(name, {"host": host}, *files)


def test_a_change_that_each_site_has_in_its_own_words_is_one_group() -> None:
    samples = [sample(f"berlin-0{n}", f"lab-{n}.example", "1.0", "1.1") for n in range(5)]
    sites, changes = grouped(samples)

    groups = make_groups(sites, changes, LABELS)

    assert len(groups) == 1
    assert groups[0].change.names == ("host", "site")
    assert in_common(groups[0])[1] == ("host", "site")
    assert ungrouped(groups) == {one.name: one.alone for one in samples}


def test_one_site_with_another_value_is_a_group_of_its_own() -> None:
    samples = [sample(f"berlin-0{n}", f"lab-{n}.example", "1.0", "1.1") for n in range(5)]
    samples.append(sample("berlin-09", "lab-9.example", "1.0", "1.2"))
    sites, changes = grouped(samples)

    groups = make_groups(sites, changes, LABELS)

    assert [len(group.sites) for group in groups] == [5, 1]
    assert groups[0].counts == {"region": {"eu": 5}, "ring": {"broad": 5}}


def test_words_that_all_sites_of_a_group_share_are_told_as_they_are() -> None:
    files = [{"a.yaml": config("a", mirror=f"mirror.eu.example/app-{one}")} for one in (1, 2)]
    samples = [Sample(f"berlin-0{n}", {"mirror": "mirror.eu.example"}, *files) for n in range(3)]
    sites, changes = grouped(samples)

    (group,) = make_groups(sites, changes, LABELS)

    told, left = in_common(group)
    assert left == ()
    assert told == samples[0].alone


def test_what_groups_have_in_common_is_told_once() -> None:
    one = {"a.yaml": config("a", x="one"), "b.yaml": config("b", z="one")}
    two = {"a.yaml": config("a", x="two"), "b.yaml": config("b", z="one")}
    three = {"a.yaml": config("a", x="two"), "b.yaml": config("b", z="two")}
    sites, changes = grouped([Sample("s-1", {}, one, two), Sample("s-2", {}, one, two), Sample("s-3", {}, one, three)])

    shared = by_object(make_groups(sites, changes, LABELS))

    assert [(each.change.key.name, each.sites, each.groups) for each in shared] == [("a", 3, (0, 1)), ("b", 1, (1,))]


@pytest.mark.parametrize(
    "value", ["Secret", "ConfigMap", "data", "name", "1500", "10.5", "true", "on", "eu", "2026-01-01"]
)
def test_words_that_may_mean_something_are_never_taken_out(value: str) -> None:
    assert "value" not in Words.of("berlin-01", {"value": value}).by_name


def test_where_an_object_says_what_it_is_nothing_is_taken_out() -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{password: {}}}\n"
    files = [{"a.yaml": secret.format(one).encode()} for one in ("hunter-2", "hunter-3")]
    for values in ({"x": "apps/v1"}, {"x": "Secret"}, {"x": "hunter-3"}):
        (site,), changes = grouped([Sample("berlin-01", values, *files)])

        assert "hunter" not in repr(changes) + repr(site)


def test_a_site_s_own_value_that_changes_is_a_change() -> None:
    files = [{"a.yaml": config("a", host=host)} for host in ("old.example", "new.example")]
    (site,), changes = grouped([Sample("berlin-01", {"host": "new.example"}, *files)])

    groups = make_groups([site], changes, LABELS)

    (field,) = ungrouped(groups)["berlin-01"][0].fields
    assert (field.before, field.after) == ("old.example", "new.example")


def test_a_word_in_two_spellings_of_yaml_is_no_change_that_nobody_made() -> None:
    before = b'{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: "\\u006cab-1.example", k: one}}'
    after = b"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: lab-1.example, k: two}}"
    made = Sample("berlin-01", {"host": "lab-1.example"}, {"a.yaml": before}, {"a.yaml": after})
    sites, changes = grouped([made])

    assert ungrouped(make_groups(sites, changes, LABELS)) == {"berlin-01": made.alone}
    assert [field.dotted for field in made.alone[0].fields] == ["data.k"]


def test_text_with_the_mark_of_placeholders_is_left_alone() -> None:
    words = Words.of("berlin-01", {"host": "lab-1.example"})

    assert words.blank("⟦host⟧ lab-1.example".encode()) == "⟦host⟧ lab-1.example".encode()
    assert fill(words.blank(b"x lab-1.example y").decode(), words.by_name) == "x lab-1.example y"


def test_words_inside_longer_words_stay() -> None:
    words = Words.of("lab-1", {"ip": "10.0.0.1"})
    others = b"lab-10 xlab-1 10.0.0.10 110.0.0.1"

    assert words.blank(others) == others
    assert words.blank(b"lab-1-x.example 10.0.0.1/32") == "⟦site⟧-x.example ⟦ip⟧/32".encode()


NAMES = st.sampled_from(["lab-1.example", "lab-2.example", "10.0.0.1", "10.0.0.11", "site-a", "plain", "1500"])
TEXTS = st.builds("{}{}{}".format, st.sampled_from(["", "x.", "x-"]), NAMES, st.sampled_from(["", "/24", "-y", ".z"]))
DATA = st.dictionaries(st.sampled_from("abc"), TEXTS.map(lambda text: f'"{text}"'), min_size=1, max_size=3)
FILES = st.dictionaries(st.sampled_from(["one.yaml", "two.yaml", "three.yaml"]), DATA, max_size=3)


@given(st.lists(st.tuples(FILES, FILES, st.dictionaries(st.sampled_from("pqr"), NAMES, max_size=3)), max_size=6))
def test_ungrouping_gives_exactly_what_comparing_each_site_alone_gives(
    fleet: list[tuple[dict[str, dict[str, str]], dict[str, dict[str, str]], dict[str, str]]],
) -> None:
    samples = [
        Sample(
            f"site-{number}",
            values,
            {path: config(f"c-{path[:3]}", **data) for path, data in before.items()},
            {path: config(f"c-{path[:3]}", **data) for path, data in after.items()},
        )
        for number, (before, after, values) in enumerate(fleet)
    ]
    sites, changes = grouped(samples)

    assert ungrouped(make_groups(sites, changes, LABELS)) == {one.name: one.alone for one in samples if one.alone}


def object_of(kind: str, group: str = "v1", spec: str = "spec: {x: 1}") -> bytes:
    return f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: a}}\n{spec}\n".encode()


@pytest.mark.parametrize(
    ("before", "after", "risk"),
    [
        (object_of("Namespace"), b"", Risk.LOSS),
        (object_of("PersistentVolumeClaim"), b"", Risk.LOSS),
        (object_of("CustomResourceDefinition", "apiextensions.k8s.io/v1"), b"", Risk.LOSS),
        (object_of("ClusterRole", "rbac.authorization.k8s.io/v1"), b"", Risk.ACCESS),
        (b"", object_of("ClusterRoleBinding", "rbac.authorization.k8s.io/v1"), Risk.ACCESS),
        (object_of("Service"), b"", Risk.REMOVAL),
        (object_of("Pod", spec="image: a"), object_of("Pod", spec="image: b"), Risk.IMAGE),
        (object_of("Pod", spec="x: a"), object_of("Pod", spec="x: b"), Risk.CHANGE),
        (b"", object_of("Namespace"), Risk.CHANGE),
    ],
)
def test_the_riskiest_change_of_a_site_decides(before: bytes, after: bytes, risk: Risk) -> None:
    files = [{"a.yaml": side, "b.yaml": config("c", x=str(at))} for at, side in enumerate((before, after))]
    sites, changes = grouped([Sample("s-1", {}, *files)])

    assert make_groups(sites, changes, LABELS)[0].risk is risk


def test_a_renamed_claim_is_one_that_is_lost() -> None:
    claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {}}}\nspec: {{a: 1, b: 2, c: 3}}\n"
    sites, changes = grouped(
        [Sample("s-1", {}, {"a.yaml": claim.format("a").encode()}, {"a.yaml": claim.format("b").encode()})]
    )

    assert make_groups(sites, changes, LABELS)[0].risk is Risk.LOSS
