"""How stored values become what is on screen, and the stages that features put into that path.

A stage may change the look before the window is applied (padding, presentation LUT, another modality LUT) and the
finished 8-bit picture after it (colour profile, a second image blended in). No Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.imaging.lut import LookupTable, Modality, Window

if TYPE_CHECKING:
    from clients.viewer.viewport.layers import ShownImage
    from clients.viewer.viewport.renderer import Rendered
    from clients.viewer.viewport.view import ViewportWidget


@dataclass(frozen=True, slots=True)
class Look:
    """What the renderer applies to one image; change it with ``dataclasses.replace``."""

    modality: Modality
    voi: Window | LookupTable
    inverted: bool = False  # MONOCHROME1 and the reader's inversion together
    padding: tuple[int, int] | None = None  # lowest and highest stored value that stays black
    presentation: LookupTable | None = None  # Presentation LUT, between window and inversion (PS3.3 C.11.6)
    palette: str = ""  # key of a palette (`palettes.PALETTES`) that colours the grey; empty: grey


class PictureStage:
    """Base of all stages of `ViewportWidget.stages`; called in the GUI thread at each painting, so be quick."""

    def look(self, _view: ViewportWidget, _shown: ShownImage, look: Look) -> Look:
        """The look for this image; return ``look`` itself where nothing is to be changed."""
        return look

    def finish(self, _view: ViewportWidget, _shown: ShownImage, rendered: Rendered) -> Rendered:
        """The picture to paint: (height, width) grey or (height, width, 3) RGB, contiguous uint8, same place.

        Never write into ``rendered.pixels``: the renderer may keep them for the next painting.
        """
        return rendered
