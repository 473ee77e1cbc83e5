"""Use cases of loans: lend, return in parts, extend, losses, lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.base import next_number
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found
from server.pathology.keeping import rules
from server.pathology.keeping.archive import NOTICE, PathologyArchive, days_between, name_of
from server.pathology.keeping.ports import Objects, Step
from server.pathology.keeping.tables import KeptRow, LoanItemRow, LoanRow, PlaceRow
from shared.contract import pathology_keeping as contract
from shared.contract.base import Changed
from shared.contract.pathology_keeping import Borrower, KeptKind, LoanItemView, LoanView
from shared.domain.pathology import LoanState
from shared.domain.permissions import Permission

_OUT = LoanState.LENT.value
_MOST_FEN = 100_000_000


class Loans:
    """借阅. Methods work in the caller's unit of work and never commit."""

    def __init__(self, archive: PathologyArchive, objects: Objects, time_: HospitalTime) -> None:
        self._archive = archive
        self._objects = objects
        self._time = time_

    # ── lending ──────────────────────────────────────────────────────────────────────────────────────

    def lend(self, uow: UnitOfWork, caller: Caller, request: contract.Lend) -> LoanView:
        """借出: all items or none. Raises Refusal."""
        self._check(request)
        now = self._time.now()
        today = self._time.local(now).date()
        row = LoanRow(
            version=1,
            number=f"J{today:%y}{next_number(uow.session, f'pathology loan {today:%Y}'):05d}",
            purpose=request.purpose.strip(),
            borrower=msgspec.to_builtins(request.borrower),
            borrower_name=request.borrower.name.strip()[:80],
            deposit_fen=request.deposit_fen,
            lent_at=now,
            lent_by=caller.name[:80],
            due_day=request.due_day,
            is_open=True,
            note=request.note.strip()[:500],
        )
        uow.session.add(row)
        uow.session.flush()
        for item in request.items:
            found = self._objects.named(uow, caller, item.kind, item.object_id)
            kept = self._archive.kept(uow, item.kind, item.object_id, found.number)
            self._objects.step(
                uow, caller, item.kind, item.object_id, Step.LEND, place=f"{row.number} {row.borrower_name}",
                note=row.purpose, station=request.station,
            )  # fmt: skip
            kept.loan_id = row.id
            uow.session.add(
                LoanItemRow(
                    loan_id=row.id,
                    kind=item.kind.value,
                    object_id=item.object_id,
                    case_id=found.case_id,
                    number=found.number[:40],
                    state=_OUT,
                )
            )
        uow.session.flush()
        return self._changed(uow, caller, row)

    def _check(self, request: contract.Lend) -> None:
        if not request.borrower.name.strip():
            raise invalid("borrower.name", "请填写借阅人姓名。")
        if not request.purpose.strip() or len(request.purpose) > 200:
            raise invalid("purpose", "请填写借阅用途，最多 200 个字。")
        if any(len(value) > 120 for value in msgspec.to_builtins(request.borrower).values()):
            raise invalid("borrower", "借阅人信息每项最多 120 个字。")
        if not 0 <= request.deposit_fen <= _MOST_FEN:
            raise invalid("deposit_fen", "押金不能为负。")
        if request.due_day < self._time.local(self._time.now()).date():
            raise invalid("due_day", "归还期限不能早于今天。")
        items = {(item.kind, item.object_id) for item in request.items}
        if not 1 <= len(request.items) <= contract.MOST_ITEMS or len(items) != len(request.items):
            raise invalid("items", f"请选择 1 到 {contract.MOST_ITEMS} 件材料，每件一次。")

    # ── the way back ─────────────────────────────────────────────────────────────────────────────────

    def give_back(self, uow: UnitOfWork, caller: Caller, request: contract.ReturnItems) -> LoanView:
        """归还. Raises Refusal."""
        row = self._locked(uow, request.loan_id, request.version)
        if not 0 <= request.refund_fen <= row.deposit_fen - row.refund_fen:
            raise invalid("refund_fen", "退还的押金不能多于所交押金。")
        for item in self._out(uow, row, request.item_ids):
            kind = KeptKind(item.kind)
            kept = uow.session.get(KeptRow, (item.kind, item.object_id), populate_existing=True)
            place = self._archive_place(uow, kept)
            self._objects.step(
                uow, caller, kind, item.object_id, Step.GIVE_BACK, place=place, note=row.number, station=request.station
            )
            if kept is not None:
                kept.loan_id = None
            item.state, item.returned_at = LoanState.RETURNED.value, self._time.now()
            item.returned_to = caller.name[:80]
        row.refund_fen += request.refund_fen
        if request.outside_diagnosis.strip():
            row.outside_diagnosis = request.outside_diagnosis.strip()[:4000]
        row.note = request.note.strip()[:500] or row.note
        return self._settled(uow, caller, row)

    def extend(self, uow: UnitOfWork, caller: Caller, request: contract.ExtendLoan) -> LoanView:
        """延期. Raises Refusal."""
        row = self._locked(uow, request.loan_id, request.version)
        if request.due_day <= row.due_day or request.due_day < self._time.local(self._time.now()).date():
            raise invalid("due_day", "新的归还期限应晚于原期限。")
        told = f"延期：{row.due_day} → {request.due_day}（{caller.name}）{request.note.strip()}"
        row.note = f"{row.note} {told}".strip()[-500:]
        row.due_day = request.due_day
        row.touch()
        return self._changed(uow, caller, row)

    def report_lost(self, uow: UnitOfWork, caller: Caller, request: contract.ReportLost) -> LoanView:
        """遗失. Raises Refusal."""
        reason = request.reason.strip()
        if not reason:
            raise invalid("reason", "请填写遗失或损坏的经过。")
        row = self._locked(uow, request.loan_id, request.version)
        for item in self._out(uow, row, request.item_ids):
            self._objects.step(uow, caller, KeptKind(item.kind), item.object_id, Step.LOSE, note=reason)
            self._objects.mark_loss(uow, caller, item.case_id, f"{item.number}：{reason}"[:500])
            item.state, item.reason = LoanState.LOST.value, reason[:500]
        row.has_loss = True
        return self._settled(uow, caller, row)

    def _archive_place(self, uow: UnitOfWork, kept: KeptRow | None) -> str:
        place = uow.session.get(PlaceRow, kept.place_id) if kept is not None else None
        return name_of(place) if place is not None else ""

    def _locked(self, uow: UnitOfWork, loan_id: int, version: int) -> LoanRow:
        row = uow.session.get(LoanRow, loan_id, with_for_update=True)
        if row is None:
            raise not_found("借阅登记")
        row.expect(version)
        if not row.is_open:
            raise illegal_action("closed", f"借阅 {row.number} 已结清。")
        return row

    def _out(self, uow: UnitOfWork, row: LoanRow, item_ids: Sequence[int]) -> list[LoanItemRow]:
        """The named items of a loan, all of them out. Raises INVALID, ILLEGAL_ACTION."""
        items = {item.id: item for item in self._items(uow, [row.id]).get(row.id, ())}
        if not item_ids or any(one not in items for one in item_ids):
            raise invalid("item_ids", "请选择该借阅中的材料。")
        chosen = [items[one] for one in dict.fromkeys(item_ids)]
        for item in chosen:
            if item.state != _OUT:
                raise illegal_action(item.state, f"{item.number} 已归还或已登记遗失，请刷新。")
        return chosen

    def _settled(self, uow: UnitOfWork, caller: Caller, row: LoanRow) -> LoanView:
        uow.session.flush()
        left = select(func.count()).where(LoanItemRow.loan_id == row.id, LoanItemRow.state == _OUT)
        if int(uow.session.execute(left).scalar_one()) == 0:
            row.is_open, row.closed_at = False, self._time.now()
        row.touch()
        return self._changed(uow, caller, row)

    def locked(self, uow: UnitOfWork, loan_id: int) -> LoanRow:
        """A loan, be it open or closed, that nobody else changes meanwhile. Raises NOT_FOUND."""
        row = uow.session.get(LoanRow, loan_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise not_found("借阅登记")
        return row

    def told(self, uow: UnitOfWork, caller: Caller, row: LoanRow) -> LoanView:
        """Note that a loan changed, and return it."""
        row.touch()
        return self._changed(uow, caller, row)

    def _changed(self, uow: UnitOfWork, caller: Caller, row: LoanRow) -> LoanView:
        uow.session.flush()
        uow.publish(Changed(NOTICE, row.id, row.version))
        return self._views(uow, caller, [row])[0]

    # ── lists ────────────────────────────────────────────────────────────────────────────────────────

    def get(self, uow: UnitOfWork, caller: Caller, loan_id: int) -> LoanView:
        """One loan. Raises NOT_FOUND."""
        row = uow.session.get(LoanRow, loan_id)
        if row is None:
            raise not_found("借阅登记")
        return self._views(uow, caller, [row])[0]

    def list_of(self, uow: UnitOfWork, caller: Caller, request: contract.ListLoans) -> tuple[LoanView, ...]:
        """Newest first. Raises INVALID."""
        if not 1 <= request.limit <= contract.MOST_ROWS:
            raise invalid("limit", f"一次最多 {contract.MOST_ROWS} 行。")
        wanted, chosen = request.filter, select(LoanRow)
        if request.before_id is not None:
            chosen = chosen.where(LoanRow.id < request.before_id)
        if wanted.loan_number:
            chosen = chosen.where(LoanRow.number == wanted.loan_number.strip().upper())
        if wanted.borrower:
            chosen = chosen.where(LoanRow.borrower_name.startswith(wanted.borrower.strip(), autoescape=True))
        first, after = days_between(self._time, wanted.lent_from, wanted.lent_to)
        if first is not None:
            chosen = chosen.where(LoanRow.lent_at >= first)
        if after is not None:
            chosen = chosen.where(LoanRow.lent_at < after)
        if wanted.case_number:
            case_id = self._objects.case_id(uow, wanted.case_number)
            chosen = chosen.where(
                LoanRow.id.in_(select(LoanItemRow.loan_id).where(LoanItemRow.case_id == (case_id or -1)))
            )
        first, after = days_between(self._time, wanted.returned_from, wanted.returned_to)
        if first is not None or after is not None:
            items = select(LoanItemRow.loan_id).where(LoanItemRow.returned_at.is_not(None))
            items = items if first is None else items.where(LoanItemRow.returned_at >= first)
            items = items if after is None else items.where(LoanItemRow.returned_at < after)
            chosen = chosen.where(LoanRow.id.in_(items))
        if wanted.states:
            chosen = chosen.where(or_(*(self._in_state(state) for state in wanted.states)))
        rows = list(uow.session.scalars(chosen.order_by(LoanRow.id.desc()).limit(request.limit)))
        return tuple(self._views(uow, caller, rows))

    def _in_state(self, state: LoanState) -> ColumnElement[bool]:
        today = self._today()
        return {
            LoanState.LENT: and_(LoanRow.is_open.is_(True), LoanRow.due_day >= today),
            LoanState.OVERDUE: and_(LoanRow.is_open.is_(True), LoanRow.due_day < today),
            LoanState.RETURNED: and_(LoanRow.is_open.is_(False), LoanRow.has_loss.is_(False)),
            LoanState.LOST: and_(LoanRow.is_open.is_(False), LoanRow.has_loss.is_(True)),
        }[state]

    def counts(self, uow: UnitOfWork) -> contract.LoanCounts:
        """For reminders."""
        out = select(func.count()).select_from(LoanRow).where(LoanRow.is_open.is_(True))
        overdue = out.where(LoanRow.due_day < self._today())
        return contract.LoanCounts(
            out=int(uow.session.execute(out).scalar_one()), overdue=int(uow.session.execute(overdue).scalar_one())
        )

    def _today(self) -> date:
        return self._time.local(self._time.now()).date()

    def _items(self, uow: UnitOfWork, loan_ids: Sequence[int]) -> dict[int, list[LoanItemRow]]:
        found: dict[int, list[LoanItemRow]] = {}
        if loan_ids:
            chosen = select(LoanItemRow).where(LoanItemRow.loan_id.in_(loan_ids)).order_by(LoanItemRow.id)
            for item in uow.session.scalars(chosen):
                found.setdefault(item.loan_id, []).append(item)
        return found

    def _views(self, uow: UnitOfWork, caller: Caller, rows: Sequence[LoanRow]) -> list[LoanView]:
        items = self._items(uow, [row.id for row in rows])
        shown = self._objects.shown(uow, {item.case_id for some in items.values() for item in some})
        today, may_lend = self._today(), caller.may(Permission.PATHOLOGY_LEND)
        return [_view(row, items.get(row.id, []), shown, today, may_lend=may_lend) for row in rows]


def _view(
    row: LoanRow, items: Sequence[LoanItemRow], shown: dict[int, tuple[str, str]], today: date, *, may_lend: bool
) -> LoanView:
    state = rules.state_of((LoanState(item.state) for item in items), row.due_day, today)
    return LoanView(
        id=row.id,
        version=row.version,
        number=row.number,
        state=state,
        purpose=row.purpose,
        borrower=msgspec.convert(row.borrower, Borrower),
        deposit_fen=row.deposit_fen,
        refund_fen=row.refund_fen,
        lent_at=row.lent_at,
        lent_by=row.lent_by,
        due_day=row.due_day,
        items=tuple(_item_view(item, shown) for item in items),
        outside_diagnosis=row.outside_diagnosis,
        document_ids=tuple(row.document_ids),
        closed_at=row.closed_at,
        note=row.note,
        allowed=rules.allowed(state, may_lend=may_lend),
    )


def _item_view(item: LoanItemRow, shown: dict[int, tuple[str, str]]) -> LoanItemView:
    case_number, patient_name = shown.get(item.case_id, ("", ""))
    return LoanItemView(
        id=item.id,
        kind=KeptKind(item.kind),
        object_id=item.object_id,
        number=item.number,
        case_id=item.case_id,
        case_number=case_number,
        patient_name=patient_name,
        state=LoanState(item.state),
        returned_at=item.returned_at,
        returned_to=item.returned_to,
        reason=item.reason,
    )
