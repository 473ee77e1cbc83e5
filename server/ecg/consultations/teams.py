"""Teams of higher hospitals; methods work in the caller's unit of work."""

from __future__ import annotations

from sqlalchemy import delete, select

from server.ecg.consultations import rules
from server.ecg.consultations.ports import Hospitals, People
from server.ecg.consultations.tables import EcgTeamMemberRow, EcgTeamRow
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from shared.contract.base import Changed
from shared.contract.ecg_consultations import MOST_MEMBERS, MemberView, TeamView
from shared.contract.errors import ErrorCode
from shared.domain.permissions import Permission

ENTITY = "ecg_team"


class Teams:
    """Keeps teams and answers who is in them."""

    def __init__(self, people: People, hospitals: Hospitals) -> None:
        self._people = people
        self._hospitals = hospitals

    def listed(self, uow: UnitOfWork, caller: Caller, from_campus: int | None = None) -> tuple[TeamView, ...]:
        """Return the teams by name; with `from_campus` those that an exam of that campus can be sent to."""
        rows = list(uow.session.scalars(select(EcgTeamRow).order_by(EcgTeamRow.name, EcgTeamRow.id)))
        if from_campus is not None:
            here = self._hospitals.name(uow, from_campus)
            rows = [
                one
                for one in rows
                if one.is_active and one.campus_id != from_campus and self._hospitals.name(uow, one.campus_id) != here
            ]
        members = self._members(uow)
        return tuple(self._view(uow, caller, one, members.get(one.id, ())) for one in rows)

    def view(self, uow: UnitOfWork, caller: Caller, team_id: int) -> TeamView:
        """Return one team. Raises NOT_FOUND."""
        return self._view(uow, caller, self.row(uow, team_id), self._members(uow).get(team_id, ()))

    @staticmethod
    def row(uow: UnitOfWork, team_id: int) -> EcgTeamRow:
        """Return a team's row. Raises NOT_FOUND."""
        row = uow.session.get(EcgTeamRow, team_id)
        if row is None:
            raise not_found("会诊团队")
        return row

    @staticmethod
    def member_ids(uow: UnitOfWork, team_id: int) -> tuple[int, ...]:
        """Return the accounts of a team."""
        found = select(EcgTeamMemberRow.user_id).where(EcgTeamMemberRow.team_id == team_id)
        return tuple(uow.session.scalars(found.order_by(EcgTeamMemberRow.position)))

    @staticmethod
    def of_user(uow: UnitOfWork, user_id: int) -> frozenset[int]:
        """Return the teams that an account is in."""
        return frozenset(
            uow.session.scalars(select(EcgTeamMemberRow.team_id).where(EcgTeamMemberRow.user_id == user_id))
        )

    def candidates(self, uow: UnitOfWork, campus_id: int) -> tuple[MemberView, ...]:
        """Return who may be in a team of a campus."""
        return tuple(
            MemberView(user_id=one.id, name=one.name)
            for one in self._people.active(uow)
            if Permission.ECG_ACCEPT_CONSULTATION in one.permissions
            and (not one.campus_ids or campus_id in one.campus_ids)
        )

    def save(self, uow: UnitOfWork, caller: Caller, wanted: TeamView) -> TeamView:
        """Add or change a team. Raises INVALID, CONFLICT, NOT_FOUND, PERMISSION_MISSING."""
        row = self.row(uow, wanted.id) if wanted.id else EcgTeamRow(version=0, campus_id=wanted.campus_id)
        if caller.campus_ids and not {wanted.campus_id, row.campus_id} <= caller.campus_ids:
            raise Refusal(ErrorCode.PERMISSION_MISSING, "只能管理本院的会诊团队。")
        if wanted.id:
            row.expect(wanted.version)
        if not self._hospitals.exists(uow, wanted.campus_id):
            raise invalid("campus_id", "请选择团队所属的医院。")
        row.name = rules.text("name", wanted.name, 100, "请填写团队名称。")
        row.phone = rules.text("phone", wanted.phone, 40)
        row.campus_id, row.is_active = wanted.campus_id, wanted.is_active
        chosen = list(dict.fromkeys(one.user_id for one in wanted.members))
        may = {one.user_id for one in self.candidates(uow, wanted.campus_id)}
        if len(chosen) > MOST_MEMBERS:
            raise invalid("members", f"一个团队最多 {MOST_MEMBERS} 人。")
        if wanted.is_active and not chosen:
            raise invalid("members", "请至少选择一位有受理会诊权限的医师。")
        if set(chosen) - may:
            raise invalid("members", "所选人员中有人没有受理会诊的权限或不属于该医院，请重新选择。")
        row.touch()
        uow.session.add(row)
        uow.session.flush()
        uow.session.execute(delete(EcgTeamMemberRow).where(EcgTeamMemberRow.team_id == row.id))
        uow.session.add_all(
            EcgTeamMemberRow(team_id=row.id, user_id=user_id, position=n) for n, user_id in enumerate(chosen)
        )
        uow.session.flush()
        uow.publish(Changed(entity=ENTITY, id=row.id, version=row.version))
        return self.view(uow, caller, row.id)

    def _members(self, uow: UnitOfWork) -> dict[int, tuple[MemberView, ...]]:
        names = {one.id: one.name for one in self._people.active(uow)}
        found: dict[int, tuple[MemberView, ...]] = {}
        order = select(EcgTeamMemberRow).order_by(EcgTeamMemberRow.team_id, EcgTeamMemberRow.position)
        for one in uow.session.scalars(order):
            if one.user_id in names:
                view = MemberView(user_id=one.user_id, name=names[one.user_id])
                found[one.team_id] = (*found.get(one.team_id, ()), view)
        return found

    def _view(self, uow: UnitOfWork, caller: Caller, row: EcgTeamRow, members: tuple[MemberView, ...]) -> TeamView:
        return TeamView(
            id=row.id,
            version=row.version,
            name=row.name,
            campus_id=row.campus_id,
            hospital=self._hospitals.name(uow, row.campus_id),
            members=members,
            phone=row.phone,
            is_active=row.is_active,
            is_own=not caller.campus_ids or row.campus_id in caller.campus_ids,
        )
