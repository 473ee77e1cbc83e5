"""Downloads as a feature."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog

from clients.kit.actions import Action
from clients.kit.translations import register_catalogue, tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.download import texts
from clients.viewer.download.dialog import DownloadDialog
from clients.viewer.download.job import Cancelled, Job
from clients.viewer.download.pictures import STANDARD_RATE, Shades
from clients.viewer.local_files import LocalFiles
from clients.viewer.study import Stack

register_catalogue(texts.CATALOGUE)
OPEN = "download.open"
_ENTRIES = {"menu.output": (OPEN,)}


class DownloadFeature(Feature):
    """下载影像: files for the reader, with the server's permission and in its audit log where images come from it."""

    actions = (Action(OPEN, "下载影像…", "Ctrl+Shift+D", hint="DICOM、PNG、JPEG 或 MP4"),)
    needs_image = frozenset({OPEN})
    entries = _ENTRIES

    def attach(self, desk: Desk) -> None:
        self.dialog: DownloadDialog | None = None
        self._job: Job | None = None
        desk.commands.on(OPEN, self.show)

    def closing(self) -> None:
        if self._job is not None:
            self._job.cancel()
        if self.dialog is not None:
            self.dialog.close()

    def show(self) -> None:
        """Open the pop-up; one at a time."""
        if self.dialog is not None and self.dialog.working:
            self.dialog.show()
            self.dialog.raise_()
            return
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = DownloadDialog(self.desk.window, from_server=self._call is not None)
        self.dialog.begun.connect(self._ask_target)
        self.dialog.cancel_asked.connect(self._cancel)
        self.dialog.show()

    @property
    def _call(self) -> Callable[[Any], Any] | None:
        """Requests to the server that images come from; None for files."""
        call: Callable[[Any], Any] | None = getattr(self.desk.source, "call", None)
        return call

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _ask_target(self) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
        ending = {"dicom": "zip"}.get(dialog.kind, dialog.kind)
        many = dialog.kind in ("png", "jpg") and dialog.wanted != "image"
        if many:
            name = QFileDialog.getExistingDirectory(dialog, tr("下载到文件夹"), folder)
        else:
            proposal = str(Path(folder) / f"{tr('影像')}.{ending}")
            name, _ = QFileDialog.getSaveFileName(dialog, tr("下载影像"), proposal, f"{ending.upper()} (*.{ending})")
        if name:
            target = Path(name)
            if not many and target.suffix.lower() != f".{ending}":
                target = target.with_name(f"{target.name}.{ending}")
            self.begin(target)

    def begin(self, target: Path) -> None:
        """Do what the pop-up says; the answer is told there."""
        dialog, viewport = self.dialog, self.desk.session.active_viewport
        stack = viewport.stack
        if dialog is None or dialog.working:
            return
        if stack is None:
            dialog.say(tr("视口中没有图像"))
            return
        job = Job(lambda done, total: self.desk.background.later(lambda: self._progress(done, total)))
        try:
            work = self._dicom(stack, target, job) if dialog.kind == "dicom" else self._pictures(stack, target, job)
        except ValueError as problem:
            dialog.say(str(problem))
            return
        self._job = job
        dialog.say("")
        dialog.set_working(True)

        def guarded() -> str:
            try:
                return tr("已下载 {n} 幅：{path}", n=work(), path=target)
            except Cancelled as cancelled:
                return str(cancelled)
            except OSError as error:
                why = error.strerror or str(error)
                raise ValueError(tr("无法写入 {path}：{why}", path=target, why=why)) from error

        self.desk.background.run(guarded, self._ended, self._ended, "download")

    def _progress(self, done: int, total: int) -> None:
        if self.dialog is not None and self.dialog.working:
            self.dialog.progress(done, total)

    def _ended(self, sentence: str) -> None:
        self._job = None
        if self.dialog is not None:
            self.dialog.set_working(False)
            self.dialog.say(sentence)

    def _dicom(self, stack: Stack, target: Path, job: Job) -> Callable[[], int]:
        """The work of packing the DICOM objects."""
        from clients.viewer.download.packing import fetch_export, pack_files

        source, call, dialog = self.desk.source, self._call, self.dialog
        assert dialog is not None
        key = self.desk.session.active_viewport.key
        is_computed = key is not None and ":" in key.sop_instance_uid
        if is_computed:
            raise ValueError(tr("重建的图像没有 DICOM 文件；请切换到原始图像"))
        if call is None:
            if not isinstance(source, LocalFiles):
                raise ValueError(tr("没有可以下载的 DICOM 文件"))
            files = [path for uid in self._uids(stack) if (path := source.path_of(uid)) is not None]
            return lambda: pack_files(files, target, job)
        fetch = getattr(source, "fetch", None)
        if fetch is None:
            raise ValueError(tr("没有可以下载的 DICOM 文件"))
        return functools.partial(fetch_export, call, fetch, self._order(stack), target, job)

    def _uids(self, stack: Stack) -> list[str]:
        """Instances of the chosen scope."""
        dialog, viewport = self.dialog, self.desk.session.active_viewport
        assert dialog is not None
        if dialog.wanted == "image" and viewport.key is not None:
            return [viewport.key.sop_instance_uid]
        if dialog.wanted == "series":
            return list(dict.fromkeys(key.sop_instance_uid for key in stack.frames))
        images = [image.sop_instance_uid for series in stack.study.series for image in series.images]
        return list(dict.fromkeys([*images, *(one.sop_instance_uid for one in stack.study.objects)]))

    def _order(self, stack: Stack) -> Any:
        from shared.contract.exchange import AnonymisePlan, Packing, StartExport

        dialog = self.dialog
        assert dialog is not None
        plan = None
        if dialog.anonymise.isChecked():
            project = dialog.project.text().strip()
            if not project:
                raise ValueError(tr("请填写课题代号，同一课题的编号保持一致"))
            plan = AnonymisePlan(project=project)
        return StartExport(
            study_uids=(stack.study.study_uid,) if dialog.wanted == "study" else (),
            series_uids=(stack.series.series_uid,) if dialog.wanted == "series" else (),
            instance_uids=tuple(self._uids(stack)) if dialog.wanted == "image" else (),
            packing=Packing.MEDIA,
            anonymise=plan,
        )

    def _pictures(self, stack: Stack, target: Path, job: Job) -> Callable[[], int]:
        """The work of writing pictures or a film; the server is asked first and writes its audit log."""
        from clients.viewer.download.pictures import picture_of, write_film, write_picture, write_pictures

        dialog, viewport, store, call = self.dialog, self.desk.session.active_viewport, self.desk.store, self._call
        assert dialog is not None
        kind, wanted = dialog.kind, dialog.wanted
        shades = Shades(viewport.voi, viewport.inverted, viewport.palette)
        stacks = [stack]
        if wanted == "study":
            stacks = [one for one in self.desk.session.stacks if one.study is stack.study]
        if kind == "mp4" and wanted == "study":
            raise ValueError(tr("一个视频只能包含一个序列，请把范围改为当前序列"))
        indices = {id(one): [viewport.index] if wanted == "image" else list(range(len(one))) for one in stacks}
        missing = sum(not store.of(one).has(n) for one in stacks for n in indices[id(one)])
        if missing:
            raise ValueError(tr("图像还在载入，还差 {n} 幅，请稍后再试", n=missing))
        count = sum(len(numbers) for numbers in indices.values())
        rate = (stack.image(viewport.index).frame_rate if stack.image(viewport.index) else None) or STANDARD_RATE

        def work() -> int:
            _note(call, stack, kind, count)
            if kind == "mp4":
                return write_film(stack, store.of(stack), indices[id(stack)], shades, target, rate, job)
            if wanted == "image":
                write_picture(picture_of(stack, store.of(stack), viewport.index, shades), target)
                return 1
            done = 0
            for n, one in enumerate(stacks):
                folder = target if len(stacks) == 1 else target / f"{n + 1:02d}-{one.series.modality}"
                own = shades if one is stack else Shades()
                done += write_pictures(one, store.of(one), indices[id(one)], own, folder, kind, job)
            return done

        return work


def _note(call: Callable[[Any], Any] | None, stack: Stack, kind: str, count: int) -> None:
    """Ask the server whether this may be done; it logs it. Raises ValueError with its sentence."""
    if call is None:
        return
    from shared.contract.errors import RpcError
    from shared.contract.exchange import NotePictures

    try:
        call(NotePictures(study_uid=stack.study.study_uid, series_uid=stack.series.series_uid, kind=kind, count=count))
    except RpcError as error:
        raise ValueError(error.body.message) from error
