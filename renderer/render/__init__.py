"""Renders a site's manifests from compiled templates: pure, in memory, equal to Copier byte for byte."""

from renderer.render.compiling import compile_template
from renderer.render.interface import Rendered, Template
from renderer.render.memo import Counts, Memo
from renderer.render.site import render_site

__all__ = ["Counts", "Memo", "Rendered", "Template", "compile_template", "render_site"]
