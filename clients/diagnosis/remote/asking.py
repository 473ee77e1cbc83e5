"""The form that asks another hospital's team for an opinion or to write the report (RIS-RPD-01, RIS-LCK-10)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.fields import Choice, ChoiceField, LongTextField, Section, SwitchField, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.messages import message_for
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.remote import Ask, GetForm, RemoteForm, RemoteTeam, RemoteView
from shared.domain.remote import KINDS, URGENCIES, RemoteKind, RemoteUrgency

TEAM_KEY = "diagnosis/remote_team"
"""Where a user's last team is remembered."""


class AskForm(QWidget):
    """Filled from the exam; 发送申请 sends it."""

    def __init__(self, place: Workplace, sent: Callable[[RemoteView], None], cancel: Callable[[], None]) -> None:
        super().__init__()
        self._place, self._sent, self._cancel = place, sent, cancel
        self._exam_id = 0
        self.given: RemoteForm | None = None
        self.form = FormView(_sections(), columns=1)
        self.form.changed.connect(self._typed)
        self.form.submitted.connect(self.submit)
        self.team_words = ValueLabel("", "caption", wrap=True)
        self.trouble = ValueLabel("", "error", wrap=True)
        self.send = Button("发送申请", "primary", "send", on_click=self.submit)
        self.leave = Button("取消", "quiet", on_click=cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(Label("申请会诊", "strong"))
        column.addWidget(self.form)
        column.addWidget(self.team_words)
        column.addWidget(self.trouble)
        line = QHBoxLayout()
        line.addWidget(self.send)
        line.addWidget(self.leave)
        line.addStretch(1)
        column.addLayout(line)
        column.addStretch(1)
        self._settle()

    def open(self, exam_id: int, kind: RemoteKind = RemoteKind.OPINION) -> None:
        """Load what the exam says."""
        self._exam_id, self.given = exam_id, None
        self.form.clear()
        self.form.set_values({"kind": kind})
        self._say("")
        self._settle()
        line = self._place.connection
        self._place.runner.run(lambda: line.call(GetForm(exam_id=exam_id)), self._came, self._failed, key="remote.form")

    def _came(self, given: RemoteForm) -> None:
        if given.exam_id != self._exam_id:
            return
        self.given = given
        self.form.set_choices("team", [Choice(one.id, _team_name(one), translate=False) for one in given.teams])
        known = [one.id for one in given.teams]
        last = self._place.settings.get(TEAM_KEY, 0)
        self.form.set_values(
            {
                "team": last if last in known else known[0] if len(known) == 1 else None,
                "body_part": given.body_part,
                "scan": given.scan,
                "history": given.history,
                "clinical_diagnosis": given.clinical_diagnosis,
                "phone": given.phone,
                "with_priors": bool(given.priors),
            }
        )
        self._typed("kind")

    def _obstacle(self) -> str:
        if self.given is None:
            return ""
        if not self.given.teams:
            return tr("没有可以申请的专家组，请上级医院先建立专家组。")
        is_report = self.form.value("kind") is RemoteKind.REPORT
        return self.given.obstacle_report if is_report else self.given.obstacle_opinion

    def _typed(self, key: str) -> None:
        if key in ("kind", "team"):
            self._say(self._obstacle())
            self._settle()

    def _settle(self) -> None:
        is_report = self.form.value("kind") is RemoteKind.REPORT
        self.send.setEnabled(self.given is not None and not self._obstacle())
        self.send.set_source("发送云端" if is_report else "发送申请")
        self.form.rows["shares_report"].setVisible(not is_report)
        priors = len(self.given.priors) if self.given else 0
        self.form.rows["with_priors"].setVisible(priors > 0)
        team = self._team()
        words = ""
        if team is not None:
            names = "、".join(one.name for one in team.members)
            words = tr("组内医生：{names}", names=names) + (f"　{team.phone}" if team.phone else "")
            if is_report:
                words += "\n" + tr(
                    "报告由该组书写并审核，审核通过即生效。" if team.audits_reports else "报告由该组书写，本院审核。"
                )
        self.team_words.set_text(words)
        self.team_words.setVisible(bool(words))

    def _team(self) -> RemoteTeam | None:
        chosen = self.form.value("team")
        return next((one for one in self.given.teams if one.id == chosen), None) if self.given else None

    def submit(self) -> None:
        """发送申请."""
        if self.given is None or self._obstacle() or not self.form.validate():
            return
        values = self.form.values()
        texts = {
            key: str(values[key] or "").strip()
            for key in ("body_part", "scan", "history", "clinical_diagnosis", "question", "phone")
        }
        request = Ask(
            exam_id=self._exam_id,
            kind=values["kind"],
            team_id=values["team"],
            urgency=values["urgency"],
            shares_report=bool(values["shares_report"]),
            prior_exam_ids=tuple(one.exam_id for one in self.given.priors) if values["with_priors"] else (),
            **texts,
        )
        self.send.setEnabled(False)
        line = self._place.connection
        self._place.runner.run(lambda: line.call(request), self._done, self._failed)

    def _done(self, view: RemoteView) -> None:
        self._place.settings.set(TEAM_KEY, view.row.team_id)
        self._place.messages.say(
            tr("申请已发送：{hospital}·{team}", hospital=view.row.to_hospital, team=view.row.team), Tone.SUCCESS
        )
        self._sent(view)

    def _failed(self, error: Exception) -> None:
        message = message_for(error)
        field = "team" if message.field == "team_id" else message.field
        if field in self.form.rows:
            self.form.show_problems({field: message.text})
        else:
            self._say(message.text)
        self.send.setEnabled(self.given is not None)

    def _say(self, words: str) -> None:
        self.trouble.set_text(words)
        self.trouble.setVisible(bool(words))


def _sections() -> list[Section]:
    return [
        Section(
            "",
            [
                ChoiceField(
                    key="kind",
                    label="申请类型",
                    required=True,
                    initial=RemoteKind.OPINION,
                    choices=[
                        Choice(RemoteKind.OPINION, KINDS[RemoteKind.OPINION].zh),
                        Choice(RemoteKind.REPORT, "发送云端（代写报告）"),
                    ],
                ),
                ChoiceField(key="team", label="专家组", required=True),
                ChoiceField(
                    key="urgency",
                    label="紧急程度",
                    required=True,
                    initial=RemoteUrgency.ROUTINE,
                    choices=[Choice(one, word.zh) for one, word in URGENCIES.items()],
                ),
                TextField(key="body_part", label="检查部位", required=True, max_length=200),
                TextField(key="scan", label="扫描方式", max_length=200),
                LongTextField(key="history", label="病史信息", required=True, lines=3, max_length=1000, span=1),
                LongTextField(key="clinical_diagnosis", label="临床诊断", lines=2, max_length=1000, span=1),
                LongTextField(key="question", label="会诊目的", lines=2, max_length=1000, span=1),
                TextField(key="phone", label="联系电话", max_length=32),
                SwitchField(key="shares_report", label="附上已写的报告内容", initial=True),
                SwitchField(key="with_priors", label="附上既往影像", initial=False),
            ],
        )
    ]


def _team_name(team: RemoteTeam) -> str:
    return f"{team.hospital} · {team.name}" if team.hospital else team.name
