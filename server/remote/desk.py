"""What every step of a request stands on: its row, the caller's standing, the history, who is told."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, not_found
from server.remote import rules
from server.remote.notices import Notices
from server.remote.ports import Hospitals, Reports
from server.remote.tables import RemoteLogRow, RemoteRequestRow
from server.remote.teams import Teams
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.domain.permissions import Permission
from shared.domain.remote import ACTIONS, RemoteAction, RemoteKind, RemoteNotice, RemoteState, RemoteUrgency

ENTITY = "remote_request"


class Desk:
    """Works in the caller's unit of work. The exam is locked before its request: reports tell us in that order."""

    def __init__(
        self, reports: Reports, teams: Teams, notices: Notices, hospitals: Hospitals, time: HospitalTime
    ) -> None:
        self.reports = reports
        self.teams = teams
        self.notices = notices
        self.hospitals = hospitals
        self.time = time

    @staticmethod
    def row(uow: UnitOfWork, request_id: int, *, lock: bool = False) -> RemoteRequestRow:
        """Return a request. Raises NOT_FOUND."""
        row = uow.session.get(RemoteRequestRow, request_id, with_for_update=lock or None, populate_existing=lock)
        if row is None:
            raise not_found("远程申请")
        return row

    def demand(self, uow: UnitOfWork, caller: Caller, request_id: int, *, lock: bool = False) -> RemoteRequestRow:
        """Return a request that is of the account's side. Raises NOT_FOUND."""
        row = self.row(uow, request_id)
        standing = self.standing(uow, caller, row)
        if not (standing.is_asking_side or standing.is_asked_side or standing.is_member or standing.is_holder):
            raise not_found("远程申请")
        if lock:
            self.reports.lock_exam(uow, row.exam_id)
            row = self.row(uow, request_id, lock=True)
        return row

    def standing(
        self, uow: UnitOfWork, caller: Caller, row: RemoteRequestRow, teams: frozenset[int] | None = None
    ) -> rules.Standing:
        """Return what decides what the account may do; `teams` are those that it is in, where they are known."""
        teams = self.teams.of_user(uow, caller.user_id) if teams is None else teams
        everywhere = not caller.campus_ids
        is_holder = bool(row.holder_id) and row.holder_id == caller.user_id
        is_member = row.team_id in teams
        return rules.Standing(
            kind=RemoteKind(row.kind),
            state=RemoteState(row.state),
            two_level=row.two_level,
            is_urgent=row.urgency == RemoteUrgency.URGENT.value,
            is_applicant=row.applicant_id == caller.user_id,
            is_asking_side=(everywhere and not is_holder and not is_member) or row.from_campus_id in caller.campus_ids,
            is_member=is_member,
            is_asked_side=everywhere or row.to_campus_id in caller.campus_ids,
            is_holder=is_holder,
            is_auditor=bool(row.auditor_id) and row.auditor_id == caller.user_id,
            may_report=caller.may(Permission.REPORT),
            may_audit=caller.may(Permission.FINAL_AUDIT),
            may_lead=caller.may(Permission.REMOTE_LEAD),
        )

    def step(self, uow: UnitOfWork, caller: Caller, row: RemoteRequestRow, action: RemoteAction) -> None:
        """Lead a request on. Raises ILLEGAL_ACTION, PERMISSION_MISSING."""
        after = rules.step(RemoteState(row.state), action, self.holder_words(uow, row))
        standing = self.standing(uow, caller, row)
        if not rules.applies(standing, action):
            raise illegal_action(row.state, self._not_here(standing, action))
        if not rules.may(standing, action):
            raise Refusal(ErrorCode.PERMISSION_MISSING, rules.WHO[action])
        row.state = after.value

    @staticmethod
    def _not_here(standing: rules.Standing, action: RemoteAction) -> str:
        if standing.kind is RemoteKind.REPORT:
            return f"云报告的“{ACTIONS[action].zh}”在报告页进行。"
        if action is RemoteAction.URGE:
            return "该申请已经加急。"
        return f"该专家组不用“{ACTIONS[action].zh}”，请刷新后再试。"

    def holder_words(self, uow: UnitOfWork, row: RemoteRequestRow) -> str:
        """Return hospital and doctor who accepted; empty before."""
        return f"{self.hospitals.name(uow, row.to_campus_id)} {row.holder}" if row.holder_id else ""

    def to_words(self, uow: UnitOfWork, row: RemoteRequestRow) -> str:
        """Return hospital and team that were asked."""
        return f"{self.hospitals.name(uow, row.to_campus_id)}·{row.team}"

    def changed(
        self,
        uow: UnitOfWork,
        caller: Caller,
        row: RemoteRequestRow,
        action: RemoteAction | str,
        note: str = "",
        *,
        counts: bool = True,
    ) -> None:
        """Log and tell what was done; with `counts` it is a change that makes older writes stale."""
        is_asking = row.from_campus_id in caller.campus_ids or (
            not caller.campus_ids and caller.user_id not in (row.holder_id, row.auditor_id)
        )
        uow.session.add(
            RemoteLogRow(
                request_id=row.id,
                at=self.time.now(),
                by_id=caller.user_id,
                by=caller.name[:80],
                is_asking_side=is_asking,
                action=str(action),
                state=row.state,
                note=note[:1000],
            )
        )
        if counts:
            row.touch()
        uow.session.flush()
        uow.publish(Changed(entity=ENTITY, id=row.id, version=row.version))

    # ── who is told ──────────────────────────────────────────────────────────────────────────────────

    def tell_asker(
        self, uow: UnitOfWork, caller: Caller, row: RemoteRequestRow, kind: RemoteNotice, text: str = ""
    ) -> None:
        """Tell who asked."""
        hospital = self.hospitals.name(uow, row.to_campus_id)
        self.notices.tell(
            uow, caller, (row.applicant_id,), kind, row, is_asking_side=True, hospital=hospital, text=text
        )

    def tell_there(
        self,
        uow: UnitOfWork,
        caller: Caller,
        row: RemoteRequestRow,
        users: Collection[int],
        kind: RemoteNotice,
        text: str = "",
    ) -> None:
        """Tell doctors of the team."""
        hospital = self.hospitals.name(uow, row.from_campus_id)
        self.notices.tell(uow, caller, users, kind, row, is_asking_side=False, hospital=hospital, text=text)

    def tell_team(
        self, uow: UnitOfWork, caller: Caller, row: RemoteRequestRow, kind: RemoteNotice, text: str = ""
    ) -> None:
        """Tell who has it, or all of the team while nobody has."""
        users = (row.holder_id,) if row.holder_id else tuple(self.member_ids(uow, row))
        self.tell_there(uow, caller, row, users, kind, text)

    def member_ids(self, uow: UnitOfWork, row: RemoteRequestRow) -> tuple[int, ...]:
        """Return the accounts of the team."""
        return tuple(one.user_id for one in self.teams.members(uow, row.team_id))

    def auditor_ids(self, uow: UnitOfWork, row: RemoteRequestRow) -> tuple[int, ...]:
        """Return the accounts of the team that may audit what its holder wrote."""
        members = self.teams.members(uow, row.team_id)
        return tuple(one.user_id for one in members if one.audits and one.user_id != row.holder_id)

    @staticmethod
    def newest(
        uow: UnitOfWork, exam_id: int, kind: RemoteKind, states: Collection[RemoteState]
    ) -> RemoteRequestRow | None:
        """Return the newest request of a kind for an exam that stands in one of these states."""
        found = select(RemoteRequestRow).where(
            RemoteRequestRow.exam_id == exam_id,
            RemoteRequestRow.kind == kind.value,
            RemoteRequestRow.state.in_([one.value for one in states]),
        )
        return uow.session.scalars(found.order_by(RemoteRequestRow.id.desc()).limit(1)).first()
