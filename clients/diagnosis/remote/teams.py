"""专家组: the teams of the own hospital, their members and manners (CO-ORG-08); for who may lead."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from clients.kit.fields import Choice, ChoiceField, Section, SwitchField, TextField, TicksField
from clients.kit.forms import FormView
from clients.kit.labels import Button, ValueLabel
from clients.kit.messages import message_for
from clients.kit.panels import scrolling
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.organisation import GetHospital, HospitalView
from shared.contract.remote import ListCandidates, ListTeams, RemoteMember, RemoteTeam, SaveTeam

_SECTION = Section(
    "",
    [
        TextField(key="name", label="专家组名称", required=True, max_length=100),
        ChoiceField(key="campus_id", label="所属院区", required=True),
        TextField(key="phone", label="联系电话", max_length=40),
        TicksField(key="members", label="组内医生", columns=3, nothing="该院区还没有能书写报告的医生。"),
        SwitchField(key="two_level", label="会诊意见由组内第二位医生审核后发布"),
        SwitchField(key="audits_reports", label="代写的报告由组内审核，审核通过即生效"),
        SwitchField(key="is_active", label="启用", initial=True),
    ],
)


class TeamsView(QWidget):
    """Teams at the left, the chosen one at the right."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self.teams: tuple[RemoteTeam, ...] = ()
        self._candidates: tuple[RemoteMember, ...] = ()
        self._shown: RemoteTeam | None = None
        self.list = QListWidget()
        self.list.setFixedWidth(240)
        self.list.currentRowChanged.connect(self._on_row)
        self.new_button = Button("新建专家组", "", "add", on_click=self.begin)
        self.form = FormView([_SECTION], columns=2)
        self.form.changed.connect(self._typed)
        self.trouble = ValueLabel("", "error", wrap=True)
        self.save_button = Button("保存", "primary", "save", on_click=self.save)
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addWidget(self.new_button)
        right = QVBoxLayout()
        right.addWidget(scrolling(self.form), 1)
        right.addWidget(self.trouble)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self.save_button)
        right.addLayout(line)
        across = QHBoxLayout(self)
        across.setContentsMargins(16, 12, 16, 12)
        across.setSpacing(16)
        across.addLayout(left)
        across.addLayout(right, 1)
        call = place.connection.call
        place.runner.run(lambda: call(GetHospital()), self._hospital_came, self._failed, key="remote.hospital")

    def _hospital_came(self, hospital: HospitalView) -> None:
        self.form.set_choices("campus_id", [Choice(one.id, one.name, translate=False) for one in hospital.campuses])
        self.load()

    def load(self, chosen: int = 0) -> None:
        """Fetch the teams."""
        call = self._place.connection.call
        self._place.runner.run(
            lambda: call(ListTeams()), lambda teams: self._came(teams, chosen), self._failed, key="remote.teams"
        )

    def _came(self, teams: tuple[RemoteTeam, ...], chosen: int) -> None:
        self.teams = tuple(one for one in teams if one.is_own)
        self.list.blockSignals(True)
        self.list.clear()
        for one in self.teams:
            name = one.name if one.is_active else tr("{name}（停用）", name=one.name)
            self.list.addItem(QListWidgetItem(name))
        self.list.blockSignals(False)
        at = next((n for n, one in enumerate(self.teams) if one.id == chosen), 0)
        if self.teams:
            self.list.setCurrentRow(at)
            self._on_row(at)
        else:
            self.begin()

    def _on_row(self, at: int) -> None:
        if 0 <= at < len(self.teams):
            self._show(self.teams[at])

    def begin(self) -> None:
        """A new team."""
        self.list.clearSelection()
        self._shown = None
        self.form.clear()
        self._ask_candidates()
        self.form.focus("name")

    def _show(self, team: RemoteTeam) -> None:
        self._shown = team
        self._say("")
        self.form.set_values({"campus_id": team.campus_id})
        self._ask_candidates()

    def _typed(self, key: str) -> None:
        if key == "campus_id":
            self._ask_candidates()

    def _ask_candidates(self) -> None:
        campus = self.form.value("campus_id")
        if campus is None:
            self._candidates_came(())
            return
        call = self._place.connection.call
        self._place.runner.run(
            lambda: call(ListCandidates(campus_id=campus)), self._candidates_came, self._failed, key="remote.candidates"
        )

    def _candidates_came(self, found: tuple[RemoteMember, ...]) -> None:
        self._candidates = found
        choices = [
            Choice(one.user_id, tr("{name}（可审核）", name=one.name) if one.audits else one.name, translate=False)
            for one in found
        ]
        self.form.set_choices("members", choices)
        team = self._shown
        if team is not None and team.campus_id == self.form.value("campus_id"):
            self.form.set_values(
                {
                    "name": team.name,
                    "phone": team.phone,
                    "members": tuple(one.user_id for one in team.members),
                    "two_level": team.two_level,
                    "audits_reports": team.audits_reports,
                    "is_active": team.is_active,
                }
            )

    def save(self) -> None:
        """Send the team."""
        if not self.form.validate():
            return
        values: dict[str, Any] = self.form.values()
        names = {one.user_id: one.name for one in self._candidates}
        members = tuple(RemoteMember(user_id=one, name=names.get(one, "")) for one in values["members"])
        shown = self._shown
        team = RemoteTeam(
            id=shown.id if shown else 0,
            version=shown.version if shown else 0,
            name=values["name"],
            campus_id=values["campus_id"],
            hospital="",
            members=members,
            phone=values["phone"] or "",
            is_active=bool(values["is_active"]),
            two_level=bool(values["two_level"]),
            audits_reports=bool(values["audits_reports"]),
        )
        call = self._place.connection.call
        self._place.runner.run(lambda: call(SaveTeam(team=team)), self._saved, self._failed)

    def _saved(self, team: RemoteTeam) -> None:
        self._place.messages.say(tr("专家组已保存"), Tone.SUCCESS)
        self._say("")
        self.load(team.id)

    def _failed(self, error: Exception) -> None:
        message = message_for(error)
        if message.field in self.form.rows:
            self.form.show_problems({message.field: message.text})
        else:
            self._say(message.text)

    def _say(self, words: str) -> None:
        self.trouble.set_text(words)
        self.trouble.setVisible(bool(words))
