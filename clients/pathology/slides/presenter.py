"""What the page of whole slides does. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from clients.kit.running import Progress
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.slides.uploading import upload
from shared.contract.base import Changed, Notice
from shared.contract.pathology_slides import (
    ImportSlideImage,
    ListSlideImages,
    RetrySlideImage,
    SlideImageState,
    SlideImageView,
)

LIST, SEND = "pathology.slides.list", "pathology.slides.send"


@dataclass(frozen=True)
class SlidesState:
    """What is shown: the case's images, and the file that is on its way."""

    case_id: int = 0
    images: tuple[SlideImageView, ...] = ()
    slides: tuple[tuple[int, str], ...] = ()  # of the case: id, number with stain
    sending: str = ""  # name of the file
    sent: int = 0
    of: int = 0


class SlidesPresenter:
    """One for each page. `render` is called after each change; `open_viewer` takes a study UID."""

    def __init__(self, desk: Desk, render: Callable[[SlidesState], None], open_viewer: Callable[[str], None]) -> None:
        self._desk = desk
        self._render = render
        self._open_viewer = open_viewer
        self.state = SlidesState()
        self._undo = [
            desk.opened.listen(lambda details: self.show(details.case.id)),
            desk.changed.listen(lambda details: self.show(details.case.id)),
            desk.closed.listen(lambda _: self.show(0)),
        ]
        desk.place.on_notice(self._hear)

    def start(self) -> None:
        """Show what is open."""
        self.show(self._desk.case.id if self._desk.case is not None else 0)

    def close(self) -> None:
        """The page goes."""
        for undo in self._undo:
            undo()

    def show(self, case_id: int) -> None:
        """The images of a case, 0 for none."""
        details = self._desk.details
        slides = tuple(
            (slide.id, f"{slide.number}  {slide.stain}".strip()) for slide in (details.slides if details else ())
        )
        if case_id != self.state.case_id:
            self._set(images=())
        self._set(case_id=case_id, slides=slides)
        if case_id:
            self.reload()

    def reload(self) -> None:
        """Ask the server again."""
        case_id, place = self.state.case_id, self._desk.place

        def came(images: tuple[SlideImageView, ...]) -> None:
            if case_id == self.state.case_id:
                self._set(images=images)

        if case_id:
            request = ListSlideImages(case_id=case_id)
            place.runner.run(lambda: place.connection.call(request), came, place.messages.report, key=LIST)

    def send(self, path: Path, slide_id: int | None, mpp: float = 0.0, *, with_label: bool = True) -> None:
        """Upload and convert a file for the open case, or one of its slides."""
        case_id, place = self.state.case_id, self._desk.place
        if not case_id or self.state.sending:
            return
        self._set(sending=path.name, sent=0, of=0)

        def work(progress: Progress) -> SlideImageView:
            upload_id = upload(path, place.connection.call, lambda done, of: progress.report(done, of, path.name))
            request = ImportSlideImage(
                case_id=case_id, slide_id=slide_id, upload_id=upload_id, mpp=mpp, with_label=with_label
            )
            return place.connection.call(request)

        def done(view: SlideImageView) -> None:
            self._set(sending="")
            place.messages.say(tr("已上传 {name}，正在转换。", name=view.file_name), Tone.SUCCESS)
            self.reload()

        def failed(error: Exception) -> None:
            self._set(sending="")
            if isinstance(error, OSError):
                place.messages.say(tr("无法读取文件 {name}，请检查文件和磁盘。", name=path.name), Tone.DANGER)
            else:
                place.messages.report(error)

        place.runner.run_long(work, done, failed, progress=lambda at, of, _: self._set(sent=at, of=of), key=SEND)

    def stop(self) -> None:
        """Stop the upload; what has arrived is kept for another try."""
        self._desk.place.runner.cancel(SEND)
        self._set(sending="")

    def retry(self, image: SlideImageView, mpp: float) -> None:
        """Convert again, perhaps with the scale that was missing."""
        place = self._desk.place
        request = RetrySlideImage(image_id=image.id, mpp=mpp)
        place.runner.run(
            lambda: place.connection.call(request), lambda _: self.reload(), place.messages.report, key=LIST + ".retry"
        )

    def open(self, image: SlideImageView) -> None:
        """Show a slide in the viewer."""
        if image.state is SlideImageState.READY:
            self._open_viewer(image.study_uid)

    def _hear(self, notice: Notice) -> None:
        if isinstance(notice, Changed) and notice.entity == "pathology_slides" and notice.id == self.state.case_id:
            self.reload()

    def _set(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]
        self._render(self.state)
