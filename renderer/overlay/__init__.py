"""overlay: explicit exceptions, made to what was rendered for a site. Pure."""

from renderer.overlay.applying import Overlaid, Overlayer

__all__ = ["Overlaid", "Overlayer"]
