"""Random answers to every template of the corpus and of the sample fleet: what Copier renders, or an error in both."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from renderer.render import compile_template, question_config
from tests.render.oracle import read_tree
from tests.render.verdicts import WRONG, compare

CORPUS = Path(__file__).parent / "corpus"
SAMPLE = Path(__file__).parents[2] / "templates"
SETS = 5
TEXTS = ("a", "x y", "1.35", "7", "no", "", "[1, 2]", "{k: v}", "é", "a/b")
NUMBERS = (0, 1, -3, 12, 2.5)
ANYTHING: tuple[Any, ...] = (*TEXTS, *NUMBERS, True, False, [], ["a", 1], {"k": "v"}, {"k": [1]})
FITTING: dict[str, tuple[Any, ...]] = {
    "str": TEXTS,
    "path": TEXTS,
    "int": NUMBERS,
    "float": NUMBERS,
    "bool": (True, False),
}


def templates() -> list[Path]:
    copiers = [folder for folder in SAMPLE.glob("*/*") if (folder / "copier.yml").is_file()]
    return sorted(folder / "template" for folder in CORPUS.iterdir() if folder.is_dir()) + sorted(copiers)


def random_answers(template: Path, number: int) -> dict[str, Any]:
    """Answers to some of the questions: mostly such as fit, in a choice of ways."""
    random = Random(f"{template.relative_to(template.parents[1])} {number}")
    answers: dict[str, Any] = {}
    for name, raw in (question_config(read_tree(template)) or {}).items():
        if name.startswith("_") or (number and random.random() < 0.4):
            continue
        question = raw if isinstance(raw, dict) else {"default": raw}
        choices = question.get("choices")
        offers = list(choices.values()) if isinstance(choices, dict) else choices
        pool = FITTING.get(str(question.get("type")), ANYTHING)
        if isinstance(offers, list) and offers and random.random() < 0.9:
            pool = tuple(offer[1] if isinstance(offer, list) and len(offer) > 1 else offer for offer in offers)
        picked = random.choice(pool if random.random() < 0.9 else ANYTHING)
        answers[name] = [picked] if question.get("multiselect") and random.random() < 0.9 else picked
    return answers


def unsafe(template: Path) -> bool:
    cases = template.with_name("cases.yaml")
    return cases.is_file() and bool(yaml.safe_load(cases.read_text()).get("unsafe"))


@pytest.mark.slow
@pytest.mark.parametrize("template", templates(), ids=lambda path: "/".join(path.parts[-2:]))
def test_random_answers_render_alike(template: Path, tmp_path: Path) -> None:
    found = {}
    for number in range(SETS):
        answers = random_answers(template, number)
        verdict = compare(template, answers, tmp_path / str(number) / "site-1", unsafe=unsafe(template))
        found[number] = (verdict.kind, verdict.why, answers)

    assert [one for one in found.values() if one[0] in WRONG or one[0] == "refused"] == []


def test_there_are_enough_of_them() -> None:
    small = [template for template in templates() if CORPUS in template.parents]

    assert len(small) >= 40
    assert len(templates()) * SETS >= 200
    assert all(compile_template(read_tree(template)) for template in small)
