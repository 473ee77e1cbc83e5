"""导出病例 and 导入病例 on screen: choose a folder, look at what will happen, do it off the screens' thread."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.statistics.package import Package, PackageError, export
from shared.contract.pathology_exchange import ImportPlan
from shared.domain.pathology import CASE_STATES, CaseState


def choose_export(desk: Desk) -> None:
    """Ask for the folder and export the open case into it."""
    if desk.case is None:
        desk.place.messages.say(tr("请先打开要导出的病例。"), Tone.WARNING)
        return
    folder = QFileDialog.getExistingDirectory(None, tr("选择导出位置"), _documents())
    if folder:
        export_to(desk, Path(folder))


def export_to(desk: Desk, parent: Path) -> None:
    """Export the open case below a folder; says where it lies."""
    case, place = desk.case, desk.place
    if case is None:
        return
    place.runner.run(
        lambda: export(place.connection, case.id, parent),
        lambda folder: place.messages.say(tr("病例已导出到 {path}", path=folder), Tone.SUCCESS),
        partial(_failed, desk),
        key="pathology.export",
    )


def choose_import(desk: Desk) -> None:
    """Ask for a package's folder and show what an import would do."""
    folder = QFileDialog.getExistingDirectory(None, tr("选择导出病例的文件夹"), _documents())
    if folder:
        look_at(desk, Path(folder))


def look_at(desk: Desk, folder: Path) -> None:
    """Check a package and open the panel that imports it."""
    place = desk.place

    def work() -> tuple[Package, ImportPlan]:
        package = Package(folder)
        return package, package.check(place.connection)

    def came(found: tuple[Package, ImportPlan]) -> None:
        desk.show_panel("导入病例", ImportPanel(desk, *found), 400)

    place.runner.run(work, came, partial(_failed, desk), key="pathology.import")


class ImportPanel(QWidget):
    """What the package holds, what will be made of it, and the button that does it."""

    def __init__(self, desk: Desk, package: Package, plan: ImportPlan) -> None:
        super().__init__()
        self._desk, self._package, self._plan = desk, package, plan
        manifest = package.manifest
        known = {one.value for one in CaseState}
        state = tr(CASE_STATES[CaseState(manifest.state)].zh) if manifest.state in known else manifest.state
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(6)
        for title, words in (
            ("病理号", manifest.number or "–"),
            ("姓名", manifest.patient_name),
            ("病例状态", state),
            ("导入到病例库", plan.library),
            ("导出医院", manifest.hospital),
            ("导出人", f"{manifest.exported_by}  {manifest.exported_at.astimezone():%Y-%m-%d %H:%M}"),
            ("影像文件", str(len(manifest.files) - 1)),
        ):
            box.addWidget(Label(title, "caption"))
            box.addWidget(ValueLabel(words, wrap=True))
        for warning in plan.warnings:
            note = ValueLabel(warning, "error", wrap=True)
            box.addWidget(note)
        box.addStretch(1)
        row = QHBoxLayout()
        row.addStretch(1)
        self.import_button = Button("导入", "primary", "download", on_click=self.take_in)
        row.addWidget(self.import_button)
        box.addLayout(row)

    def take_in(self) -> None:
        """Send and import, then open the case."""
        self.import_button.setEnabled(False)
        place = self._desk.place
        package, plan = self._package, self._plan
        place.runner.run(
            lambda: package.send(place.connection, plan),
            partial(_imported, self._desk),
            partial(_failed, self._desk),
            key="pathology.import",
        )


def _imported(desk: Desk, case_id: int) -> None:
    desk.place.messages.say(tr("病例已导入"), Tone.SUCCESS)
    desk.close_panel()
    desk.refresh_lists()
    desk.open_case(case_id)


def _failed(desk: Desk, error: Exception) -> None:
    if isinstance(error, PackageError):
        desk.place.messages.say(str(error), Tone.DANGER)
    elif isinstance(error, OSError):
        desk.place.messages.say(tr("无法读写文件：{why}", why=error.strerror or str(error)), Tone.DANGER)
    else:
        desk.place.messages.report(error)


def _documents() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
