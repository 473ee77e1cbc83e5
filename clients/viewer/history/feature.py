"""History as a feature: the panel at the side."""

from __future__ import annotations

from clients.kit.actions import Action
from clients.kit.translations import register_catalogue, tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.history import texts
from clients.viewer.history.model import Earlier, earlier_from_files, earlier_from_server
from clients.viewer.history.panel import WIDTH, HistoryPanel
from clients.viewer.local_files import LocalFiles
from clients.viewer.study import StudyDescription

register_catalogue(texts.CATALOGUE)
OPEN, KEY, TITLE = "history.open", "history", "历史影像"
_ENTRIES = {"menu.more": (OPEN,)}


class HistoryFeature(Feature):
    """历史影像: earlier exams of the patient of the selected viewport."""

    actions = (Action(OPEN, TITLE, "Ctrl+P", hint="列出这位患者的其他检查，追加或对比"),)
    switches = frozenset({OPEN})
    entries = _ENTRIES

    def attach(self, desk: Desk) -> None:
        self.panel: HistoryPanel | None = None
        self._patient = ""
        self._exams: tuple[Earlier, ...] = ()
        self._asked = 0
        desk.commands.on(OPEN, self._toggle)
        desk.side.changed.connect(self._on_side)
        desk.session.studies_changed.connect(self._on_studies)
        desk.session.active_changed.connect(self._on_active)

    def reflect(self) -> None:
        self.desk.commands.qt(OPEN).setChecked(self.desk.side.key == KEY)

    def _toggle(self) -> None:
        if self.desk.side.key == KEY:
            self.desk.side.close_panel()
            return
        panel = HistoryPanel()
        panel.append_asked.connect(self.desk.opening.append_study)
        panel.compare_asked.connect(self.desk.opening.compare_study)
        panel.renew_asked.connect(self._list)
        self.desk.side.show_panel(KEY, panel, TITLE, WIDTH, self._toggle)
        self.panel = panel
        self._list()

    def _on_side(self, key: str) -> None:
        if key != KEY:
            self.panel = None
        self.desk.reflect()

    def _on_studies(self) -> None:
        if self.panel is not None:
            if self._shown() is not None and self._shown_patient() == self._patient:
                self._fill()
            else:
                self._list()

    def _on_active(self) -> None:
        if self.panel is not None and self._shown_patient() not in ("", self._patient):
            self._list()

    def _shown(self) -> StudyDescription | None:
        stack = self.desk.session.active_viewport.stack
        studies = self.desk.session.studies
        return stack.study if stack is not None else studies[0] if studies else None

    def _shown_patient(self) -> str:
        study = self._shown()
        return study.patient_id if study is not None else ""

    def _list(self) -> None:
        """Ask again; the answer to an older question is ignored."""
        panel, source, study = self.panel, self.desk.source, self._shown()
        if panel is None:
            return
        self._asked += 1
        number, self._exams = self._asked, ()
        self._patient = study.patient_id if study is not None else ""
        panel.show_exams((), ())
        if study is None or source is None:
            panel.say(tr("没有打开的检查"))
            return
        panel.say(tr("正在查找…"))
        patient, call = study.patient_id, getattr(source, "call", None)

        def work() -> tuple[Earlier, ...]:
            if isinstance(source, LocalFiles):
                return earlier_from_files(source.described, patient)
            if call is None:
                raise ValueError(tr("这里没有历史影像"))
            return earlier_from_server(call, patient)

        def done(exams: tuple[Earlier, ...]) -> None:
            if number == self._asked:
                self._exams = exams
                self._fill()

        def failed(sentence: str) -> None:
            if number == self._asked and self.panel is not None:
                self.panel.say(sentence)

        self.desk.background.run(work, done, failed, "history")

    def _fill(self) -> None:
        if self.panel is not None:
            self.panel.show_exams(self._exams, {study.study_uid for study in self.desk.session.studies})
