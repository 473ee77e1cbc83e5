"""What the panel for the paper application shows; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field

from clients.kit.camera.port import CameraDevice


@dataclass(frozen=True)
class PaperPage:
    """A page of the booking being typed. `found`: the sheet was found by itself and cut out."""

    key: str
    jpeg: bytes = field(repr=False)
    found: bool = True
    can_correct: bool = False  # the photograph is still in memory, so that the corners can be moved


@dataclass(frozen=True)
class PaperState:
    """One picture of the panel. `exam_id` None: the pages belong to the booking being typed."""

    exam_id: int | None = None
    pages: tuple[PaperPage, ...] = ()
    devices: tuple[CameraDevice, ...] | None = None  # None while they are looked for
    device: str = ""
    trouble: str = ""  # of the camera: a sentence in the language of the moment
    live: bool = False
    taking: bool = False
    correcting: str = ""  # key of the page whose corners are moved
    retaking: str = ""  # key of the page that the next picture replaces
    waiting: int = 0  # pages that have not reached the server yet
    shown: str = ""  # key of the page shown large

    def page(self, key: str) -> PaperPage | None:
        """The page with this key."""
        return next((page for page in self.pages if page.key == key), None)
