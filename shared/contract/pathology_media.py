"""Pictures, video and voice of pathology cases: upload, marks, deletion, calibrations (PA-IMG, PA-ICM).

A client makes the `key` (32 hexadecimal digits) when the shutter falls; everything about one capture carries it, so
that what is sent twice is kept once. Small things travel in one `AddMedia`; recordings and large files in `BeginMedia`,
`AppendMedia` …, `FinishMedia`. Every answer means: on disk.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.domain.pathology_media import MediaKind, MediaSubject
from shared.domain.permissions import Permission

MAX_SINGLE_BYTES = 6 * 1024 * 1024
"""The most that `AddMedia` takes."""
MAX_CHUNK_BYTES = 4 * 1024 * 1024
MAX_IMAGE_BYTES = 64 * 1024 * 1024
MAX_VOICE_BYTES = 512 * 1024 * 1024
MAX_VIDEO_BYTES = 1900 * 1024 * 1024
MAX_MEDIA_OF_CASE = 2000
MEDIA_TYPES = {
    MediaKind.IMAGE: ("image/jpeg", "image/png"),
    MediaKind.VIDEO: ("video/x-msvideo",),
    MediaKind.VOICE: ("audio/flac",),
}


class MediaFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a capture is: bound to a case and, if known, to one of its specimens, blocks or slides."""

    case_id: int
    kind: MediaKind
    subject: MediaSubject
    media_type: str  # one of MEDIA_TYPES
    taken_at: datetime
    specimen_id: int | None = None
    block_id: int | None = None
    slide_id: int | None = None
    station: str = ""
    camera: str = ""  # name of the device
    objective: str = ""  # e.g. "40x"; empty for gross pictures
    calibration_id: int | None = None
    um_per_pixel: float = 0.0  # of this picture's own pixels; 0 means not calibrated
    frame_rate: float = 0.0  # video: pictures a second
    caption: str = ""
    parent_id: int | None = None  # a processed picture names the one it was made of (PA-ANA-04) …
    steps: tuple[str, ...] = ()  # … and what was done, in order


class MediaView(msgspec.Struct, frozen=True, kw_only=True):
    """One picture, video or voice clip. Bytes come by the bulk channel: item `pathology_media`, name the id.

    Item `pathology_thumbnail` gives a JPEG of at most 256 pixels a side of a picture or a video's first frame.
    """

    id: int
    key: str
    facts: MediaFacts
    size_bytes: int
    sha256: str
    width: int  # 0 for voice
    height: int
    duration_s: float  # 0 for pictures
    position: int  # place in the strip, 1 is the first
    marked: bool  # for printing
    taken_by: str
    stored_at: datetime
    sop_uid: str  # of the DICOM object, "" until it lies in the archive (voice has none)
    calibration_expired: bool  # the calibration was out of date when the picture was taken

    @property
    def kind(self) -> MediaKind:
        return self.facts.kind


class UploadView(msgspec.Struct, frozen=True, kw_only=True):
    """How far an upload is. `media` is set when it is complete."""

    key: str
    offset: int
    media: MediaView | None = None


class ListMedia(Query[tuple[MediaView, ...]], frozen=True, kw_only=True):
    """Pictures, video and voice of a case in strip order. Refusals: NOT_FOUND."""

    method = "pathology_media.list"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    case_id: int


class AddMedia(Command[MediaView], frozen=True, kw_only=True):
    """Keep something of at most MAX_SINGLE_BYTES; it is on disk before the answer. The same key again: the same view.

    Refusals: INVALID (not what it says it is, too large, wrong owner), ILLEGAL_ACTION (the case is audited),
    DISK_FULL, NOT_FOUND, PERMISSION_MISSING.
    """

    method = "pathology_media.add"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.PATIENT_RECORD

    key: str
    facts: MediaFacts
    data: bytes


class BeginMedia(Command[UploadView], frozen=True, kw_only=True):
    """Begin an upload, or learn how far the one with this key is. Refusals: as AddMedia."""

    method = "pathology_media.begin"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.PATIENT_RECORD

    key: str
    facts: MediaFacts


class AppendMedia(Command[UploadView], frozen=True, kw_only=True):
    """Append at most MAX_CHUNK_BYTES where the upload ends; elsewhere nothing is written. The answer says the end.

    The bytes are on disk before the answer. Refusals: NOT_FOUND, TOO_LARGE, DISK_FULL.
    """

    method = "pathology_media.append"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.ROUTINE

    key: str
    offset: int
    data: bytes


class FinishMedia(Command[MediaView], frozen=True, kw_only=True):
    """Prove length and hash of what was sent and keep it with the case. The same key again: the same view.

    A recording that stopped (the workstation died) is finished by the client that finds its journal again. A video
    gets its index here, so its `sha256` then differs from that of the stream. Refusals: as AddMedia.
    """

    method = "pathology_media.finish"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.PATIENT_RECORD

    key: str
    size_bytes: int
    sha256: str


class DropMedia(Command[Nothing], frozen=True, kw_only=True):
    """Throw an unfinished upload away; nothing happens when there is none."""

    method = "pathology_media.drop"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.PATIENT_RECORD

    key: str


class MarkMedia(Command[tuple[MediaView, ...]], frozen=True, kw_only=True):
    """Set (设置打印) or take off (取消打印) the print mark of pictures of one case; gives the strip.

    Refusals: NOT_FOUND, INVALID (no picture), ILLEGAL_ACTION (the case is audited).
    """

    method = "pathology_media.mark"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    media_ids: tuple[int, ...]
    marked: bool


class ClearMarks(Command[tuple[MediaView, ...]], frozen=True, kw_only=True):
    """Take every print mark of a case off (取消所有打印); gives the strip. Refusals: NOT_FOUND, ILLEGAL_ACTION."""

    method = "pathology_media.clear_marks"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.PATIENT_RECORD

    case_id: int


class SwapMedia(Command[tuple[MediaView, ...]], frozen=True, kw_only=True):
    """Exchange the places of two in the strip (图像置换); gives the strip. Refusals: NOT_FOUND, ILLEGAL_ACTION."""

    method = "pathology_media.swap"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    first_id: int
    second_id: int


class BindMedia(Command[MediaView], frozen=True, kw_only=True):
    """Say of which specimen, block or slide of its case something is. Refusals: NOT_FOUND, INVALID, ILLEGAL_ACTION."""

    method = "pathology_media.bind"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.PATIENT_RECORD

    media_id: int
    specimen_id: int | None = None
    block_id: int | None = None
    slide_id: int | None = None


class DeleteMedia(Command[tuple[MediaView, ...]], frozen=True, kw_only=True):
    """Delete for good what the user chose and confirmed (删除数据, DEL); who and when is logged. Gives the strip.

    Refusals: NOT_FOUND, ILLEGAL_ACTION (the case is audited).
    """

    method = "pathology_media.delete"
    permission = Permission.PATHOLOGY_CAPTURE
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    media_ids: tuple[int, ...]


class CalibrationView(msgspec.Struct, frozen=True, kw_only=True):
    """Scale of a camera on an objective: `um_per_pixel` at a picture `width` pixels wide (PA-SET-06).

    At another resolution of the same camera the scale is `um_per_pixel * width / other width`.
    """

    id: int
    camera: str
    objective: str
    width: int
    known_um: float  # the length that was measured on the stage micrometre …
    pixels: float  # … and how many pixels it took
    um_per_pixel: float
    made_by: str
    made_at: datetime
    expires_at: datetime
    expired: bool
    current: bool  # the newest of its camera and objective that was not withdrawn


class ListCalibrations(Query[tuple[CalibrationView, ...]], frozen=True, kw_only=True):
    """All calibrations, newest first; with `camera` only those of that camera."""

    method = "pathology_media.list_calibrations"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    camera: str = ""


class AddCalibration(Command[CalibrationView], frozen=True, kw_only=True):
    """Keep a new calibration; older ones stay, pictures keep the scale they were taken with. Refusals: INVALID."""

    method = "pathology_media.add_calibration"
    permission = Permission.PATHOLOGY_SETTINGS
    audit = AuditClass.SETTINGS

    camera: str
    objective: str
    width: int
    known_um: float
    pixels: float
    valid_days: int = 365


class WithdrawCalibration(Command[CalibrationView], frozen=True, kw_only=True):
    """Take a wrong calibration out of use; it stays in the list, pictures refer to it. Refusals: NOT_FOUND."""

    method = "pathology_media.withdraw_calibration"
    permission = Permission.PATHOLOGY_SETTINGS
    audit = AuditClass.SETTINGS

    calibration_id: int
