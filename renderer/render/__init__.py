"""Renders a site's manifests from compiled templates: pure, in memory, equal to Copier byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.render.answer_schema import answer_schemas, required_answers
    from renderer.render.blame import Blame, Blamed, blame_lines
    from renderer.render.compiling import compile_template, question_config, question_defaults
    from renderer.render.digests import rendered_digest
    from renderer.render.interface import Rendered, Template
    from renderer.render.lint import lint_template
    from renderer.render.memo import Counts, Memo
    from renderer.render.site import names_site, render_alone, render_site
else:
    __getattr__ = lazily(
        __name__,
        {
            "answer_schema": "answer_schemas required_answers",
            "blame": "Blame Blamed blame_lines",
            "compiling": "compile_template question_config question_defaults",
            "digests": "rendered_digest",
            "interface": "Rendered Template",
            "lint": "lint_template",
            "memo": "Counts Memo",
            "site": "names_site render_alone render_site",
        },
    )

__all__ = [
    "Blame",
    "Blamed",
    "Counts",
    "Memo",
    "Rendered",
    "Template",
    "answer_schemas",
    "blame_lines",
    "compile_template",
    "lint_template",
    "names_site",
    "question_config",
    "question_defaults",
    "render_alone",
    "render_site",
    "rendered_digest",
    "required_answers",
]
