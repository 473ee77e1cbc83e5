"""Acquisition of ECGs: devices bound to workstations, tasks, uploads, traces that found no exam (ECG-ACQ, ECG-SM-ACQ).

A trace belongs to the exam whose task is open on the device, never to a patient by name (ECG-ACQ-07). Notices:
`Changed(entity="ecg_task")`, `"ecg_device"`, `"ecg_orphan"`, and `"ecg_exam"` when a trace changed one.

An upload is made by the client under a `key` of its own (32 hexadecimal digits): whatever is sent twice under one key
is kept once, and the same file sent again under another key is answered with the trace that it already is. Small files
travel in one `AddTrace`; larger ones, and all on thin lines, in `BeginUpload`, `AppendUpload` …, `FinishUpload`.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.contract.ecg import EcgRow, TraceView
from shared.domain.ecg import AdapterKind, DeviceState, OrphanState, TaskState, TraceSource
from shared.domain.permissions import Permission

MAX_SINGLE_BYTES = 4 * 1024 * 1024
"""The most that `AddTrace` takes."""
MAX_CHUNK_BYTES = 1024 * 1024
MAX_UPLOAD_BYTES = 512 * 1024 * 1024
MAX_PARTS = 8

# ── devices and bindings ─────────────────────────────────────────────────────────────────────────────


class EcgDeviceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A recorder. `settings` are the adapter's own (folder, host, port, baud …), as text; which ones: clients/ecg."""

    serial: str
    model: str = ""
    manufacturer: str = ""
    name: str = ""  # empty: model and serial
    campus_id: int | None = None  # None: the first
    adapter: AdapterKind = AdapterKind.FOLDER
    settings: dict[str, str] = {}
    ae_title: str = ""  # how it calls this server, for DICOM
    task_minutes: int = 15  # after which an open task counts as timed out
    is_active: bool = True


class EcgDeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """A device, what holds it, and the workstations bound to it."""

    id: int
    version: int
    entry: EcgDeviceEntry
    campus_name: str
    state: DeviceState  # IDLE, ACQUIRING or DISABLED
    task: TaskView | None
    stations: tuple[str, ...]


class ListEcgDevices(Query[tuple[EcgDeviceView, ...]], frozen=True, kw_only=True):
    """All devices that the account may see, by name."""

    method = "ecg_acquisition.list_devices"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE

    with_inactive: bool = False


class SaveEcgDevice(Command[EcgDeviceView], frozen=True, kw_only=True):
    """Make a device, or change one (`device_id` and `version`). Refusals: INVALID, DUPLICATE (serial), CONFLICT."""

    method = "ecg_acquisition.save_device"
    permission = Permission.ECG_DEVICES
    audit = AuditClass.SETTINGS

    entry: EcgDeviceEntry
    device_id: int | None = None
    version: int = 0


class BindStation(Command[EcgDeviceView], frozen=True, kw_only=True):
    """Bind a workstation, by its identity, to a device (ECG-AMB-11); an earlier binding of the workstation ends.

    Several workstations may share a device. Refusals: NOT_FOUND, INVALID (no station).
    """

    method = "ecg_acquisition.bind_station"
    permission = Permission.ECG_DEVICES
    audit = AuditClass.SETTINGS

    station: str  # Caller.station: what the workstation's session says
    device_id: int


class UnbindStation(Command[Nothing], frozen=True, kw_only=True):
    """End the binding of a workstation; nothing happens when there is none."""

    method = "ecg_acquisition.unbind_station"
    permission = Permission.ECG_DEVICES
    audit = AuditClass.SETTINGS

    station: str


# ── tasks ────────────────────────────────────────────────────────────────────────────────────────────


class TaskView(msgspec.Struct, frozen=True, kw_only=True):
    """An acquisition task. OPEN with `error` is 采集中 with an error to show, with retry and stop (ECG-SM-ACQ-04)."""

    id: int
    version: int
    device_id: int
    exam_id: int
    patient_name: str
    accession_number: str
    state: TaskState
    error: str
    timed_out: bool
    started_at: datetime
    started_by: str
    station: str
    until: datetime  # when it counts as timed out
    ended_at: datetime | None
    trace_id: int | None


class AcquisitionView(msgspec.Struct, frozen=True, kw_only=True):
    """What the acquisition dialog of one exam shows (ECG-ACQ-02/03/06)."""

    station: str
    device: EcgDeviceView | None  # None: UNBOUND
    state: DeviceState
    task: TaskView | None  # this exam's, or the one that occupies the device
    can_start: bool
    sentence: str  # why it cannot be started and what to do; empty when it can


class GetAcquisition(Query[AcquisitionView], frozen=True, kw_only=True):
    """How acquisition stands for an exam at the caller's workstation. Refusals: NOT_FOUND."""

    method = "ecg_acquisition.get"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.ROUTINE

    exam_id: int


class StartTask(Command[AcquisitionView], frozen=True, kw_only=True):
    """开始采集: the task holds the device bound to the caller's workstation (ECG-SM-ACQ-02).

    An own open task of the same exam is answered as it is. Refusals: NOT_FOUND, ILLEGAL_ACTION (`state`: unbound,
    disabled, or the exam's), HELD_BY_OTHER (an unfinished task; `holder` names its patient).
    """

    method = "ecg_acquisition.start"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.PATIENT_RECORD

    exam_id: int


class RetryTask(Command[AcquisitionView], frozen=True, kw_only=True):
    """Clear the error of an open task and give it its full time again. Refusals: NOT_FOUND, ILLEGAL_ACTION."""

    method = "ecg_acquisition.retry"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.PATIENT_RECORD

    task_id: int


class FailTask(Command[AcquisitionView], frozen=True, kw_only=True):
    """Say that the upload failed at the workstation; the task stays open with this error (ECG-ACQ-09)."""

    method = "ecg_acquisition.fail"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.PATIENT_RECORD

    task_id: int
    error: str


class StopTask(Command[AcquisitionView], frozen=True, kw_only=True):
    """终止采集, after the operator confirmed: the task ends, its exam stays as it is (ECG-SM-ACQ-06).

    Once more does nothing. Refusals: NOT_FOUND.
    """

    method = "ecg_acquisition.stop"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.PATIENT_RECORD

    task_id: int
    reason: str = ""


# ── uploads ──────────────────────────────────────────────────────────────────────────────────────────


class UploadPart(msgspec.Struct, frozen=True, kw_only=True):
    """One file of an upload: the stream is its parts, one after the other."""

    name: str
    size_bytes: int
    sha256: str


class UploadFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is uploaded and where it belongs; the first of these that is given counts:

    `exam_id` (chosen by hand on the reading page), `task_id`, the open task of the device `device_serial`, an exam with
    `request_number`. With none, or when it is gone, the trace is kept as an orphan. Parts: one file of any format of
    shared.waveform.formats; a WFDB header with its signal files; or a record packed by shared.waveform.compact, with or
    without the device's own file beside it. What comes by a line (`source` LINE) hours later is never refused for the
    state of its exam: it is kept as an orphan then.
    """

    parts: tuple[UploadPart, ...]
    exam_id: int | None = None
    task_id: int | None = None
    device_serial: str = ""
    request_number: str = ""
    source: TraceSource = TraceSource.DEVICE
    recorded_at: datetime | None = None  # where the file may not say


class UploadResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an upload: a trace of an exam, or an orphan. The verdict is in `trace.quality`."""

    trace: TraceView
    exam_id: int | None
    orphan_id: int | None
    task: TaskView | None
    existed: bool = False  # the same file was there before


class UploadView(msgspec.Struct, frozen=True, kw_only=True):
    """How far an upload is. `result` is set when it is complete."""

    key: str
    offset: int
    result: UploadResult | None = None


class AddTrace(Command[UploadResult], frozen=True, kw_only=True):
    """Upload at most MAX_SINGLE_BYTES in one; `data` is the parts one after the other. On disk before the answer.

    A file that cannot be read is refused and, where a task is open, noted as its error: the task stays open.
    Refusals: INVALID (`field` "parts": not what it says it is; "data": unreadable, the sentence says what to do),
    NOT_FOUND (exam), ILLEGAL_ACTION (the exam is reported or cancelled), DISK_FULL, TOO_LARGE.
    """

    method = "ecg_acquisition.add_trace"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.IMAGES

    key: str
    facts: UploadFacts
    data: bytes


class BeginUpload(Command[UploadView], frozen=True, kw_only=True):
    """Begin an upload, or learn how far the one with this key is. Refusals: as AddTrace."""

    method = "ecg_acquisition.begin_upload"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.IMAGES

    key: str
    facts: UploadFacts


class AppendUpload(Command[UploadView], frozen=True, kw_only=True):
    """Append at most MAX_CHUNK_BYTES where the upload ends; elsewhere nothing is written. The answer says the end.

    The bytes are on disk before the answer. Refusals: NOT_FOUND, TOO_LARGE, DISK_FULL.
    """

    method = "ecg_acquisition.append_upload"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.ROUTINE

    key: str
    offset: int
    data: bytes


class FinishUpload(Command[UploadResult], frozen=True, kw_only=True):
    """Prove length and hashes, read, measure and keep. The same key again: the same answer. Refusals: as AddTrace."""

    method = "ecg_acquisition.finish_upload"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.IMAGES

    key: str


class DropUpload(Command[Nothing], frozen=True, kw_only=True):
    """Throw an unfinished upload away; nothing happens when there is none."""

    method = "ecg_acquisition.drop_upload"
    permission = Permission.ECG_ACQUIRE
    audit = AuditClass.ROUTINE

    key: str


# ── orphans (未匹配心电图, EX-ECG-13) ────────────────────────────────────────────────────────────────


class OrphanView(msgspec.Struct, frozen=True, kw_only=True):
    """A trace without an exam: what its file says of the patient, and why it found none."""

    id: int
    version: int
    state: OrphanState
    trace: TraceView
    reason: str
    patient_name: str
    patient_number: str
    sex: str
    age: str
    birth_date: date | None
    device_serial: str
    proposed_exam_id: int | None = None
    proposed_by: str = ""
    discard_reason: str = ""


class OrphanList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, newest first, and how many there are in all."""

    total: int
    rows: tuple[OrphanView, ...]


class ListOrphans(Query[OrphanList], frozen=True, kw_only=True):
    """Orphans in these states; empty: waiting and proposed."""

    method = "ecg_acquisition.list_orphans"
    permission = Permission.ECG_MATCH
    audit = AuditClass.PATIENT_RECORD

    states: tuple[OrphanState, ...] = ()
    page: Page = Page()


class MatchView(msgspec.Struct, frozen=True, kw_only=True):
    """First step of a match: both sides beside each other, and what speaks against it, in words."""

    orphan: OrphanView
    exam: EcgRow
    differences: tuple[str, ...]


class FindMatches(Query[tuple[MatchView, ...]], frozen=True, kw_only=True):
    """Exams that may be an orphan's, the likeliest first, at most 20: same number, name, day. Refusals: NOT_FOUND."""

    method = "ecg_acquisition.find_matches"
    permission = Permission.ECG_MATCH
    audit = AuditClass.PATIENT_RECORD

    orphan_id: int


class ProposeMatch(Command[MatchView], frozen=True, kw_only=True):
    """Step 1: choose the exam. Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (the exam is reported or cancelled)."""

    method = "ecg_acquisition.propose_match"
    permission = Permission.ECG_MATCH
    audit = AuditClass.IMAGES

    orphan_id: int
    version: int
    exam_id: int


class ConfirmMatch(Command[UploadResult], frozen=True, kw_only=True):
    """Step 2: confirm what was proposed; the trace becomes the exam's. Refusals: as ProposeMatch."""

    method = "ecg_acquisition.confirm_match"
    permission = Permission.ECG_MATCH
    audit = AuditClass.IMAGES

    orphan_id: int
    version: int
    exam_id: int  # as proposed: what the person saw when confirming


class TakeBackMatch(Command[OrphanView], frozen=True, kw_only=True):
    """Drop a proposal. Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (not proposed)."""

    method = "ecg_acquisition.take_back_match"
    permission = Permission.ECG_MATCH
    audit = AuditClass.IMAGES

    orphan_id: int
    version: int


class DiscardOrphan(Command[OrphanView], frozen=True, kw_only=True):
    """Take an orphan out of the list with a reason; it stays kept. Refusals: NOT_FOUND, CONFLICT, INVALID."""

    method = "ecg_acquisition.discard_orphan"
    permission = Permission.ECG_MATCH
    audit = AuditClass.IMAGES

    orphan_id: int
    version: int
    reason: str
