"""申请会诊: the team that is asked, question, urgency, and the words about the patient (ECG-APP)."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from clients.ecg.desk import Desk
from clients.ecg.looks import choices, sex_word
from clients.ecg.shell.dialogs import EcgDialog
from clients.kit.ages import age_for_reader
from clients.kit.fields import Choice, ChoiceField, LongTextField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Label, ValueLabel
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.ecg_consultations import (
    ApplicationForm,
    Apply,
    ConsultationView,
    GetApplicationForm,
    TeamView,
)
from shared.domain.ecg import URGENCIES, Urgency

TEAM_KEY = "ecg/team"
"""Where a user's last team is remembered."""


class ApplicationDialog(EcgDialog):
    """会诊信息: loads what the exam says already; 提交 sends the application."""

    def __init__(self, desk: Desk, parent: QWidget, exam_id: int) -> None:
        super().__init__(desk, parent, "申请会诊", width=720)
        self._exam_id = exam_id
        self.given: ApplicationForm | None = None
        self.head = ValueLabel("", "title")
        self.body.addWidget(self.head)
        self.by = ValueLabel("", "quiet")
        self.body.addWidget(self.by)
        self.put_form(
            FormView(
                [
                    Section(
                        "会诊信息",
                        [
                            ChoiceField(key="team", label="受邀团队", required=True),
                            ChoiceField(
                                key="urgency",
                                label="紧急程度",
                                required=True,
                                choices=choices(URGENCIES),
                                initial=Urgency.ROUTINE,
                            ),
                            LongTextField(key="question", label="会诊目的", lines=2, max_length=1000, span=1),
                            TextField(key="phone", label="联系电话", max_length=32),
                        ],
                    ),
                    Section(
                        "病情",
                        [
                            LongTextField(key="complaint", label="主诉", lines=2, max_length=1000, span=1),
                            LongTextField(key="history", label="病史", lines=2, max_length=1000, span=1),
                            LongTextField(key="clinical_diagnosis", label="临床诊断", lines=2, max_length=1000, span=1),
                        ],
                    ),
                ],
                columns=2,
            ),
            height=400,
        )
        self.team_words = Label("", "caption", wrap=True)
        self.body.addWidget(self.team_words)
        self.add_button("close", "取消")
        self.add_button("submit", "提交", "primary", self.submit).setEnabled(False)
        assert self.form is not None
        self.form.changed.connect(self._typed)
        self.form.submitted.connect(self.submit)
        line = desk.place.connection
        self.ask(lambda: line.call(GetApplicationForm(exam_id=exam_id)), self.show_form)

    def show_form(self, given: ApplicationForm) -> None:
        """Fill the dialog with what the exam says."""
        assert self.form is not None
        self.given = given
        self.head.set_text(
            "　".join(part for part in (given.patient_name, sex_word(given.sex), age_for_reader(given.age)) if part)
        )
        self.by.set_text(tr("申请医生：{name}", name=given.applicant))
        self.form.set_choices("team", [Choice(team.id, _team_name(team), translate=False) for team in given.teams])
        known = [team.id for team in given.teams]
        last = self._desk.place.settings.get(TEAM_KEY, 0)
        self.form.set_values(
            {
                "team": last if last in known else known[0] if len(known) == 1 else None,
                "phone": given.phone,
                "complaint": given.complaint,
                "history": given.history,
                "clinical_diagnosis": given.clinical_diagnosis,
            }
        )
        self.form.focus("team")
        self._show_team()
        if given.obstacle:
            self.say(given.obstacle)
            self.form.set_read_only(True)
        elif not given.teams:
            self.say(tr("没有可以邀请的团队，请上级医院先建立会诊团队。"))
        self.settle()

    def settle(self) -> None:
        if "submit" in self.buttons:
            given = self.given
            self.buttons["submit"].setEnabled(given is not None and not given.obstacle and bool(given.teams))

    def _typed(self, key: str) -> None:
        if key == "team":
            self._show_team()

    def _show_team(self) -> None:
        assert self.form is not None
        chosen = self.form.value("team")
        team = next((one for one in self.given.teams if one.id == chosen), None) if self.given else None
        words = ""
        if team is not None:
            names = "、".join(member.name for member in team.members)
            words = tr("团队成员：{names}", names=names) + (f"　{team.phone}" if team.phone else "")
        self.team_words.setText(words)

    def submit(self) -> None:
        """提交."""
        if self.form is None or self.given is None or self.given.obstacle or not self.form.validate():
            return
        values = self.form.values()
        request = Apply(
            exam_id=self._exam_id,
            team_id=values["team"],
            urgency=values["urgency"],
            **{
                key: str(values[key] or "").strip()
                for key in ("question", "complaint", "history", "clinical_diagnosis", "phone")
            },
        )
        line = self._desk.place.connection
        self.ask(lambda: line.call(request), self._sent)

    def _sent(self, view: ConsultationView) -> None:
        self._desk.place.settings.set(TEAM_KEY, view.team_id)
        self._desk.place.messages.say(tr("会诊申请已发送给{team}", team=view.team), Tone.SUCCESS)
        self._desk.tell_exam(view.exam_id)
        self._desk.tell_consultation(view.id)
        self.accept()


def _team_name(team: TeamView) -> str:
    return f"{team.hospital} · {team.name}" if team.hospital else team.name
