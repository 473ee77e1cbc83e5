"""What the entries of 影像管理 do; screens are imported when they are shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from clients.kit.tokens import Tone
from clients.kit.translations import tr

if TYPE_CHECKING:
    from clients.pathology.desk import Desk
    from clients.pathology.media.scanning import FolderScanner, Scanner
    from clients.pathology.media.tab import ImagingTab

_FOLDERS: dict[str, FolderScanner] = {}


def _tab(desk: Desk) -> ImagingTab | None:
    """The imaging tab, brought to the front; None where the station has none."""
    from clients.pathology.media.session import tab_of

    desk.show_tab("imaging")
    return tab_of(desk)


def choose_camera(desk: Desk) -> None:
    """视频设备选择 (PA-IMG-01)."""
    from clients.pathology.media.device_panels import WIDTH, CameraPanel
    from clients.pathology.media.session import bench_of

    desk.show_panel("视频设备选择", CameraPanel(desk, bench_of(desk)), WIDTH)


def choose_microphone(desk: Desk) -> None:
    """音频设备选择 (PA-IMG-02)."""
    from clients.pathology.media.device_panels import WIDTH, MicrophonePanel
    from clients.pathology.media.session import bench_of

    desk.show_panel("音频设备选择", MicrophonePanel(desk, bench_of(desk)), WIDTH)


def capture_parameters(desk: Desk) -> None:
    """图像采集参数 (PA-IMG-03)."""
    from clients.pathology.media.device_panels import WIDTH, ParametersPanel
    from clients.pathology.media.session import bench_of

    desk.show_panel("图像采集参数", ParametersPanel(bench_of(desk)), WIDTH)


def capture_format(desk: Desk) -> None:
    """图像采集格式 (PA-IMG-04)."""
    from clients.pathology.media.device_panels import WIDTH, FormatPanel
    from clients.pathology.media.session import bench_of

    desk.show_panel("图像采集格式", FormatPanel(bench_of(desk)), WIDTH)


def live(desk: Desk) -> None:
    """实时显示: switches to 影像编辑 by itself (PA-IMG-05)."""
    if (tab := _tab(desk)) is not None:
        tab.toggle_live()


def capture(desk: Desk) -> None:
    """单帧采集 (PA-IMG-06)."""
    if (tab := _tab(desk)) is not None:
        tab.capture()


def record_video(desk: Desk) -> None:
    """视频录像 (PA-IMG-08)."""
    from clients.pathology.media.session import bench_of

    if _tab(desk) is not None:
        bench = bench_of(desk)
        if bench.recording is None:
            bench.start_video()
        else:
            bench.stop_video()
        bench.changed.emit()


def record_voice(desk: Desk) -> None:
    """语音录入: starts, and the same icon ends it (PA-IMG-09)."""
    from clients.pathology.media.session import bench_of

    if _tab(desk) is not None:
        bench = bench_of(desk)
        if bench.voice is None:
            bench.start_voice()
        else:
            bench.stop_voice()
        bench.changed.emit()


def stop_voice(desk: Desk) -> None:
    """停止语音录入."""
    from clients.pathology.media.session import bench_of

    bench_of(desk).stop_voice()


def delete(desk: Desk) -> None:
    """删除数据 of what is selected (PA-IMG-11)."""
    if (tab := _tab(desk)) is not None:
        tab.ask_delete()


def choose_scanner(desk: Desk) -> None:
    """扫描设备选择 (PA-IMG-12)."""
    from clients.pathology.media.device_panels import WIDTH, ScannerPanel
    from clients.pathology.media.wia import system_scanner

    desk.show_panel("扫描设备选择", ScannerPanel(desk, system_scanner().devices), WIDTH)


def chosen_scanner(desk: Desk) -> tuple[Scanner, str] | None:
    """The scanner of this computer and its key; None where nothing is set up, which the user is told."""
    from clients.pathology.media.device_panels import SCANNER, SCANNER_FOLDER
    from clients.pathology.media.scanning import NO_SCANNER, FolderScanner
    from clients.pathology.media.wia import system_scanner

    settings = desk.place.desk_settings
    device, folder = str(settings.get(SCANNER, "folder")), str(settings.get(SCANNER_FOLDER, ""))
    if device != "folder":
        return system_scanner(), device
    if not folder:
        desk.place.messages.say(tr(NO_SCANNER), Tone.WARNING)
        return None
    # One for as long as the program runs: it knows which files were taken already.
    return _FOLDERS.setdefault(folder, FolderScanner(Path(folder))), device


def scan_document(desk: Desk) -> None:
    """扫描录入: pages as documents of the case (PA-IMG-13)."""
    from clients.pathology.media.scanning import ScanTrouble
    from clients.pathology.media.session import bench_of

    place, bench = desk.place, bench_of(desk)
    if _tab(desk) is None or not bench.may_capture():
        return
    found = chosen_scanner(desk)
    if found is None:
        return
    scanner, device = found

    def failed(error: Exception) -> None:
        if isinstance(error, ScanTrouble):
            place.messages.say(tr(str(error)), Tone.WARNING)
        else:
            place.messages.report(error)

    place.messages.say(tr("正在扫描…"))
    place.runner.run(lambda: scanner.scan(device), bench.keep_documents, failed, key="media.scan")


def calibrate(desk: Desk) -> None:
    """测量定标 (PA-SET-06)."""
    from clients.pathology.media.calibration_panel import CalibrationPanel
    from clients.pathology.media.session import bench_of

    desk.show_window("测量定标", CalibrationPanel(desk, bench_of(desk)), (1080, 760))
