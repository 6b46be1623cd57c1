from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code
from renderer.sign import SIGNERS, Signer, generate_key, open_signer
from tests.sign.support import refusal

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.sign.private_key import KeySigner


@pytest.mark.parametrize("form", ["{}", "file:{}", "file://{}"])
def test_a_path_and_a_file_address_open_the_same_key(tmp_path: Path, form: str) -> None:
    private, _ = generate_key(tmp_path / "a")

    assert open_signer(form.format(private)).key_id == open_signer(str(private)).key_id


def test_an_unknown_scheme_names_the_known_ones() -> None:
    problem = refusal(lambda: open_signer("awskms:///alias/fleet"))

    assert problem.code is Code.KEY_UNSUPPORTED
    assert "'awskms'" in problem.what
    assert "file" in problem.what


def test_another_scheme_is_one_more_row(signer: KeySigner) -> None:
    asked: list[tuple[str, bytes | None]] = []

    def open_vault(rest: str, password: bytes | None) -> Signer:
        asked.append((rest, password))
        return signer

    opened = open_signer("hashivault://fleet", b"token", signers={**SIGNERS, "hashivault": open_vault})

    assert opened is signer
    assert asked == [("//fleet", b"token")]


def test_a_windows_drive_is_not_a_scheme() -> None:
    assert "cannot read the key C:" in refusal(lambda: open_signer("C:\\keys\\a.key")).what
