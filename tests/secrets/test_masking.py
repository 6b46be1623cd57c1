"""What is about to be shown loses its secrets, and nothing else."""

from __future__ import annotations

import json
from random import Random

import pytest

from renderer.report import REPORTERS, Report
from renderer.secrets import hidden, mask, mask_lines, mask_message, mask_value
from renderer.strict_yaml import YamlError, load
from tests.secrets.lookalikes import lookalikes
from tests.secrets.planted import ALNUM, kinds, pem, plants, some

SECRET = some(Random(11), ALNUM, 20)


def test_only_the_secret_is_replaced() -> None:
    assert mask(f"before\npassword: {SECRET}\nafter ä\n") == (
        "before\npassword: (hidden: assigned-password, 20 characters)\nafter ä\n"
    )


def test_what_has_no_secret_stays_as_it_is() -> None:
    for one in lookalikes(2):
        assert mask(one.content.decode()) == one.content.decode()


def test_what_was_masked_is_not_masked_again() -> None:
    for plant in plants(4):
        once = mask(plant.content.decode())
        assert mask(once) == once


def test_masked_json_is_json() -> None:
    for plant in plants(5):
        told = json.dumps({"text": plant.content.decode(), "next": 'a "quoted" word', "more": ["b"]})
        masked = json.loads(mask(told))
        assert masked["next"] == 'a "quoted" word'
        assert plant.secret not in masked["text"]


def test_a_key_that_was_cut_hides_its_own_text_only() -> None:
    begun = pem("PRIVATE KEY")(Random(2))[:60]
    told = json.dumps({"first": begun, "second": "kept", "third": "-----END PRIVATE KEY-----"})

    masked = json.loads(mask(told))

    assert masked["second"] == "kept"
    assert begun not in masked["first"]


@pytest.mark.parametrize(
    "message",
    [
        f'values.db.password: expected an integer, got a string: "{SECRET}"',
        f"adminPassword: expected one of a, b, got '{SECRET}'",
        f"the answer api_token is not valid: got {SECRET}{SECRET}",
        f'clientSecret: expected at most 9 characters, got "{SECRET}{SECRET}…',
    ],
)
def test_a_sentence_that_names_a_secret_does_not_quote_it(message: str) -> None:
    assert SECRET[:8] not in mask_message(message)
    assert "hidden: assigned-" in mask_message(message)


@pytest.mark.parametrize(
    "message",
    [
        'passwordSecret: expected a DNS-1123 label, got "Lis_Database"',
        'values.token: expected a string, got "cluster-bootstrap"',
        'spec.replicas: expected an integer, got "3"',
        "the key password is missing; add password",
    ],
)
def test_a_sentence_without_a_secret_keeps_its_words(message: str) -> None:
    assert mask_message(message) == message


def test_a_value_is_masked_by_its_key_and_in_its_depth() -> None:
    value = {"db": {"password": SECRET, "host": "db.lab.svc"}, "env": [{"name": "API_TOKEN", "value": SECRET}], "n": 3}

    masked = mask_value(value)  # type: ignore[arg-type]

    assert masked == {
        "db": {"password": hidden("assigned-password", 20), "host": "db.lab.svc"},
        "env": [{"name": "API_TOKEN", "value": hidden("assigned-secret", 20)}],
        "n": 3,
    }
    assert mask_value(SECRET, "password") == hidden("assigned-password", 20)
    assert mask_value("plain", "password") == "plain"


def test_of_a_file_in_a_value_only_the_secret_is_masked() -> None:
    text = f"[db]\npassword = {SECRET}\nport = 5432\n"

    assert mask_value(text, "app.ini") == text.replace(SECRET, hidden("assigned-password", 20))


def test_a_line_with_a_secret_says_no_more_than_a_code() -> None:
    content = b"a: 0123\npassword: 0987654321\n"
    with pytest.raises(YamlError) as error:
        load(content, "f.yaml")

    first, second = mask_lines(error.value.problems, content)

    assert "0123" in first.what
    assert "0987654321" not in f"{second.what} {second.hint}"
    assert second.where == error.value.problems[1].where


def test_every_planted_value_is_masked_as_a_value_of_its_key() -> None:
    random = Random(9)
    left = []
    for kind in kinds():
        secret = kind.make(random)
        if secret in json.dumps(mask_value({kind.key or "setting": secret})):
            left.append(kind.rule)

    assert left == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_report_that_somebody_forgot_to_mask_is_masked(form: str) -> None:
    report = Report("sites", {"note": f"password={SECRET}"}, f"token: {SECRET}")

    assert SECRET not in REPORTERS[form](report)
