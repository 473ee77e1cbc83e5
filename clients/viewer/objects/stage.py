"""Puts padding and presentation states into the way from stored values to the screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clients.viewer.objects.book import ObjectBook, plain_uid
from clients.viewer.viewport.looks import Look, PictureStage
from shared.imaging.lut import VoiFunction, Window

if TYPE_CHECKING:
    from clients.viewer.viewport.layers import ShownImage
    from clients.viewer.viewport.view import ViewportWidget
    from shared.imaging.codecs import PixelFormat
    from shared.imaging.lut import Modality


class ObjectStage(PictureStage):
    """Pixel padding stays black; a presentation state in force decides modality, VOI and presentation LUT.

    The reader's own window wins over the state's (PS3.4 N.2): he can always look closer.
    """

    def __init__(self, book: ObjectBook) -> None:
        self._book = book

    def look(self, view: ViewportWidget, shown: ShownImage, look: Look) -> Look:
        padding = shown.image.padding_range
        if padding is not None:
            look = replace(look, padding=padding)
        state = self._book.state_for(shown.stack, shown.key)
        if state is None:
            return look
        modality = state.modality if state.modality is not None else look.modality
        voi = look.voi
        if view.state.voi is None and not shown.image.pixel_format.is_colour:
            voi = state.voi_of(plain_uid(shown.key.sop_instance_uid), shown.key.frame) or whole_range(
                modality, shown.image.pixel_format
            )
        return replace(
            look,
            modality=modality,
            voi=voi,
            presentation=state.presentation,
            # The state's polarity stands for that of the image (PS3.4 N.2.1.2).
            inverted=state.inverted != view.state.inverted,
        )


def whole_range(modality: Modality, fmt: PixelFormat) -> Window:
    """The identity VOI transformation: all values the modality LUT can give, black to white (PS3.4 N.2.2)."""
    import numpy as np

    if modality.table is not None:
        low, high = 0.0, float((1 << modality.table.bits) - 1)
    else:
        ends = (
            np.array([-(1 << (fmt.bits_stored - 1)), (1 << (fmt.bits_stored - 1)) - 1])
            if fmt.signed
            else np.array([0, (1 << fmt.bits_stored) - 1])
        )
        values = modality(ends)
        low, high = float(values.min()), float(values.max())
    return Window((low + high) / 2, max(high - low, 1e-6), VoiFunction.LINEAR_EXACT)
