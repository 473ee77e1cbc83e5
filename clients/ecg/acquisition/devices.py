"""From a binding of the server to the adapter that listens for its recorder. No Qt."""

from __future__ import annotations

from collections.abc import Callable

from clients.ecg.acquisition.folder_device import folder_device
from clients.ecg.acquisition.ports import (
    AcquisitionTask,
    DeviceInformation,
    EcgDevice,
    Event,
    LinkChanged,
    LinkState,
)
from clients.ecg.acquisition.serial_devices import serial_device
from clients.ecg.acquisition.stream_devices import tcp_device
from shared.contract.ecg_acquisition import EcgDeviceEntry
from shared.domain.ecg import AdapterKind

DEFAULT_SIMULATOR_PORT = 7460


class RemoteDevice:
    """A recorder that sends to the server itself (DICOM): nothing is heard here, the server ends the task."""

    def __init__(self, information: DeviceInformation) -> None:
        self.information = information
        self.state = LinkState.CLOSED

    def start(self, task: AcquisitionTask, listener: Callable[[Event], None]) -> None:
        """Say that it is waited for."""
        self.state = LinkState.WAITING
        listener(LinkChanged(LinkState.WAITING))

    def stop(self) -> None:
        """Nothing is waited for any more."""
        self.state = LinkState.CLOSED


def information_of(entry: EcgDeviceEntry) -> DeviceInformation:
    """设备信息 of a binding."""
    settings = entry.settings
    port = settings.get("listen") or settings.get("port", "")
    if entry.adapter is AdapterKind.FOLDER:
        address = settings.get("folder", "")
    elif entry.adapter is AdapterKind.DICOM:
        address = entry.ae_title
    elif entry.adapter is AdapterKind.SERIAL:
        address = port
    else:
        address = f"{settings.get('host', '127.0.0.1')}:{port or DEFAULT_SIMULATOR_PORT}"
    name = entry.name or f"{entry.model} {entry.serial}".strip()
    return DeviceInformation(entry.adapter, name, entry.serial, entry.manufacturer, entry.model, address)


def device_for(entry: EcgDeviceEntry) -> EcgDevice:
    """The adapter of a binding. Raises DeviceSetupError with a sentence for the screen."""
    information, settings = information_of(entry), dict(entry.settings)
    if entry.adapter is AdapterKind.FOLDER:
        return folder_device(information, settings)
    if entry.adapter is AdapterKind.SERIAL:
        return serial_device(information, settings)
    if entry.adapter is AdapterKind.DICOM:
        return RemoteDevice(information)
    if entry.adapter is AdapterKind.SIMULATOR:
        if settings.get("folder"):
            return folder_device(information, settings)
        settings.setdefault("host", "127.0.0.1")
        settings.setdefault("port", str(DEFAULT_SIMULATOR_PORT))
    return tcp_device(information, settings)
