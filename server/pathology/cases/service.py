"""Cases for all rooms: facts, refusals, steps of the machine, flags, the trail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import delete, insert, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, not_found
from server.pathology.cases import numbers, rules
from server.pathology.cases.facts import CaseFacts, facts_of
from server.pathology.cases.tables import CaseRow, EventRow, FlagRow, LibraryRow
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.pathology import CASE_ENTITY
from shared.domain.pathology import (
    CASE_ACTIONS,
    CASE_FLAGS,
    LOCKED_STATES,
    CaseAction,
    CaseFlag,
    CaseState,
    DoctorRole,
    ObjectKind,
    TrailAction,
)
from shared.domain.permissions import PATHOLOGY_WORDS, Permission

_DOCTOR_COLUMNS = {
    DoctorRole.FIRST: "first_doctor",
    DoctorRole.CHIEF: "chief_doctor",
    DoctorRole.SECOND: "second_doctor",
    DoctorRole.AUDIT: "auditor",
}
NOTE_LENGTH = 500


class CaseService:
    """What the rooms of pathology ask of a case; every method works in the caller's transaction."""

    def __init__(self, time: HospitalTime) -> None:
        self.time = time
        self.takes_part: Callable[[UnitOfWork, int, int], bool] = lambda _uow, _case_id, _user_id: False
        """Whether a user is a doctor of a case; the room of reports binds it."""
        self.watchers: list[Callable[[UnitOfWork, CaseFacts], None]] = []
        """Told in the same transaction when anything of a case changed; quick work only."""

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────

    def facts(self, uow: UnitOfWork, case_id: int) -> CaseFacts:
        """Return the facts of a case, of a deleted one too. Raises NOT_FOUND."""
        found = self.facts_of(uow, (case_id,))
        if case_id not in found:
            raise not_found("病例")
        return found[case_id]

    def facts_of(self, uow: UnitOfWork, case_ids: Iterable[int]) -> dict[int, CaseFacts]:
        """Return the facts of many cases by id; unknown ones are left out."""
        wanted = sorted(set(case_ids))
        found: dict[int, CaseFacts] = {}
        for start in range(0, len(wanted), 500):
            statement = (
                select(CaseRow, LibraryRow)
                .join(LibraryRow, LibraryRow.id == CaseRow.library_id)
                .where(CaseRow.id.in_(wanted[start : start + 500]))
            )
            found.update((row.id, facts_of(row, library)) for row, library in uow.session.execute(statement))
        return found

    def by_number(self, uow: UnitOfWork, number: str) -> CaseFacts | None:
        """Return the case of a present or former number."""
        case_id = numbers.case_of(uow.session, number)
        return None if case_id is None else self.facts(uow, case_id)

    def demand(self, uow: UnitOfWork, caller: Caller, case_id: int) -> CaseFacts:
        """Return the facts. Raises NOT_FOUND (unknown, deleted), PERMISSION_MISSING (another's case)."""
        facts = self.facts(uow, case_id)
        if facts.state is CaseState.DELETED:
            raise not_found("病例")
        self.demand_own(uow, caller, facts)
        return facts

    def demand_own(self, uow: UnitOfWork, caller: Caller, facts: CaseFacts) -> None:
        """Raise PERMISSION_MISSING for another's case, unless the caller may open those."""
        if caller.may(Permission.PATHOLOGY_OPEN_OTHERS) or facts.registered_by_id == caller.user_id:
            return
        if not self.takes_part(uow, facts.id, caller.user_id):
            raise Refusal(ErrorCode.PERMISSION_MISSING, "您没有打开他人病例的权限，请联系管理员。")

    def demand_open(self, uow: UnitOfWork, caller: Caller, case_id: int) -> CaseFacts:
        """Return the facts and keep other writers off the case until the commit.

        Raises as `demand`, and ILLEGAL_ACTION for an audited case.
        """
        self.lock(uow, (case_id,))
        facts = self.demand(uow, caller, case_id)
        if facts.is_locked:
            raise illegal_action(facts.state.value, "报告已审核，病例已锁定；如需修改请先取消审核。")
        return facts

    def lock(self, uow: UnitOfWork, case_ids: Iterable[int]) -> dict[int, CaseRow]:
        """Keep other writers off these cases until the commit, in one order for everybody; returns their rows."""
        wanted = sorted(set(case_ids))
        statement = select(CaseRow).where(CaseRow.id.in_(wanted)).order_by(CaseRow.id).with_for_update()
        rows = uow.session.scalars(statement.execution_options(populate_existing=True))
        return {row.id: row for row in rows}

    # ── stepping ─────────────────────────────────────────────────────────────────────────────────────

    def allowed(self, caller: Caller, facts: CaseFacts) -> tuple[CaseAction, ...]:
        """Return what the caller may do to the case in this state; of the guards only the library's kind is asked."""
        found = rules.allowed_actions(facts.state, caller.permissions)
        return tuple(action for action in found if action is not CaseAction.SMEAR or facts.is_cytology)

    def check(
        self,
        uow: UnitOfWork,
        caller: Caller,
        case_id: int,
        action: CaseAction,
        guards: rules.CaseGuards | None = None,
    ) -> CaseFacts:
        """Return the facts if the step may be taken. Raises NOT_FOUND, PERMISSION_MISSING, ILLEGAL_ACTION."""
        facts = self.demand(uow, caller, case_id)
        _step(caller, facts.state, action, guards)
        return facts

    def step(
        self,
        uow: UnitOfWork,
        caller: Caller,
        case_id: int,
        action: CaseAction,
        guards: rules.CaseGuards | None = None,
        *,
        note: str = "",
        station: str = "",
        right_is_checked: bool = False,
    ) -> CaseFacts:
        """Take a step: state, event, revision, notice. Raises as `check`.

        `right_is_checked`: the right that the machine names was asked for what caused the step (adding a block needs
        the right to gross, whatever the case does then).
        """
        row = self.lock(uow, (case_id,)).get(case_id)
        if row is None:
            raise not_found("病例")
        facts = self.demand(uow, caller, case_id)
        found = _step(caller, facts.state, action, guards, right_is_checked=right_is_checked)
        following = found.next_state or CaseState(row.unlocked_state or CaseState.CHIEF.value)
        if following in LOCKED_STATES and facts.state not in LOCKED_STATES:
            row.unlocked_state = facts.state.value
        if following is not facts.state:
            row.state, row.state_since = following.value, self.time.now()
        self.add_event(
            uow,
            caller,
            case_id,
            action.value,
            before=facts.state.value,
            after=following.value,
            note=note,
            station=station,
            number=row.number or "",
        )
        self.touch(uow, case_id)
        return self.facts(uow, case_id)

    def count_label(
        self, uow: UnitOfWork, caller: Caller, case_id: int, copies: int, *, is_confirmed: bool, station: str = ""
    ) -> None:
        """The case's barcode is printed. Raises DUPLICATE for a second print that nobody confirmed, and as `check`."""
        printed = uow.session.get_one(CaseRow, case_id, with_for_update=True).label_prints
        if printed and not is_confirmed:
            raise Refusal(ErrorCode.DUPLICATE, f"病理条码已打印过 {printed} 张，重打请先确认。")
        self.step(uow, caller, case_id, CaseAction.PRINT_LABEL, note=f"×{copies}", station=station)
        uow.session.get_one(CaseRow, case_id).label_prints += copies

    # ── flags, names, trail ──────────────────────────────────────────────────────────────────────────

    def set_flag(
        self, uow: UnitOfWork, caller: Caller, case_id: int, flag: CaseFlag, on: bool = True, note: str = ""
    ) -> None:
        """Set or clear a flag; nothing happens where it is so already. DELAYED keeps its note as the delay's reason."""
        if flag in (CaseFlag.LOCKED, CaseFlag.FAVOURITE):
            raise ValueError(f"{flag} is not kept with the case")
        row = self.lock(uow, (case_id,)).get(case_id)
        if row is None:
            raise not_found("病例")
        known = uow.session.get(FlagRow, (case_id, flag.value))
        if flag is CaseFlag.DELAYED:
            row.delay_reason = note[:NOTE_LENGTH] if on else ""
        if (known is not None) == on:
            return
        if known is not None:
            uow.session.delete(known)
        else:
            uow.session.add(
                FlagRow(
                    case_id=case_id,
                    flag=flag.value,
                    library_id=row.library_id,
                    registered_at=row.registered_at,
                    since=self.time.now(),
                    by=caller.name[:80],
                    note=note[:NOTE_LENGTH],
                )
            )
        action = TrailAction.FLAGGED if on else TrailAction.UNFLAGGED
        text = f"{CASE_FLAGS[flag].zh} {note}".strip()
        self.add_event(uow, caller, case_id, action.value, note=text, number=row.number or "")
        self.touch(uow, case_id)

    def flags_of(self, uow: UnitOfWork, case_ids: Iterable[int]) -> dict[int, tuple[CaseFlag, ...]]:
        """Return the kept flags of many cases, in the order of CaseFlag."""
        found: dict[int, set[CaseFlag]] = {case_id: set() for case_id in case_ids}
        wanted = list(found)
        for start in range(0, len(wanted), 500):
            statement = select(FlagRow.case_id, FlagRow.flag).where(FlagRow.case_id.in_(wanted[start : start + 500]))
            for case_id, flag in uow.session.execute(statement):
                found[case_id].add(CaseFlag(flag))
        return {case_id: tuple(one for one in CaseFlag if one in flags) for case_id, flags in found.items()}

    def show_doctor(self, uow: UnitOfWork, case_id: int, role: DoctorRole, name: str) -> None:
        """Say whose name stands in lists for a role; the room of reports knows who was named and who signed."""
        row = self.lock(uow, (case_id,)).get(case_id)
        if row is None:
            raise not_found("病例")
        setattr(row, _DOCTOR_COLUMNS[role], name[:80])
        self.touch(uow, case_id)

    def add_event(
        self,
        uow: UnitOfWork,
        caller: Caller,
        case_id: int,
        action: str,
        *,
        kind: ObjectKind = ObjectKind.CASE,
        object_id: int = 0,
        number: str = "",
        before: str = "",
        after: str = "",
        station: str = "",
        place: str = "",
        code: str = "",
        note: str = "",
        at: datetime | None = None,
    ) -> None:
        """Write a line into the trail of a case; `object_id` 0 is the case itself. Lines are never changed."""
        uow.session.execute(
            insert(EventRow).values(
                case_id=case_id,
                kind=kind.value,
                object_id=object_id or case_id,
                number=number,
                action=action,
                before=before if before != after else "",
                after=after if before != after else "",
                at=at or self.time.now(),
                user_id=caller.user_id,
                by=caller.name[:80],
                station=(station or caller.station)[:40],
                place=place[:120],
                code=code[:64],
                note=note[:NOTE_LENGTH],
            )
        )

    def touch(self, uow: UnitOfWork, case_id: int) -> None:
        """Count a change of the case or of anything in it, and tell all stations at the commit."""
        row = self.lock(uow, (case_id,))[case_id]
        row.revision += 1
        uow.session.flush()
        for watcher in self.watchers:
            watcher(uow, self.facts(uow, case_id))
        uow.publish(Changed(CASE_ENTITY, case_id, row.revision))

    def refile_flags(self, uow: UnitOfWork, case_id: int) -> None:
        """The library or the date of registration of a case changed: its flags are listed there."""
        row = self.lock(uow, (case_id,))[case_id]
        for flag in uow.session.scalars(select(FlagRow).where(FlagRow.case_id == case_id)):
            flag.library_id, flag.registered_at = row.library_id, row.registered_at

    def forget_flags(self, uow: UnitOfWork, case_id: int) -> None:
        """Clear all flags of a case that is deleted."""
        uow.session.execute(delete(FlagRow).where(FlagRow.case_id == case_id))


def _step(
    caller: Caller,
    state: CaseState,
    action: CaseAction,
    guards: rules.CaseGuards | None,
    *,
    right_is_checked: bool = False,
) -> rules.Step:
    try:
        found = rules.step(state, action, guards)
    except rules.NotAllowed as error:
        raise illegal_action(state.value, str(error)) from error
    if not right_is_checked and not caller.may(found.permission):
        word = PATHOLOGY_WORDS[found.permission][0]
        raise Refusal(ErrorCode.PERMISSION_MISSING, f"{CASE_ACTIONS[action].zh}需要“{word}”权限，请联系管理员。")
    return found
