"""Teams of experts; methods work in the caller's unit of work."""

from __future__ import annotations

from sqlalchemy import delete, select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from server.remote import rules
from server.remote.ports import Hospitals, People, Person
from server.remote.tables import RemoteMemberRow, RemoteTeamRow
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.remote import MOST_MEMBERS, RemoteMember, RemoteTeam
from shared.domain.permissions import Permission

ENTITY = "remote_team"


class Teams:
    """Keeps teams and answers who is in them."""

    def __init__(self, people: People, hospitals: Hospitals) -> None:
        self._people = people
        self._hospitals = hospitals

    def listed(self, uow: UnitOfWork, caller: Caller, from_campus: int | None = None) -> tuple[RemoteTeam, ...]:
        """Return the teams by name; with `from_campus` those that an exam of that campus can be sent to."""
        rows = list(uow.session.scalars(select(RemoteTeamRow).order_by(RemoteTeamRow.name, RemoteTeamRow.id)))
        members = self._members(uow)
        if from_campus is not None:
            rows = [one for one in rows if one.is_active and one.campus_id != from_campus and members.get(one.id)]
        return tuple(self._view(uow, caller, one, members.get(one.id, ())) for one in rows)

    def view(self, uow: UnitOfWork, caller: Caller, team_id: int) -> RemoteTeam:
        """Return one team. Raises NOT_FOUND."""
        return self._view(uow, caller, self.row(uow, team_id), self._members(uow).get(team_id, ()))

    @staticmethod
    def row(uow: UnitOfWork, team_id: int) -> RemoteTeamRow:
        """Return a team's row. Raises NOT_FOUND."""
        row = uow.session.get(RemoteTeamRow, team_id)
        if row is None:
            raise not_found("专家组")
        return row

    def members(self, uow: UnitOfWork, team_id: int) -> tuple[RemoteMember, ...]:
        """Return the members of a team who may log in and still write reports."""
        return self._members(uow).get(team_id, ())

    @staticmethod
    def of_user(uow: UnitOfWork, user_id: int) -> frozenset[int]:
        """Return the teams that an account is in."""
        return frozenset(uow.session.scalars(select(RemoteMemberRow.team_id).where(RemoteMemberRow.user_id == user_id)))

    def candidates(self, uow: UnitOfWork, campus_id: int) -> tuple[RemoteMember, ...]:
        """Return who may be in a team of a campus."""
        return tuple(
            _member(one)
            for one in self._people.active(uow)
            if Permission.REPORT in one.permissions and (not one.campus_ids or campus_id in one.campus_ids)
        )

    def save(self, uow: UnitOfWork, caller: Caller, wanted: RemoteTeam) -> RemoteTeam:
        """Add or change a team. Raises INVALID, CONFLICT, NOT_FOUND, PERMISSION_MISSING."""
        row = self.row(uow, wanted.id) if wanted.id else RemoteTeamRow(version=0, campus_id=wanted.campus_id)
        if caller.campus_ids and not {wanted.campus_id, row.campus_id} <= caller.campus_ids:
            raise Refusal(ErrorCode.PERMISSION_MISSING, "只能管理本院的专家组。")
        if wanted.id:
            row.expect(wanted.version)
        if not self._hospitals.exists(uow, wanted.campus_id):
            raise invalid("campus_id", "请选择专家组所属的院区。")
        row.name = rules.text("name", wanted.name, 100, "请填写专家组名称。")
        row.phone = rules.text("phone", wanted.phone, 40)
        row.campus_id, row.is_active = wanted.campus_id, wanted.is_active
        row.two_level, row.audits_reports = wanted.two_level, wanted.audits_reports
        chosen = self._chosen(uow, wanted)
        row.touch()
        uow.session.add(row)
        uow.session.flush()
        uow.session.execute(delete(RemoteMemberRow).where(RemoteMemberRow.team_id == row.id))
        uow.session.add_all(
            RemoteMemberRow(team_id=row.id, user_id=user_id, position=n) for n, user_id in enumerate(chosen)
        )
        uow.session.flush()
        uow.publish(Changed(entity=ENTITY, id=row.id, version=row.version))
        return self.view(uow, caller, row.id)

    def _chosen(self, uow: UnitOfWork, wanted: RemoteTeam) -> list[int]:
        chosen = list(dict.fromkeys(one.user_id for one in wanted.members))
        may = {one.user_id: one for one in self.candidates(uow, wanted.campus_id)}
        if len(chosen) > MOST_MEMBERS:
            raise invalid("members", f"一个专家组最多 {MOST_MEMBERS} 人。")
        if wanted.is_active and not chosen:
            raise invalid("members", "请至少选择一位有书写报告权限的医生。")
        if set(chosen) - set(may):
            raise invalid("members", "所选人员中有人没有书写报告的权限或不属于该院区，请重新选择。")
        auditors = [one for one in chosen if may[one].audits]
        if wanted.is_active and (wanted.two_level or wanted.audits_reports) and (not auditors or len(chosen) < 2):
            raise invalid("members", "组内审核需要至少两位成员，其中至少一位有终审权限。")
        return chosen

    def _members(self, uow: UnitOfWork) -> dict[int, tuple[RemoteMember, ...]]:
        people = {one.id: one for one in self._people.active(uow) if Permission.REPORT in one.permissions}
        found: dict[int, tuple[RemoteMember, ...]] = {}
        order = select(RemoteMemberRow).order_by(RemoteMemberRow.team_id, RemoteMemberRow.position)
        for one in uow.session.scalars(order):
            if one.user_id in people:
                found[one.team_id] = (*found.get(one.team_id, ()), _member(people[one.user_id]))
        return found

    def _view(
        self, uow: UnitOfWork, caller: Caller, row: RemoteTeamRow, members: tuple[RemoteMember, ...]
    ) -> RemoteTeam:
        return RemoteTeam(
            id=row.id,
            version=row.version,
            name=row.name,
            campus_id=row.campus_id,
            hospital=self._hospitals.name(uow, row.campus_id),
            members=members,
            phone=row.phone,
            is_active=row.is_active,
            two_level=row.two_level,
            audits_reports=row.audits_reports,
            is_own=not caller.campus_ids or row.campus_id in caller.campus_ids,
        )


def _member(person: Person) -> RemoteMember:
    return RemoteMember(user_id=person.id, name=person.name, audits=Permission.FINAL_AUDIT in person.permissions)
