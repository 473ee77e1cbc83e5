"""What the acquisition dialog shows at a moment. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clients.ecg.acquisition.ports import DeviceInformation, LinkState
from shared.contract.ecg_acquisition import TaskView
from shared.domain.ecg import DeviceState, Urgency


class Phase(StrEnum):
    """Where the recording of this exam stands on this screen."""

    LOADING = "loading"
    READY = "ready"  # nothing runs; `device_state` says whether it can begin
    RECORDING = "recording"
    CHECKING = "checking"  # the quality gate runs
    REVIEW = "review"  # the gate found faults: record again, or use it with a reason
    UPLOADING = "uploading"
    WAITING_LINE = "waiting_line"  # kept on this computer, the server does not answer
    DONE = "done"


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One sentence of the quality gate in both languages."""

    is_fault: bool  # False: worth a look
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class AcquisitionState:
    """Everything that the dialog draws."""

    phase: Phase = Phase.LOADING
    device_state: DeviceState = DeviceState.IDLE
    device: DeviceInformation | None = None
    link: LinkState = LinkState.CLOSED
    link_text: str = ""
    station: str = ""
    sentence: str = ""  # why it cannot be started and what to do
    error: str = ""  # of the running task: shown with retry and stop
    task: TaskView | None = None  # the one that runs here or that holds the device
    can_start: bool = False
    is_offline: bool = False
    patient: str = ""
    exam: str = ""
    urgency: Urgency = Urgency.ROUTINE
    seconds: float = 0.0  # recorded until now
    leads_off: tuple[str, ...] = ()
    findings: tuple[FindingLine, ...] = ()
    gate_ran: bool = False
    share: float = 0.0  # of the upload
    seconds_left: float | None = None

    @property
    def is_recording(self) -> bool:
        return self.phase is Phase.RECORDING

    @property
    def has_faults(self) -> bool:
        return any(finding.is_fault for finding in self.findings)

    @property
    def can_stop(self) -> bool:
        """终止采集: of the own task, or of the one that occupies the device."""
        held = self.device_state is DeviceState.OCCUPIED and self.task is not None
        refused = self.phase is Phase.UPLOADING and bool(self.error)
        return held or refused or self.phase in (Phase.RECORDING, Phase.CHECKING, Phase.REVIEW)

    @property
    def can_import(self) -> bool:
        return self.phase in (Phase.READY, Phase.RECORDING, Phase.REVIEW, Phase.DONE)

    @property
    def shown_state(self) -> DeviceState:
        """设备状态 as the badge says it."""
        if self.phase in (Phase.DONE, Phase.WAITING_LINE):
            return DeviceState.SUCCEEDED
        if self.phase in (Phase.RECORDING, Phase.CHECKING, Phase.REVIEW, Phase.UPLOADING):
            return DeviceState.ACQUIRING
        return self.device_state
