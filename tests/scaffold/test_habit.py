"""Where a new site's file goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.scaffold import site_folder

LABELS = {"region": "us", "country": "ca", "ring": "broad"}


def known(*sites: tuple[str, str, str]) -> list[tuple[list[str], dict[str, str]]]:
    """Sites by folder, region, country."""
    return [
        (folder.split("/") if folder else [], {"region": region, "country": country})
        for folder, region, country in sites
    ]


@pytest.mark.parametrize(
    ("sites", "folder"),
    [
        ((), "us/ca"),
        ((("", "eu", "de"),), ""),
        ((("eu/de", "eu", "de"), ("eu/fr", "eu", "fr")), "us/ca"),
        ((("de/eu", "eu", "de"), ("fr/eu", "eu", "fr")), "ca/us"),
        ((("us/us", "us", "us"),), "us/ca"),
        ((("de", "eu", "de"), ("fr", "eu", "fr")), "ca"),
        ((("prod/eu", "eu", "de"), ("prod/us", "us", "us")), "prod/us"),
        ((("berlin/eu", "eu", "de"), ("paris/eu", "eu", "fr")), ""),
        ((("eu/de", "eu", "de"), ("eu/fr", "eu", "fr"), ("odd", "eu", "de")), "us/ca"),
        ((("eu/de", "eu", "de"), ("eu/fr", "eu", "fr"), ("eu/special", "eu", "es")), "us/ca"),
    ],
)
def test_the_folder_is_what_most_sites_do(sites: tuple[tuple[str, str, str], ...], folder: str) -> None:
    assert site_folder(LABELS, known(*sites)) == folder


@given(
    st.dictionaries(st.sampled_from(["region", "country", "x"]), st.text() | st.sampled_from(["..", ".", "/", "a/b"]))
)
def test_no_label_leads_out_of_the_folder_of_sites(labels: dict[str, str]) -> None:
    for sites in ([], [(["eu", "de"], {"region": "eu", "country": "de"})], [(["v"], {"x": "v"})]):
        parts = site_folder(labels, sites).split("/")
        assert not {"..", "."} & set(parts)
        assert all("\\" not in part and "\0" not in part for part in parts)
