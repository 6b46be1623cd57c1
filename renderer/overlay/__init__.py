"""overlay: explicit exceptions, made to what was rendered for a site. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.overlay.applying import Overlaid, Overlayer
else:
    __getattr__ = lazily(
        __name__,
        {
            "applying": "Overlaid Overlayer",
        },
    )

__all__ = ["Overlaid", "Overlayer"]
