"""A folder that a vendor's program writes its files into (no Qt).

A file is taken when it has not changed between two looks and nobody writes it any more. It is first moved to ``done``
(one move, so that of two computers that watch one share only one takes it), then read; what is no ECG goes on to
``failed`` with the reason beside it. Files that lay there before the task began belong to nobody's task and stay.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from clients.ecg.acquisition.ports import (
    AcquisitionTask,
    DeviceError,
    DeviceInformation,
    DeviceSetupError,
    Event,
    FileArrived,
    LinkChanged,
    LinkState,
)
from clients.kit.translations import tr
from shared.waveform import formats

log = logging.getLogger(__name__)

MAX_BYTES = 256 << 20
_MOST_FILES = 2000  # in one look: a share full of other things must not hang the thread
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".lock", ".filepart")
_WFDB = ".hea"


@dataclass
class Inbox:
    """What lies in a folder; `look` gives the files that have settled since the look before."""

    folder: Path
    known: set[str] = field(default_factory=set)
    _seen: dict[str, tuple[int, int]] = field(default_factory=dict)

    def ignore_present(self) -> None:
        """Leave what lies there now alone."""
        self.known = set(self._sizes())

    def look(self) -> list[Path]:
        """Files whose size and time stayed as they were at the look before, oldest first. Raises OSError."""
        found = self._sizes()
        settled = {name for name, about in found.items() if about[0] > 0 and self._seen.get(name) == about}
        self._seen = found
        fresh = [name for name in settled - self.known if self._is_whole(name, found, settled)]
        return [self.folder / name for name in sorted(fresh, key=lambda name: (found[name][1], name))]

    def _sizes(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith((".", "~")) or entry.name.lower().endswith(_UNFINISHED):
                    continue
                try:
                    about = entry.stat(follow_symlinks=False)
                except OSError:
                    continue  # gone meanwhile
                if stat.S_ISREG(about.st_mode):
                    found[entry.name] = (about.st_size, about.st_mtime_ns)
                if len(found) >= _MOST_FILES:
                    break
        return found

    def _is_whole(self, name: str, found: dict[str, tuple[int, int]], settled: set[str]) -> bool:
        """Signal files of WFDB go with their header, which waits until all of them have settled."""
        stem, _, ending = name.rpartition(".")
        header = f"{stem}{_WFDB}"
        if ending != "hea":
            return header not in found
        return all(other in settled for other in found if other.startswith(f"{stem}."))


class FolderDevice:
    """Watches one folder while a task runs."""

    def __init__(self, information: DeviceInformation, folder: Path, *, every_s: float = 0.5) -> None:
        self.information = information
        self._folder, self._every_s = folder, every_s
        self._state = LinkState.CLOSED
        self._lock = threading.RLock()  # a listener may stop the device that tells it
        self._listener: Callable[[Event], None] | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> LinkState:
        """WAITING while the folder can be read, BROKEN while it cannot."""
        return self._state

    def start(self, task: AcquisitionTask, listener: Callable[[Event], None]) -> None:
        """Take what comes into the folder from now on."""
        self.stop()
        self._stop, self._listener = threading.Event(), listener
        self._thread = threading.Thread(target=self._run, args=(self._stop,), name="ecg-folder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; the listener is not called again."""
        with self._lock:
            self._listener = None
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5)
        self._state = LinkState.CLOSED

    def _run(self, stopped: threading.Event) -> None:
        inbox: Inbox | None = None
        while not stopped.is_set():
            try:
                if inbox is None:
                    made = Inbox(self._folder)
                    made.ignore_present()
                    inbox = made
                arrived = inbox.look()
                self._change(LinkState.WAITING, "")
                for path in arrived:
                    self._take(path, inbox)
            except OSError as error:
                self._change(LinkState.BROKEN, tr("文件夹 {folder} 无法访问", folder=str(self._folder)))
                log.info("the watched folder cannot be read: %s", error.strerror)
            stopped.wait(self._every_s)

    def _take(self, path: Path, inbox: Inbox) -> None:
        try:
            event = taken(path)
        except PermissionError:  # somebody has it open (Windows): at the next look
            return
        except FileNotFoundError:  # another computer took it
            return
        inbox.known.discard(path.name)
        self._tell(event)

    def _change(self, state: LinkState, text: str) -> None:
        if state is not self._state:
            self._state = state
            self._tell(LinkChanged(state, text))

    def _tell(self, event: Event) -> None:
        with self._lock:
            if self._listener is not None:
                self._listener(event)


def taken(path: Path) -> FileArrived | DeviceError:
    """Move a settled file to ``done`` and read it; to ``failed`` when it is no ECG. Raises OSError."""
    beside = parts_of(path)
    done = path.parent / "done"
    done.mkdir(exist_ok=True)
    gone = [moved(each, done) for each in beside]
    main = next(each for each in gone if each.suffix == path.suffix)
    why = ""
    data: dict[str, bytes] = {}
    if sum(each.stat().st_size for each in gone) > MAX_BYTES:
        why = tr("文件 {name} 太大，不像心电图文件，已移入 failed 文件夹。", name=path.name)
    else:
        data = {original.name: each.read_bytes() for original, each in zip(beside, gone, strict=True)}
        try:
            formats.read(data if len(data) > 1 else data[path.name])
        except (formats.EcgFormatError, ValueError) as error:
            log.info("a file in the watched folder is no ECG: %s", error)
            why = tr("文件 {name} 不能识别为心电图，已移入 failed 文件夹；请在设备上重新导出。", name=path.name)
    if not why:
        own = data.pop(path.name)
        return FileArrived(path.name, own, data)
    failed = path.parent / "failed"
    failed.mkdir(exist_ok=True)
    for each in gone:
        moved(each, failed)
    (failed / f"{main.name}.txt").write_text(why + "\n", encoding="utf-8")
    return DeviceError(why, path.name)


def parts_of(path: Path) -> list[Path]:
    """The file, and with a WFDB header its signal files."""
    from glob import escape

    if path.suffix != _WFDB:
        return [path]
    return sorted(each for each in path.parent.glob(f"{escape(path.stem)}.*") if each.is_file())


def moved(path: Path, folder: Path) -> Path:
    """Move a file into a folder under a name that is free there."""
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    os.rename(path, target)  # noqa: PTH104 on Windows it refuses what is open, and never overwrites
    return target


def folder_device(information: DeviceInformation, settings: dict[str, str]) -> FolderDevice:
    """From a binding's settings: ``folder``. Raises DeviceSetupError."""
    folder = settings.get("folder", "")
    if not folder:
        raise DeviceSetupError(tr("设备设置中没有文件夹，请管理员在设备管理中填写心电图机软件导出文件的文件夹。"))
    return FolderDevice(information, Path(folder))
