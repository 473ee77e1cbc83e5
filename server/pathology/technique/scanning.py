"""What a scan means at a station: the one place that decides whether a piece fits what is expected."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.pathology.cases.tables import CaseRow
from server.pathology.technique.finding import Finder
from server.pathology.technique.pieces import How, Piece, Pieces, WrongPair
from server.pathology.technique.tables import SlideRow
from shared.contract.pathology_trail import Expected, ObjectFacts, Scan, ScanResult
from shared.domain.pathology import (
    BLOCK_STATES,
    GOOD_VERDICTS,
    OBJECT_KINDS,
    SLIDE_STATES,
    SPECIMEN_STATES,
    STATIONS,
    BlockState,
    CaseState,
    ObjectKind,
    ScanVerdict,
    SlideAction,
    SlideState,
    SpecimenState,
    Station,
    TrailAction,
)
from shared.domain.pathology_barcodes import BadCode
from shared.domain.permissions import Permission

_READING = frozenset({Station.DIAGNOSIS, Station.LIQUID})
_NOT_HERE = {
    ObjectKind.SPECIMEN: {SpecimenState.REJECTED.value, SpecimenState.DISPOSED.value},
    ObjectKind.BLOCK: {BlockState.LENT.value, BlockState.LOST.value, BlockState.DESTROYED.value},
    ObjectKind.SLIDE: {SlideState.LENT.value, SlideState.LOST.value, SlideState.DESTROYED.value},
}
_STATE_WORDS = {
    ObjectKind.SPECIMEN: {state.value: word.zh for state, word in SPECIMEN_STATES.items()},
    ObjectKind.BLOCK: {state.value: word.zh for state, word in BLOCK_STATES.items()},
    ObjectKind.SLIDE: {state.value: word.zh for state, word in SLIDE_STATES.items()},
}


class Scanning:
    """扫描."""

    def __init__(self, pieces: Pieces, finder: Finder) -> None:
        self._pieces = pieces
        self._cases = pieces.cases
        self._finder = finder

    def scan(self, uow: UnitOfWork, caller: Caller, request: Scan) -> ScanResult:
        """Read a code, judge it, and write the scan into the trail. Unknown codes are answers, not refusals."""
        try:
            row = self._finder.by_code(uow, request.code)
        except BadCode as error:
            return ScanResult(verdict=ScanVerdict.UNREADABLE, message=str(error), found=None)
        if row is None:
            message = "系统中没有这个编号，或已删除，请核对标签。"
            return ScanResult(verdict=ScanVerdict.UNKNOWN, message=message, found=None)
        case_id = row.id if isinstance(row, CaseRow) else row.case_id
        self._cases.demand_own(uow, caller, self._cases.facts(uow, case_id))
        [facts] = self._finder.facts(uow, (row,))
        verdict, message = judge(facts, request.expected)
        self._write(uow, caller, row, facts, request, verdict, message)
        [facts] = self._finder.facts(uow, (row,))
        return ScanResult(verdict=verdict, message=message, found=facts)

    def _write(
        self,
        uow: UnitOfWork,
        caller: Caller,
        row: CaseRow | Piece,
        facts: ObjectFacts,
        request: Scan,
        verdict: ScanVerdict,
        message: str,
    ) -> None:
        place = request.place.strip() or STATIONS[request.station].zh
        how = How(station=request.station.value, place=place, code=request.code, note=message)
        if verdict not in GOOD_VERDICTS:
            self._note_wrong(uow, caller, row, how)
            return
        if isinstance(row, CaseRow):
            self._note_case(uow, caller, row, how)
            return
        is_reading = request.station in _READING and caller.may(Permission.PATHOLOGY_DIAGNOSE)
        if isinstance(row, SlideRow) and is_reading and row.state == SlideState.HANDED_OVER.value:
            row = self._pieces.locked(uow, SlideRow, row.id)
            self._pieces.step(uow, caller, row, SlideAction.READ, how=how)
            row.read_at = row.read_at or self._cases.time.now()
            uow.session.flush()
            return
        self._pieces.put(caller, row, place)
        self._pieces.note(uow, caller, row, TrailAction.SCANNED.value, how)
        uow.session.flush()

    def _note_wrong(self, uow: UnitOfWork, caller: Caller, row: CaseRow | Piece, how: How) -> None:
        if isinstance(row, CaseRow):
            self._note_case(uow, caller, row, how, TrailAction.MISMATCH)
        else:
            self._pieces.note_mismatch(uow, caller, row, WrongPair("code", how.note, how.code), how.station)

    def _note_case(
        self, uow: UnitOfWork, caller: Caller, row: CaseRow, how: How, action: TrailAction = TrailAction.SCANNED
    ) -> None:
        if action is TrailAction.SCANNED:
            row.place, row.placed_at, row.placed_by = how.place[:120], self._cases.time.now(), caller.name[:80]
        self._cases.add_event(
            uow,
            caller,
            row.id,
            action.value,
            number=row.number or "",
            station=how.station,
            place=how.place,
            code=how.code,
            note=how.note,
        )
        uow.session.flush()


def judge(found: ObjectFacts, expected: Expected) -> tuple[ScanVerdict, str]:
    """Return whether an object is what is expected, with a sentence."""
    word = OBJECT_KINDS[found.kind].zh
    name = f"{word} {found.number}"
    if found.kind is ObjectKind.CASE and found.state in (CaseState.DELETED.value, CaseState.APPOINTED.value):
        return ScanVerdict.WRONG_STATE, f"{name} 已删除或尚未登记。"
    if expected.case_id and found.case_id != expected.case_id:
        return ScanVerdict.WRONG_CASE, f"{name} 属于另一病例 {found.case_number} {found.patient_name}，请停下核对！"
    if expected.kinds and found.kind not in expected.kinds:
        wanted = "或".join(OBJECT_KINDS[kind].zh for kind in expected.kinds)
        return ScanVerdict.WRONG_KIND, f"扫描的是{name}，这里需要扫描{wanted}条码。"
    problem = _parent_problem(found, expected)
    if problem:
        return ScanVerdict.WRONG_PARENT, f"{name} {problem}，请停下核对！"
    if found.state in _NOT_HERE.get(found.kind, ()):
        return ScanVerdict.WRONG_STATE, f"{name} 登记为{_STATE_WORDS[found.kind][found.state]}，请先核实。"
    asks = expected.case_id or expected.specimen_id or expected.block_id or expected.slide_id
    if asks or expected.kinds:
        return ScanVerdict.FITS, f"{name} 相符。"
    return ScanVerdict.OPENS, f"{name} {found.patient_name}"


def _parent_problem(found: ObjectFacts, expected: Expected) -> str:
    if expected.slide_id and not (found.kind is ObjectKind.SLIDE and found.id == expected.slide_id):
        return "不是正在处理的玻片"
    if expected.block_id:
        own = found.id if found.kind is ObjectKind.BLOCK else found.block_id
        if own != expected.block_id:
            return "不是正在处理的蜡块，也不出自它"
    if expected.specimen_id:
        own = found.id if found.kind is ObjectKind.SPECIMEN else found.specimen_id
        if own != expected.specimen_id:
            return "不是正在处理的标本，也不出自它"
    return ""
