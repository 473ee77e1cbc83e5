"""What the acquisition dialog keeps: records in the outbox of the line, and the binding for days without a server."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from clients.ecg.acquisition.gate import findings_of
from clients.ecg.acquisition.ports import FileArrived
from clients.ecg.acquisition.state import FindingLine
from shared.contract.ecg_acquisition import EcgDeviceEntry, TaskView, UploadFacts
from shared.domain.ecg import TraceSource, Urgency

if TYPE_CHECKING:
    from clients.kit.settings import UserSettings
    from shared.waveform.record import EcgRecord

_BINDING = "ecg/binding"


class Line(Protocol):
    """What the presenter needs of `clients.ecg.line.service.LineService`."""

    def keep(
        self,
        facts: UploadFacts,
        packed: bytes,
        *,
        key: str,
        original: tuple[str, bytes] | None = None,
        urgency: Urgency = Urgency.ROUTINE,
        label: str = "",
    ) -> str:
        """On the disk when this returns; blocks."""
        ...

    def try_again(self, key: str = "") -> None:
        """Send at once; blocks."""
        ...


def facts_of(
    record: EcgRecord,
    exam_id: int,
    task: TaskView | None,
    entry: EcgDeviceEntry | None,
    *,
    imported: bool,
    is_offline: bool,
    now: datetime,
) -> UploadFacts:
    """Where a record belongs: the exam's open task on the bound device, never the patient by name (ECG-ACQ-07).

    A file chosen by hand, and a record of a day without a server, belong to the exam itself.
    """
    of_task = task is not None and not imported
    source = TraceSource.FILE if imported else TraceSource.LINE if is_offline else TraceSource.DEVICE
    recorded = record.started
    return UploadFacts(
        parts=(),
        exam_id=None if of_task else exam_id,
        task_id=task.id if task is not None and of_task else None,
        device_serial=entry.serial if of_task and entry is not None else "",
        source=source,
        recorded_at=recorded if recorded is not None and recorded.tzinfo is not None else now,
    )


def judged(record: EcgRecord) -> tuple[EcgRecord, tuple[FindingLine, ...]]:
    """A record with what the quality gate says."""
    return record, findings_of(record)


def read_file(event: FileArrived) -> EcgRecord:
    """The record in a vendor's file. Raises EcgFormatError."""
    from shared.waveform import formats

    return formats.read({event.name: event.data, **event.beside} if event.beside else event.data)


def remember_binding(settings: UserSettings, entry: EcgDeviceEntry) -> None:
    """Keep which recorder this computer is bound to."""
    settings.set(_BINDING, msgspec.json.encode(entry).decode())


def known_binding(settings: UserSettings) -> EcgDeviceEntry | None:
    """The recorder of the last time; None where there was none."""
    try:
        return msgspec.json.decode(str(settings.get(_BINDING, "")), type=EcgDeviceEntry)
    except msgspec.MsgspecError:
        return None
