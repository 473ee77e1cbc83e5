"""Use cases of containers: registering, accepting, rejecting, keeping the remainder, handing tissue over, disposal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.pathology.cases.facts import CaseFacts
from server.pathology.technique import rules
from server.pathology.technique.pieces import How, Pieces
from server.pathology.technique.tables import SpecimenRow
from shared.contract.pathology_technique import (
    AcceptSpecimens,
    BatchReport,
    DisposeSpecimens,
    EditSpecimen,
    HandTissueOver,
    RejectSpecimens,
    SpecimenEntry,
    StoreRemainder,
)
from shared.domain.pathology import CaseAction, CaseState, SpecimenAction, SpecimenState, TissueState
from shared.domain.pathology_barcodes import specimen_number

_MOST = 100
_LENGTHS = {"name": 200, "site": 200, "unit": 16, "container": 80, "fixative": 80, "note": 500}


class Specimens:
    """标本."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._cases = pieces.cases

    def register(
        self, uow: UnitOfWork, caller: Caller, facts: CaseFacts, entries: Sequence[SpecimenEntry], station: str = ""
    ) -> list[SpecimenRow]:
        """Register containers of an open case; serials go on, and none is given twice."""
        if not 1 <= len(entries) <= _MOST:
            raise invalid("entries", f"一次请登记 1 到 {_MOST} 件标本。")
        if not facts.number:
            raise invalid("case_id", "预约病例还没有病理号，请先执行预约再登记标本。")
        case = self._cases.lock(uow, (facts.id,))[facts.id]
        if case.last_specimen + len(entries) > 999:
            raise invalid("entries", "一例病例最多 999 件标本。")
        now, rows = self._cases.time.now(), []
        for place, typed in enumerate(entries):
            entry = _checked(typed, f"entries.{place}")
            case.last_specimen += 1
            row = SpecimenRow(
                version=1,
                case_id=facts.id,
                library_id=facts.library_id,
                serial=case.last_specimen,
                number=specimen_number(facts.number, case.last_specimen),
                name=entry.name,
                entry=msgspec.to_builtins(entry),
                state=SpecimenState.REGISTERED.value,
                state_since=now,
                tissue=TissueState.NONE.value,
                registered_by=caller.name[:80],
                registered_at=now,
            )
            self._pieces.put(caller, row, station or caller.station)
            uow.session.add(row)
            uow.session.flush()
            self._pieces.note(uow, caller, row, SpecimenAction.REGISTER.value, How(station=station, note=entry.name))
            rows.append(row)
        self._cases.step(
            uow, caller, facts.id, CaseAction.SPECIMENS, note=f"+{len(rows)}", station=station, right_is_checked=True
        )
        return rows

    def edit(self, uow: UnitOfWork, caller: Caller, request: EditSpecimen) -> SpecimenRow:
        """Change what was typed."""
        row = self._pieces.locked(uow, SpecimenRow, request.specimen_id)
        self._cases.demand_open(uow, caller, row.case_id)
        row.expect(request.version)
        entry = _checked(request.entry, "entry")
        self._pieces.step(uow, caller, row, SpecimenAction.EDIT, how=How(note=entry.name))
        row.name, row.entry = entry.name, msgspec.to_builtins(entry)
        self._cases.touch(uow, row.case_id)
        return row

    def accept(self, uow: UnitOfWork, caller: Caller, request: AcceptSpecimens) -> BatchReport:
        """标本确认."""

        def act(row: SpecimenRow) -> None:
            self._pieces.step(uow, caller, row, SpecimenAction.ACCEPT, how=How(station=request.station))
            row.decided_by, row.decided_at = caller.name[:80], self._cases.time.now()

        return BatchReport(lines=self._pieces.each(uow, caller, SpecimenRow, request.specimen_ids, act))

    def reject(self, uow: UnitOfWork, caller: Caller, request: RejectSpecimens) -> BatchReport:
        """标本拒收."""
        reason = request.reason.strip()
        if not 1 <= len(reason) <= 500:
            raise invalid("reason", "请填写拒收原因，最多 500 个字。")

        def act(row: SpecimenRow) -> None:
            how = How(station=request.station, note=reason)
            self._pieces.step(uow, caller, row, SpecimenAction.REJECT, how=how)
            row.decided_by, row.decided_at, row.reason = caller.name[:80], self._cases.time.now(), reason

        return BatchReport(lines=self._pieces.each(uow, caller, SpecimenRow, request.specimen_ids, act))

    def store(self, uow: UnitOfWork, caller: Caller, request: StoreRemainder) -> SpecimenRow:
        """Keep what is left in the container."""
        place, handling = request.place.strip(), request.handling.strip()
        if not 1 <= len(place) <= 120 or len(handling) > 500:
            raise invalid("place", "请填写存放位置，最多 120 个字。")
        row = self._pieces.locked(uow, SpecimenRow, request.specimen_id)
        self._cases.demand(uow, caller, row.case_id)
        row.expect(request.version)
        self._pieces.step(uow, caller, row, SpecimenAction.STORE, how=How(place=place, note=handling))
        row.handling, row.recorder = handling, (request.recorder.strip() or caller.name)[:80]
        row.stored_at = self._cases.time.now()
        self._cases.touch(uow, row.case_id)
        return row

    def hand_over(self, uow: UnitOfWork, caller: Caller, request: HandTissueOver) -> BatchReport:
        """The pieces of tissue go to the technical room; the container stays where it is."""
        receiver = request.receiver.strip()
        if not 1 <= len(receiver) <= 80:
            raise invalid("receiver", "请填写接收人。")

        def act(row: SpecimenRow) -> None:
            if row.tissue != TissueState.AT_BENCH.value:
                raise invalid("specimen_ids", f"{row.number} 没有待移交的组织。")
            kept = row.place, row.placed_at, row.placed_by
            how = How(station=request.station, place=receiver, note=receiver)
            self._pieces.step(uow, caller, row, SpecimenAction.HAND_OVER, how=how)
            row.place, row.placed_at, row.placed_by = kept
            row.tissue = TissueState.HANDED_OVER.value
            row.handed_over_by, row.handed_over_to = caller.name[:80], receiver
            row.handed_over_at = self._cases.time.now()

        return BatchReport(lines=self._pieces.each(uow, caller, SpecimenRow, request.specimen_ids, act))

    def dispose(self, uow: UnitOfWork, caller: Caller, request: DisposeSpecimens, witness: str) -> BatchReport:
        """Destroy remainders; `witness` has signed already."""

        def act(row: SpecimenRow) -> None:
            facts = self._cases.facts(uow, row.case_id)
            sent = facts.state is CaseState.SENT
            over = self._cases.time.now() >= facts.state_since + timedelta(days=facts.retention_days)
            guards = rules.Facts(is_report_sent=sent, is_retention_over=over)
            how = How(note=f"{witness} {request.note}".strip())
            self._pieces.step(uow, caller, row, SpecimenAction.DISPOSE, guards, how)
            row.disposed_by, row.witness, row.disposed_at = caller.name[:80], witness[:80], self._cases.time.now()

        return BatchReport(lines=self._pieces.each(uow, caller, SpecimenRow, request.specimen_ids, act))


def _checked(entry: SpecimenEntry, field: str) -> SpecimenEntry:
    changes = {name: getattr(entry, name).strip() for name in _LENGTHS}
    for name, text in changes.items():
        if len(text) > _LENGTHS[name]:
            raise invalid(f"{field}.{name}", f"内容过长，最多 {_LENGTHS[name]} 个字。")
    if not changes["name"]:
        raise invalid(f"{field}.name", "请填写标本名称。")
    if not 1 <= entry.quantity <= 9999:
        raise invalid(f"{field}.quantity", "标本数量应为 1 到 9999。")
    if entry.removed_at and entry.fixed_at and entry.fixed_at < entry.removed_at:
        raise invalid(f"{field}.fixed_at", "固定时间不能早于离体时间。")
    return msgspec.structs.replace(entry, **changes)
