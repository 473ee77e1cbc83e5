"""The intentions of the paper panel: photograph, correct, turn, retake, remove, import, send; plain Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from clients.kit.camera.paper import Quad, as_jpeg, find_paper, fitted, from_jpeg, straightened, turned, whole
from clients.kit.camera.port import Cameras, Picture
from clients.kit.messages import Messages
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.registration.paper.outbox import PaperOutbox
from clients.registration.paper.state import PaperPage, PaperState
from clients.registration.screen import Later
from shared.contract.attachments import MAX_PAGES, AddAttachment
from shared.contract.errors import ErrorCode, RpcError

_ORIGINALS = 6
"""Photographs kept in memory for moving corners; a page older than that is photographed again instead."""
RETRY_S = 10.0
_GIVEN_UP = (ErrorCode.INVALID, ErrorCode.NOT_FOUND, ErrorCode.ILLEGAL_ACTION)


class Preferences(Protocol):
    """What the desk remembers."""

    def get(self, key: str, default: Any = None) -> Any:
        """The remembered value."""
        ...

    def set(self, key: str, value: Any) -> None:
        """Remember a value."""
        ...


@dataclass(frozen=True)
class _Made:
    key: str
    jpeg: bytes
    picture: Picture
    quad: Quad
    found: bool


class PaperPresenter(ScreenPresenter[PaperState]):
    """Holds the pages of the booking being typed, and sends those of registered exams until the server has them."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        outbox: PaperOutbox,
        cameras: Cameras,
        preferences: Preferences,
        later: Later,
        show: Callable[[PaperState], None] = lambda _state: None,
        on_sent: Callable[[int], None] = lambda _exam_id: None,
    ) -> None:
        super().__init__(PaperState(), caller, runner, messages, show)
        self._outbox = outbox
        self._cameras = cameras
        self._preferences = preferences
        self._later = later
        self._on_sent = on_sent
        self._listeners: list[Callable[[PaperState], None]] = []
        self._originals: dict[str, tuple[Picture, Quad]] = {}
        self._sending = False
        self._told_of_trouble = False

    def listen(self, listener: Callable[[PaperState], None]) -> None:
        """Hear of every state beside the panel, for the count at the booking's button."""
        self._listeners.append(listener)
        listener(self.state)

    def leave(self, show: Callable[[PaperState], None]) -> None:
        """The panel that showed the states is gone; another one that came meanwhile stays."""
        if self._show == show:
            self._show = lambda _state: None

    def _change(self, **changes: Any) -> None:
        super()._change(**changes)
        for listener in tuple(self._listeners):
            listener(self.state)

    # ── start ────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Bring back the pages of a booking that a crash left, and send what waits."""
        self._runner.run(self._outbox.pages, self._restored, self._messages.report, key="paper/restore")
        self.send()

    def _restored(self, found: tuple[tuple[str, bytes], ...]) -> None:
        known = {page.key for page in self.state.pages}
        back = tuple(PaperPage(key, jpeg) for key, jpeg in found if key not in known)
        if back:
            self._change(pages=(*back, *self.state.pages))

    def open_for(self, exam_id: int | None) -> None:
        """The panel is opened: for the booking being typed, or for a registered exam."""
        self._change(exam_id=exam_id, correcting="", retaking="", shown="")
        self.look_for_cameras()

    def look_for_cameras(self) -> None:
        """Ask which cameras there are; the one used last is chosen."""
        self._change(devices=None, trouble="")
        self._runner.run(self._cameras.devices, self._devices_came, self._messages.report, key="paper/devices")

    def _devices_came(self, devices: Any) -> None:
        keys = [device.key for device in devices]
        remembered = str(self._preferences.get("camera/device", ""))
        chosen = remembered if remembered in keys else (keys[0] if keys else "")
        self._change(devices=tuple(devices), device=chosen, live=bool(chosen))

    def choose_device(self, key: str) -> None:
        """Another camera."""
        self._preferences.set("camera/device", key)
        self._change(device=key, trouble="", live=True)

    def camera_failed(self, sentence: str) -> None:
        """The camera cannot be opened or was lost; files and clipboard still work."""
        self._change(trouble=tr(sentence), live=False)

    def try_again(self) -> None:
        """Open the camera again."""
        self.look_for_cameras()

    # ── pages ────────────────────────────────────────────────────────────────────────────────────────

    def take(self, picture: Picture) -> None:
        """Keep a photograph as the next page, or instead of the one to be taken again."""
        self._keep([picture], self.state.retaking)

    def take_all(self, pictures: Sequence[Picture]) -> None:
        """Keep imported pictures as further pages."""
        self._keep(pictures, "")

    def _keep(self, pictures: Sequence[Picture], instead_of: str) -> None:
        room = MAX_PAGES - len(self.state.pages) + (1 if instead_of else 0)
        if len(pictures) > room:
            self._messages.say(tr("一次检查最多 {count} 页申请单照片。", count=MAX_PAGES), Tone.WARNING)
            return
        exam_id = self.state.exam_id
        self._change(taking=True)

        def work() -> list[_Made]:
            made = []
            for picture in pictures:
                quad = find_paper(picture)
                found = quad is not None
                quad = quad or whole(picture)
                key = instead_of or self._outbox.fresh_key()
                jpeg = as_jpeg(straightened(picture, quad) if found else fitted(picture))
                self._store(exam_id, key, jpeg)
                made.append(_Made(key, jpeg, picture, quad, found))
            return made

        self._runner.run(work, self._kept, self._failed)

    def _store(self, exam_id: int | None, key: str, jpeg: bytes) -> None:
        if exam_id is None:
            self._outbox.keep(key, jpeg)
        else:
            self._outbox.keep_for(exam_id, key, jpeg)

    def _kept(self, made: list[_Made]) -> None:
        pages = list(self.state.pages)
        for one in made:
            page = PaperPage(one.key, one.jpeg, one.found, can_correct=True)
            self._originals[one.key] = (one.picture, one.quad)
            place = next((at for at, old in enumerate(pages) if old.key == one.key), None)
            if self.state.exam_id is not None:
                continue
            if place is None:
                pages.append(page)
            else:
                pages[place] = page
        for old in list(self._originals)[:-_ORIGINALS]:
            del self._originals[old]
        kept = tuple(replace(page, can_correct=page.key in self._originals) for page in pages)
        self._change(pages=kept, taking=False, retaking="")
        if self.state.exam_id is not None:
            self.send()
        elif any(not one.found for one in made):
            self._messages.say(tr("没有认出纸张边缘，已保留整张照片；可手工调整四角。"), Tone.INFO)

    def _failed(self, error: Exception) -> None:
        self._change(taking=False)
        if isinstance(error, OSError):
            self._messages.say(tr("照片没有存到本机磁盘，请检查磁盘空间后重拍。"), Tone.DANGER)
        else:
            self._messages.report(error)

    def correct(self, key: str) -> None:
        """Move the corners of a page by hand."""
        page = self.state.page(key)
        if page is not None and page.can_correct:
            self._change(correcting=key, shown="")

    def original(self, key: str) -> tuple[Picture, Quad] | None:
        """The photograph of a page and the corners that were cut out."""
        return self._originals.get(key)

    def apply_corners(self, quad: Quad) -> None:
        """Cut the page out anew at these corners."""
        key = self.state.correcting
        known = self._originals.get(key)
        self._change(correcting="")
        if known is None:
            return
        picture = known[0]

        def work() -> _Made:
            jpeg = as_jpeg(straightened(picture, quad))
            self._outbox.keep(key, jpeg)
            return _Made(key, jpeg, picture, quad, found=True)

        self._runner.run(work, lambda made: self._kept([made]), self._failed)

    def leave_corners(self) -> None:
        """Leave the corners as they were."""
        self._change(correcting="")

    def turn(self, key: str) -> None:
        """Turn a page clockwise by a quarter."""
        page = self.state.page(key)
        if page is None:
            return
        known = self._originals.get(key)

        def work() -> bytes:
            jpeg = as_jpeg(turned(from_jpeg(page.jpeg), 1))
            self._outbox.keep(key, jpeg)
            return jpeg

        def done(jpeg: bytes) -> None:
            if known is not None:
                picture, (a, b, c, d) = known[0], known[1].corners
                self._originals[key] = (picture, Quad(d, a, b, c))  # the next cut comes out turned as well
            self._change(pages=tuple(replace(p, jpeg=jpeg) if p.key == key else p for p in self.state.pages))

        self._runner.run(work, done, self._failed)

    def retake(self, key: str) -> None:
        """The next picture replaces this page; once more takes that back."""
        self._change(retaking="" if self.state.retaking == key else key, shown="")

    def remove(self, key: str) -> None:
        """Take a page out; the toast brings it back."""
        page = self.state.page(key)
        if page is None:
            return
        place = self.state.pages.index(page)
        self._outbox.drop(key)
        self._change(pages=tuple(p for p in self.state.pages if p.key != key), shown="", retaking="", correcting="")

        def undo() -> None:
            self._outbox.keep(key, page.jpeg)
            pages = list(self.state.pages)
            pages.insert(min(place, len(pages)), page)
            self._change(pages=tuple(pages))

        self._messages.offer_undo(tr("已移除第 {page} 页申请单照片。", page=place + 1), undo)

    def show_large(self, key: str) -> None:
        """Show a page large; the same again goes back to the camera."""
        self._change(shown="" if self.state.shown == key else key)

    def import_files(self, paths: Sequence[Path]) -> None:
        """Pictures from files; one that cannot be read is named, the others are kept."""
        from clients.kit.camera.importing import NotAPicture, read_picture

        def work() -> tuple[list[Picture], str]:
            pictures, wrong = [], ""
            for path in paths[:MAX_PAGES]:
                try:
                    pictures.append(read_picture(path))
                except NotAPicture as error:
                    wrong = str(error)
            return pictures, wrong

        def done(result: tuple[list[Picture], str]) -> None:
            pictures, wrong = result
            if wrong:
                self._messages.say(tr(wrong), Tone.WARNING)
            if pictures:
                self.take_all(pictures)

        self._runner.run(work, done, self._messages.report)

    def import_scan(self) -> None:
        """The newest picture of the scanner's folder."""
        from clients.kit.camera.importing import NotAPicture, newest_scans

        folder = self.scan_folder
        if not folder:
            self._messages.say(tr("还没有设置扫描文件夹。"), Tone.WARNING)
            return
        try:
            found = newest_scans(Path(folder), 1)
        except NotAPicture as error:
            self._messages.say(tr(str(error)), Tone.WARNING)
            return
        if found:
            self.import_files(found)
        else:
            self._messages.say(tr("扫描文件夹中没有图片。"), Tone.INFO)

    @property
    def scan_folder(self) -> str:
        """Where the scanner of this desk puts its files; empty when nobody said."""
        return str(self._preferences.get("camera/scan_folder", ""))

    def set_scan_folder(self, folder: str) -> None:
        """Where the scanner of this desk puts its files."""
        self._preferences.set("camera/scan_folder", folder)

    # ── sending ──────────────────────────────────────────────────────────────────────────────────────

    def registered(self, exam_id: int) -> None:
        """The booking became an exam: its pages go there."""
        keys = tuple(page.key for page in self.state.pages)
        if not keys:
            return
        self._outbox.assign(exam_id, keys)
        self._originals.clear()
        self._change(pages=(), correcting="", retaking="", shown="")
        self.send()

    def cleared(self) -> Callable[[], None]:
        """The booking was cleared: its pages go too. What is returned brings them back."""
        pages = self.state.pages
        for page in pages:
            self._outbox.drop(page.key)
        if pages:
            self._change(pages=(), correcting="", retaking="", shown="")

        def undo() -> None:
            for page in pages:
                self._outbox.keep(page.key, page.jpeg)
            self._change(pages=(*pages, *self.state.pages))

        return undo

    def send(self) -> None:
        """Send every page that waits, one after another; a broken line is tried again by itself."""
        waiting = self._outbox.waiting()
        self._change(waiting=len(waiting))
        if self._sending or not waiting:
            return
        self._sending = True
        exam_id, key = waiting[0]

        def work() -> int:
            data = self._outbox.read(exam_id, key)
            if data is not None:
                self._caller.call(AddAttachment(exam_id=exam_id, data=data))
            self._outbox.sent(exam_id, key)
            return exam_id

        self._runner.run(work, self._sent, lambda error: self._not_sent(exam_id, key, error))

    def _sent(self, exam_id: int) -> None:
        self._sending = self._told_of_trouble = False
        self._on_sent(exam_id)
        self.send()

    def _not_sent(self, exam_id: int, key: str, error: Exception) -> None:
        self._sending = False
        if isinstance(error, RpcError) and error.body.code in _GIVEN_UP:
            self._outbox.sent(exam_id, key)  # the server will never take it: say so and go on with the next one
            self._messages.report(error)
            self.send()
            return
        if not self._told_of_trouble:
            self._told_of_trouble = True
            self._messages.say(tr("申请单照片暂存在本机，连接恢复后自动上传。"), Tone.WARNING)
        self._later(RETRY_S, self.send)
