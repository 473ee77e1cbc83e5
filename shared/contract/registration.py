"""Registrations that readers keep: how one series or frame of reference of a patient lies in another.

The newest of each pair counts. It also becomes a Spatial Registration object in the archive; clearing it here keeps
viewers from applying it by themselves, objects that were stored stay as the record of what was done.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.domain.permissions import Permission

MOST_STUDIES = 50
MOST_PLACED = 12
"""Images of one stitched picture."""


class RegistrationSide(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two: its study, the series that was looked at, its frame of reference (empty where it has none)."""

    study_uid: str
    series_uid: str
    frame_of_reference_uid: str = ""


class KeptRegistration(msgspec.Struct, frozen=True, kw_only=True):
    """A transform with what is known of it. ``matrix`` maps points of ``fixed`` to points of ``moving``, LPS mm."""

    fixed: RegistrationSide
    moving: RegistrationSide
    matrix: tuple[float, ...]  # sixteen numbers, row by row, the last row 0 0 0 1
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)  # about which the turns count
    by_hand: bool = False
    similarity: float | None = None  # mutual information in nats
    overlap: float | None = None  # 0 to 1
    disagreement_mm: float | None = None


class RegistrationView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest registration of a pair; ``kept`` is None after it was cleared."""

    id: int
    version: int
    pair: str
    author_name: str
    saved_at: datetime
    kept: KeptRegistration | None
    sop_instance_uid: str = ""  # of the object in the archive, once it is there


class ListRegistrations(Query[tuple[RegistrationView, ...]], frozen=True, kw_only=True):
    """Registrations whose fixed or moving series belongs to one of these studies. Refusals: INVALID."""

    method = "registration.list"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.IMAGES

    study_uids: tuple[str, ...]


class SaveRegistration(Command[RegistrationView], frozen=True, kw_only=True):
    """Keep a registration as the newest of its pair and store it as an object. Refusals: NOT_FOUND, INVALID."""

    method = "registration.save"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.IMAGES

    kept: KeptRegistration


class ClearRegistration(Command[tuple[RegistrationView, ...]], frozen=True, kw_only=True):
    """Let no viewer apply the registration of a pair by itself; nothing happens where there is none.

    Returns what was cleared, so that it can be kept again. Refusals: INVALID.
    """

    method = "registration.clear"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.IMAGES

    fixed: RegistrationSide
    moving: RegistrationSide


class PlacedImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image of a stitched picture: its first pixel in pixels of the first image, and its turn about its middle."""

    sop_instance_uid: str
    row: float
    column: float
    rotation_deg: float = 0.0


class StoreStitched(Command[Nothing], frozen=True, kw_only=True):
    """Compose the images and store the picture as a derived image of their study.

    Images are of one study and in the order in which they are laid over each other. Refusals: NOT_FOUND, INVALID.
    """

    method = "registration.store_stitched"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str
    images: tuple[PlacedImage, ...]
    blending: str = "feather"
    level: bool = True
    residual_mm: float | None = None


def pair_of(fixed: RegistrationSide, moving: RegistrationSide) -> str:
    """What a registration is known by, whichever way round: frames of reference where they differ, else the series."""
    spaces = (fixed.frame_of_reference_uid, moving.frame_of_reference_uid)
    names = spaces if all(spaces) and spaces[0] != spaces[1] else (fixed.series_uid, moving.series_uid)
    return "|".join(sorted(names))
