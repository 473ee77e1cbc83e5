"""心电单机采集: the dialog that records the trace of one exam on the device bound to this computer (ECG-ACQ)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QWidget

if TYPE_CHECKING:
    from clients.kit.shell import Workplace
    from shared.waveform.record import EcgRecord


@dataclass(frozen=True, slots=True, eq=False)
class AcquiredTrace:
    """What `AcquisitionDialog.acquired` carries: the trace that the operator took over for the exam."""

    exam_id: int
    record: EcgRecord  # to be drawn at once
    trace_id: int | None  # of the server; None while the record waits on the thin line
    key: str  # the upload's key: what is sent twice is kept once
    override_reason: str = ""  # why a record was used that the quality gate refused


class AcquisitionDialog(QDialog):
    """Device, state, live traces, quality and upload for one exam; not modal. `show()` it, Escape closes it.

    ``AcquisitionDialog(place, exam_id, parent)``; it asks the server for the exam and for this computer's binding by
    itself. Closing while a recording runs asks first; what was recorded is never lost by closing.
    """

    acquired = Signal(object)
    """AcquiredTrace, once for each trace the operator keeps (重新采集 gives another)."""

    def __init__(self, place: Workplace, exam_id: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place = place
        self._exam_id = exam_id
