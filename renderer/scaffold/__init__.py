"""scaffold: files that people or clusters need once."""

from renderer.scaffold.bootstrap import bootstrap

__all__ = ["bootstrap"]
