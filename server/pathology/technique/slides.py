"""Use cases of slides: deleting, labels, the scan check, hand-over, grading."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid
from server.pathology.technique import rules
from server.pathology.technique.pieces import How, Pieces, WrongPair
from server.pathology.technique.tables import BlockRow, SlideRow
from shared.contract.errors import ErrorCode
from shared.contract.pathology_preparation import (
    CheckSlide,
    DeleteSlides,
    GradeSlide,
    HandSlidesOver,
    ReleaseLabels,
)
from shared.contract.pathology_technique import BatchLine, BatchReport
from shared.domain.pathology import BlockState, ObjectKind, SlideAction, SlideState
from shared.domain.pathology_barcodes import BadCode, read_code

_WAITING = (SlideState.CUT.value, SlideState.LABELLED.value)
_NOT_OVER = (*_WAITING, SlideState.CHECKED.value)


class WrongCheck(Refusal):
    """A refused scan check; `slide_id` (0: none) is the slide into whose trail it is written."""

    def __init__(self, code: ErrorCode, message: str, field: str, slide_id: int, scanned: str) -> None:
        super().__init__(code, message, field=field)
        self.slide_id = slide_id
        self.scanned = scanned


class Slides:
    """玻片."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._cases = pieces.cases

    def of_case(self, uow: UnitOfWork, case_id: int) -> list[SlideRow]:
        """Return the living slides of a case by number."""
        statement = select(SlideRow).where(SlideRow.case_id == case_id, SlideRow.state != SlideState.DELETED.value)
        return list(uow.session.scalars(statement.order_by(SlideRow.number)))

    def delete(self, uow: UnitOfWork, caller: Caller, request: DeleteSlides) -> BatchReport:
        """Delete slides whose label was never printed."""

        def act(row: SlideRow) -> None:
            self._cases.demand_open(uow, caller, row.case_id)
            facts = rules.Facts(label_prints=row.label_prints)
            self._pieces.step(uow, caller, row, SlideAction.DELETE, facts, How(note=request.reason))

        return BatchReport(lines=self._pieces.each(uow, caller, SlideRow, request.slide_ids, act))

    def release_labels(self, uow: UnitOfWork, caller: Caller, request: ReleaseLabels) -> BatchReport:
        """Let labels be printed: only of blocks that were scanned where the library wants that (EX-PA-02)."""
        if not 1 <= request.copies <= 20:
            raise invalid("copies", "份数应为 1 到 20。")
        scanned = self._scanned_blocks(uow, request.block_codes)

        def act(row: SlideRow) -> None:
            enforced = bool(request.block_codes) or self._cases.facts(uow, row.case_id).single_piece
            if row.block_id is not None and enforced and row.block_id not in scanned:
                what = "扫描的蜡块与该玻片不符" if request.block_codes else "请先扫描该玻片的蜡块"
                raise WrongPair(
                    "block_codes", f"{row.number}：{what}，标签没有打印。", " ".join(request.block_codes)[:64]
                )
            if row.label_prints and not request.reprint:
                raise illegal_action(row.state, f"{row.number} 的标签已打印过，重打请先确认。")
            how = How(station=request.station, code=scanned.get(row.block_id or 0, ""), note=f"×{request.copies}")
            self._pieces.step(uow, caller, row, SlideAction.PRINT_LABEL, how=how)
            row.label_prints += request.copies
            row.label_printed_at = self._cases.time.now()

        return BatchReport(lines=self._pieces.each(uow, caller, SlideRow, request.slide_ids, act))

    def check(self, uow: UnitOfWork, caller: Caller, request: CheckSlide) -> SlideRow:
        """玻片扫描核对. Raises WrongCheck for anything that does not fit."""
        try:
            read = read_code(request.slide_code)
        except BadCode as error:
            raise WrongCheck(ErrorCode.INVALID, str(error), "slide_code", 0, request.slide_code) from error
        if read.kind not in (None, ObjectKind.SLIDE):
            message = f"{read.number} 不是玻片条码，请扫描玻片标签。"
            raise WrongCheck(ErrorCode.INVALID, message, "slide_code", 0, request.slide_code)
        found = uow.session.execute(select(SlideRow.id).where(SlideRow.number == read.number)).scalar_one_or_none()
        if found is None:
            message = f"没有编号为 {read.number} 的玻片。"
            raise WrongCheck(ErrorCode.NOT_FOUND, message, "slide_code", 0, request.slide_code)
        row = self._pieces.locked(uow, SlideRow, found)
        self._demand_pair(uow, row, request)
        self._cases.demand(uow, caller, row.case_id)
        try:
            how = How(station=request.station, code=request.slide_code)
            self._pieces.step(uow, caller, row, SlideAction.CHECK, how=how)
        except Refusal as refusal:
            body = refusal.body
            raise WrongCheck(body.code, body.message, "slide_code", row.id, request.slide_code) from refusal
        row.checked_by, row.checked_at = caller.name[:80], self._cases.time.now()
        self._cases.touch(uow, row.case_id)
        return row

    def note_wrong_check(self, uow: UnitOfWork, caller: Caller, wrong: WrongCheck, station: str) -> None:
        """Write a refused check into the trail; called after the refused transaction is gone."""
        if wrong.slide_id:
            row = self._pieces.row(uow, SlideRow, wrong.slide_id)
            pair = WrongPair(wrong.body.field, wrong.body.message, wrong.scanned)
            self._pieces.note_mismatch(uow, caller, row, pair, station)

    def waiting_of(self, uow: UnitOfWork, case_id: int) -> tuple[str, ...]:
        """Return the numbers of a case's slides that are made and not checked."""
        return tuple(row.number for row in self.of_case(uow, case_id) if row.state in _WAITING)

    def hand_over(
        self, uow: UnitOfWork, caller: Caller, request: HandSlidesOver
    ) -> tuple[tuple[BatchLine, ...], list[SlideRow]]:
        """玻片移交; also returns the slides of the same cases that stay behind."""
        receiver = request.receiver.strip()
        if not 1 <= len(receiver) <= 80:
            raise invalid("receiver", "请填写接收人或接收科室。")

        def act(row: SlideRow) -> None:
            how = How(station=request.station, place=receiver, note=receiver)
            self._pieces.step(uow, caller, row, SlideAction.HAND_OVER, how=how)
            row.handed_over_by, row.handed_over_to = caller.name[:80], receiver
            row.handed_over_at = self._cases.time.now()

        lines = self._pieces.each(uow, caller, SlideRow, request.slide_ids, act)
        of_case = select(SlideRow.case_id).where(SlideRow.id.in_([line.id for line in lines if line.is_done]))
        behind = select(SlideRow).where(SlideRow.case_id.in_(of_case), SlideRow.state.in_(_NOT_OVER))
        return lines, list(uow.session.scalars(behind.order_by(SlideRow.number).limit(500)))

    def grade(self, uow: UnitOfWork, caller: Caller, request: GradeSlide) -> SlideRow:
        """切片评级."""
        if len(request.note) > 200:
            raise invalid("note", "说明最多 200 个字。")
        row = self._pieces.locked(uow, SlideRow, request.slide_id)
        self._cases.demand(uow, caller, row.case_id)
        row.expect(request.version)
        place = row.place, row.placed_at, row.placed_by
        how = How(note=f"{request.grade.value.upper()} {request.note}".strip())
        self._pieces.step(uow, caller, row, SlideAction.GRADE, how=how)
        row.place, row.placed_at, row.placed_by = place  # a grade says nothing of where the slide lies
        row.grade, row.grade_note = request.grade.value, request.note.strip()
        row.graded_by, row.graded_at = caller.name[:80], self._cases.time.now()
        self._cases.touch(uow, row.case_id)
        return row

    def _demand_pair(self, uow: UnitOfWork, row: SlideRow, request: CheckSlide) -> None:
        try:
            if request.block_code:
                if row.block_id is None:
                    raise WrongPair("block_code", f"{row.number} 是涂片，不出自蜡块。", request.block_code)
                block = self._pieces.row(uow, BlockRow, row.block_id)
                self._pieces.demand_code(uow, block, request.block_code, "block_code")
            self._pieces.demand_case_code(uow, row.case_id, request.case_code, "case_code")
        except WrongPair as wrong:
            message = f"玻片 {row.number}：{wrong.body.message}"
            raise WrongCheck(ErrorCode.INVALID, message, wrong.body.field, row.id, wrong.scanned) from wrong

    def _scanned_blocks(self, uow: UnitOfWork, codes: Sequence[str]) -> dict[int, str]:
        """Return the blocks that codes name. Raises INVALID for a code that is no block's."""
        if len(codes) > 200:
            raise invalid("block_codes", "一次最多扫描 200 个蜡块。")
        found: dict[int, str] = {}
        for code in codes:
            try:
                read = read_code(code)
            except BadCode as error:
                raise invalid("block_codes", str(error)) from error
            living = (BlockRow.label == read.number, BlockRow.state != BlockState.DELETED.value)
            block_id = uow.session.execute(select(BlockRow.id).where(*living)).scalar_one_or_none()
            if read.kind not in (None, ObjectKind.BLOCK) or block_id is None:
                raise invalid("block_codes", f"{read.number} 不是蜡块条码，请扫描包埋盒上的条码。")
            found[block_id] = code
        return found
