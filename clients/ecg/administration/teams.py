"""会诊团队: the teams of a higher hospital that lower hospitals ask, and their doctors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from clients.ecg.administration.table_page import TablePage
from clients.ecg.desk import Desk
from clients.ecg.pages import TEAMS
from clients.ecg.shell.dialogs import EcgDialog
from clients.kit.fields import Choice, ChoiceField, Section, SwitchField, TextField, TicksField
from clients.kit.forms import FormView
from clients.kit.paging import Column, EmptyWords, RowAction
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.ecg_consultations import ListCandidates, ListTeams, MemberView, SaveTeam, TeamView
from shared.contract.organisation import GetHospital, HospitalView

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

USE_LOOKS = {
    "on": StateLook("启用", Tone.SUCCESS, "check_circle"),
    "off": StateLook("停用", Tone.NEUTRAL, "cross_circle"),
}
COLUMNS = (
    Column("state", "状态", 88, value=lambda row: "on" if row.is_active else "off", looks=USE_LOOKS),
    Column("name", "团队名称", 200, strong=True),
    Column("hospital", "医院", 180),
    Column("members", "成员", 0, value=lambda row: "、".join(member.name for member in row.members)),
    Column("count", "人数", 64, value=lambda row: len(row.members)),
    Column("phone", "联系电话", 140),
)
ACTIONS = (RowAction("change", "修改", "edit", allowed=lambda row: row.is_own),)


class TeamsPage(TablePage):
    """Teams of all hospitals; those of the own hospital can be changed."""

    def __init__(self, desk: Desk, place: Workplace) -> None:
        super().__init__(
            desk,
            place,
            TEAMS,
            ListTeams,
            COLUMNS,
            ACTIONS,
            EmptyWords("还没有会诊团队", "建立团队后，下级医院可以向它申请会诊。", "users", "新增团队"),
            hint="下级医院申请会诊时选择团队，团队成员会收到消息。",
            header=(("add", "primary"),),
            entities=("ecg_team",),
        )
        self.list.empty_action.connect(self.add)

    def act(self, action: str, row: TeamView) -> None:
        """Change a team of the own hospital."""
        if action == "change" and row.is_own:
            TeamDialog(self._desk, self, row, self.refresh).open()

    def add(self) -> None:
        """新增团队."""
        TeamDialog(self._desk, self, None, self.refresh).open()


class TeamDialog(EcgDialog):
    """One team: whose it is, its doctors, its phone."""

    def __init__(self, desk: Desk, parent: QWidget, row: TeamView | None, saved: Any) -> None:
        super().__init__(desk, parent, "新增团队" if row is None else "修改团队", width=600)
        self._team = row
        self._saved = saved
        form = FormView(
            [
                Section(
                    "",
                    [
                        TextField(key="name", label="团队名称", required=True, max_length=64),
                        ChoiceField(key="campus_id", label="医院", required=True),
                        TextField(key="phone", label="联系电话", max_length=32),
                        SwitchField(key="is_active", label="启用", initial=True),
                        TicksField(
                            key="members",
                            label="成员",
                            columns=3,
                            nothing="这家医院没有可受理会诊的医生，请先在人员管理中授予“受理心电会诊”权限。",
                        ),
                    ],
                )
            ],
            columns=2,
        )
        self.put_form(form, height=320)
        self.add_button("close", "取消")
        self.add_button("save", "保存", "primary", self.save)
        form.changed.connect(self._typed)
        form.submitted.connect(self.save)
        if row is not None:
            form.set_values({"name": row.name, "phone": row.phone, "is_active": row.is_active})
        line = desk.place.connection
        self.call(lambda: line.call(GetHospital()), self._hospital_came, self.show_error)

    def _hospital_came(self, hospital: HospitalView) -> None:
        assert self.form is not None
        self.form.set_choices(
            "campus_id", [Choice(campus.id, campus.name, translate=False) for campus in hospital.campuses]
        )
        usual = hospital.campuses[0].id if hospital.campuses else None
        self.form.set_values({"campus_id": self._team.campus_id if self._team is not None else usual})
        self._ask_candidates()

    def _typed(self, key: str) -> None:
        if key == "campus_id":
            self._ask_candidates()

    def _ask_candidates(self) -> None:
        assert self.form is not None
        campus_id, line = self.form.value("campus_id"), self._desk.place.connection
        if campus_id is not None:
            self.call(lambda: line.call(ListCandidates(campus_id=campus_id)), self._candidates_came, self.show_error)

    def _candidates_came(self, candidates: tuple[MemberView, ...]) -> None:
        assert self.form is not None
        members = self._team.members if self._team is not None else ()
        known = {one.user_id: one.name for one in (*candidates, *members)}
        self.form.set_choices("members", [Choice(number, name, translate=False) for number, name in known.items()])
        self.form.set_values({"members": [member.user_id for member in members]})

    def save(self) -> None:
        """保存."""
        if self.form is None or not self.form.validate():
            return
        values, old = self.form.values(), self._team
        team = TeamView(
            id=old.id if old is not None else 0,
            version=old.version if old is not None else 0,
            name=values["name"].strip(),
            campus_id=values["campus_id"],
            hospital="",
            members=tuple(MemberView(user_id=number, name="") for number in values["members"]),
            phone=values["phone"].strip(),
            is_active=bool(values["is_active"]),
        )
        line = self._desk.place.connection
        self.ask(lambda: line.call(SaveTeam(team=team)), self._stored)

    def _stored(self, _team: TeamView) -> None:
        self._desk.place.messages.say(tr("已保存"), Tone.SUCCESS)
        self._saved()
        self.accept()
