"""Rows as the contract shows them."""

from __future__ import annotations

from datetime import datetime

from server.pathology.media.rules import is_expired
from server.pathology.media.tables import CalibrationRow, MediaRow
from shared.contract.pathology_media import CalibrationView, MediaFacts, MediaView
from shared.domain.pathology_media import MediaKind, MediaSubject


def media_view(row: MediaRow) -> MediaView:
    """One capture."""
    facts = MediaFacts(
        case_id=row.case_id,
        kind=MediaKind(row.kind),
        subject=MediaSubject(row.subject),
        media_type=row.media_type,
        taken_at=row.taken_at,
        specimen_id=row.specimen_id,
        block_id=row.block_id,
        slide_id=row.slide_id,
        station=row.station,
        camera=row.camera,
        objective=row.objective,
        calibration_id=row.calibration_id,
        um_per_pixel=row.um_per_pixel,
        frame_rate=row.frame_rate,
        caption=row.caption,
        parent_id=row.parent_id,
        steps=tuple(row.steps),
    )
    return MediaView(
        id=row.id,
        key=row.key,
        facts=facts,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        duration_s=row.duration_s,
        position=row.position,
        marked=row.marked,
        taken_by=row.taken_by,
        stored_at=row.stored_at,
        sop_uid=row.sop_uid,
        calibration_expired=row.calibration_expired,
    )


def calibration_view(row: CalibrationRow, now: datetime, *, current: bool) -> CalibrationView:
    """One calibration, judged now."""
    return CalibrationView(
        id=row.id,
        camera=row.camera,
        objective=row.objective,
        width=row.width,
        known_um=row.known_um,
        pixels=row.pixels,
        um_per_pixel=row.um_per_pixel,
        made_by=row.made_by,
        made_at=row.made_at,
        expires_at=row.expires_at,
        expired=is_expired(row.expires_at, now),
        current=current and row.withdrawn_at is None,
    )
