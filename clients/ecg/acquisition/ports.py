"""What an ECG machine is to the acquisition dialog, whichever way its records come: folder, TCP, serial line, DICOM.

A device is started for one task and then tells events until it is stopped: samples while it records (not every device
has them), then what it recorded, as a finished record or as the file that the vendor's program wrote. Events come from
the device's own thread; the dialog brings them to the GUI thread. No Qt here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from shared.domain.ecg import AdapterKind

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from shared.waveform.record import EcgRecord


class LinkState(StrEnum):
    """How the line to the machine stands; whether a task holds the machine is the server's DeviceState."""

    CLOSED = "closed"
    WAITING = "waiting"  # open, nothing has come yet
    RECEIVING = "receiving"
    BROKEN = "broken"  # tries again by itself until it is stopped


@dataclass(frozen=True, slots=True)
class DeviceInformation:
    """设备信息: which machine this computer is bound to, and where it listens for it."""

    kind: AdapterKind
    name: str
    serial: str = ""
    manufacturer: str = ""
    model: str = ""
    address: str = ""  # folder, host:port or name of the serial port


@dataclass(frozen=True, slots=True)
class AcquisitionTask:
    """What a device is started for. ``patient`` goes to machines that show whom they record."""

    exam_id: int
    patient: str = ""
    task_id: int | None = None  # of the server; None while the line is down


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """A stretch of the live trace. (sample − baseline) × gain_uv is µV, MISSING where nothing was recorded."""

    first: int  # number of the first sample since the start of the recording
    leads: tuple[str, ...]  # standard names
    values: NDArray[Any]  # (lead, sample) int32
    gain_uv: tuple[float, ...]
    baseline: tuple[float, ...]
    sampling_hz: float
    off: frozenset[str] = field(default_factory=frozenset)  # leads whose electrode is off, as the machine says


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """A whole recording from a stream."""

    record: EcgRecord


@dataclass(frozen=True, slots=True)
class FileArrived:
    """A vendor's file, settled and read whole. ``data`` is kept as received; ``beside`` are files it needs (WFDB)."""

    name: str
    data: bytes
    beside: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The line opened, broke or came back; ``text`` says why it broke."""

    state: LinkState
    text: str = ""


@dataclass(frozen=True, slots=True)
class DeviceError:
    """Something the operator has to know: an unreadable file, a garbled stream. The task stays open."""

    text: str  # one sentence that says what to do, already in the language of the screen
    file: str = ""


Event = Samples | Finished | FileArrived | LinkChanged | DeviceError


class EcgDevice(Protocol):
    """One machine by one way. All methods return at once; none raises for what the machine does."""

    @property
    def information(self) -> DeviceInformation:
        """Which machine it is."""
        ...

    @property
    def state(self) -> LinkState:
        """How the line stands at this moment."""
        ...

    def start(self, task: AcquisitionTask, listener: Callable[[Event], None]) -> None:
        """Listen for the recording of this task; ``listener`` is called from the device's thread, in order."""
        ...

    def stop(self) -> None:
        """End the task; after it returns the listener is not called again. Twice is once."""
        ...


class DeviceSetupError(ValueError):
    """A binding that no adapter can be made of; the sentence says which setting is wrong."""
