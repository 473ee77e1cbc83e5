"""Use cases of the grossing table: its text, its rows, verification, embedding and what takes them back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, stale
from server.pathology.cases.facts import CaseFacts
from server.pathology.cases.rules import CaseGuards
from server.pathology.cases.tables import CaseRow
from server.pathology.technique import rules
from server.pathology.technique.pieces import How, Pieces, WrongPair
from server.pathology.technique.tables import BlockRow, SpecimenRow
from shared.contract.errors import ErrorCode
from shared.contract.pathology_technique import (
    AddBlocks,
    BatchReport,
    BlockEntry,
    DeleteBlocks,
    EditBlock,
    EmbedBlocks,
    GrossingView,
    MarkCassettesPrinted,
    SaveGrossing,
    UndoBlock,
    VerifyBlocks,
)
from shared.domain.pathology import (
    BlockAction,
    BlockState,
    CaseAction,
    SpecimenAction,
    SpecimenState,
    TaskSource,
    TissueState,
)
from shared.domain.pathology_barcodes import BadCode, block_number, read_code
from shared.domain.pathology_serials import next_serial
from shared.domain.permissions import Permission

PersonName = Callable[[UnitOfWork, int], str]
"""The name of an account; raises NOT_FOUND."""

_SERIAL = re.compile(r"[A-Z0-9]{1,4}")
_LENGTHS = {"source_note": 40, "site": 200, "unit": 16, "grosser": 80, "note": 500}
_MOST_ROWS = 100
_MOST_OF_CASE = 500
_LONGEST_TEXT = 20_000
_GROSSABLE = frozenset({SpecimenState.ACCEPTED, SpecimenState.GROSSED, SpecimenState.STORED})


class Grossing:
    """取材."""

    def __init__(self, pieces: Pieces, person_name: PersonName) -> None:
        self._pieces = pieces
        self._cases = pieces.cases
        self._person_name = person_name

    # ── the page ─────────────────────────────────────────────────────────────────────────────────────

    def view(self, uow: UnitOfWork, caller: Caller, case_id: int) -> GrossingView:
        """Return the page of a case: text, living rows in their order, totals."""
        case = uow.session.get_one(CaseRow, case_id)
        blocks = self._pieces.block_views(uow, caller, self.rows(uow, case_id))
        return GrossingView(
            case_id=case_id,
            version=case.gross_version,
            description=case.gross_description,
            blocks=blocks,
            block_total=len(blocks),
            piece_total=sum(block.pieces for block in blocks),
            recorder=case.gross_recorder,
            recorded_at=case.gross_recorded_at,
        )

    def rows(self, uow: UnitOfWork, case_id: int) -> list[BlockRow]:
        """Return the living rows: digits in their order, then letters in theirs."""
        statement = select(BlockRow).where(BlockRow.case_id == case_id, BlockRow.state != BlockState.DELETED.value)
        found = uow.session.scalars(statement)
        return sorted(found, key=lambda row: (not row.serial.isdecimal(), len(row.serial), row.serial))

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveGrossing) -> None:
        """Store the gross description."""
        if len(request.description) > _LONGEST_TEXT:
            raise invalid("description", f"大体所见最多 {_LONGEST_TEXT} 个字。")
        self._cases.demand_open(uow, caller, request.case_id)
        case = self._cases.lock(uow, (request.case_id,))[request.case_id]
        if case.gross_version != request.version:
            raise stale(case.gross_version)
        case.gross_version += 1
        case.gross_description = request.description
        case.gross_recorder = (request.recorder.strip() or caller.name)[:80]
        case.gross_recorded_at = self._cases.time.now()
        self._cases.add_event(uow, caller, case.id, "gross_text", number=case.number or "")
        self._cases.touch(uow, case.id)

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────

    def add(self, uow: UnitOfWork, caller: Caller, request: AddBlocks) -> list[BlockRow]:
        """Add rows, all or none."""
        if not 1 <= len(request.rows) <= _MOST_ROWS:
            raise invalid("rows", f"一次请增加 1 到 {_MOST_ROWS} 行。")
        facts = self._cases.demand_open(uow, caller, request.case_id)
        specimens = self._grossable(uow, request.case_id)
        guards = CaseGuards(has_accepted_specimen=bool(specimens))
        self._cases.step(
            uow, caller, facts.id, CaseAction.GROSS, guards, station=request.station, right_is_checked=True
        )
        scanned = self._scanned(uow, facts, specimens, request.specimen_code)
        taken = {row.serial for row in self.rows(uow, facts.id)}
        if len(taken) + len(request.rows) > _MOST_OF_CASE:
            raise invalid("rows", f"一例病例最多 {_MOST_OF_CASE} 个材块。")
        made = []
        for place, typed in enumerate(request.rows):
            specimen = self._specimen(specimens, typed, scanned, f"rows.{place}.specimen_id")
            entry = self._checked(uow, caller, typed, f"rows.{place}")
            _demand_two(facts, entry, caller.user_id, caller.name, f"rows.{place}.grosser")
            serial = entry.serial or next_serial(taken, several=len(specimens) > 1)
            if serial in taken:
                raise self._duplicate(uow, facts, serial, f"rows.{place}.serial")
            taken.add(serial)
            made.append(self._make(uow, caller, facts, specimen, entry, serial, request))
            self._take_from(uow, caller, specimen, request)
        self._cases.touch(uow, facts.id)
        return made

    def edit(self, uow: UnitOfWork, caller: Caller, request: EditBlock) -> BlockRow:
        """Change a row that is not verified."""
        row = self._pieces.locked(uow, BlockRow, request.block_id)
        facts = self._cases.demand_open(uow, caller, row.case_id)
        row.expect(request.version)
        entry = self._checked(uow, caller, request.entry, "entry")
        _demand_two(facts, entry, row.recorder_id, row.recorder, "entry.grosser")
        self._pieces.step(uow, caller, row, BlockAction.EDIT)
        serial = entry.serial or row.serial
        if serial != row.serial:
            if row.label_prints:
                raise illegal_action(row.state, "该材块的包埋条码已打印，不能更改取材序号；请删除后重新增加。")
            if serial in {one.serial for one in self.rows(uow, facts.id)}:
                raise self._duplicate(uow, facts, serial, "entry.serial")
            row.serial, row.label = serial, block_number(facts.number, serial)
        if entry.specimen_id is not None and entry.specimen_id != row.specimen_id:
            raise invalid("entry.specimen_id", "材块所属标本不能更改；请删除后从正确的标本重新取材。")
        self._write(row, entry)
        uow.session.flush()
        self._cases.touch(uow, row.case_id)
        return row

    def delete(self, uow: UnitOfWork, caller: Caller, request: DeleteBlocks) -> BatchReport:
        """Delete rows that are not verified."""

        def act(row: BlockRow) -> None:
            self._cases.demand_open(uow, caller, row.case_id)
            self._pieces.step(uow, caller, row, BlockAction.DELETE)

        return BatchReport(lines=self._pieces.each(uow, caller, BlockRow, request.block_ids, act))

    def mark_printed(self, uow: UnitOfWork, caller: Caller, request: MarkCassettesPrinted) -> BatchReport:
        """Count cassette labels."""
        if not 1 <= request.copies <= 20:
            raise invalid("copies", "份数应为 1 到 20。")

        def act(row: BlockRow) -> None:
            if row.label_prints and not request.reprint:
                raise illegal_action(row.state, f"{row.label} 的包埋条码已打印过，重打请先确认。")
            how = How(station=request.station, note=f"×{request.copies}")
            self._pieces.step(uow, caller, row, BlockAction.PRINT_LABEL, how=how)
            row.label_prints += request.copies

        return BatchReport(lines=self._pieces.each(uow, caller, BlockRow, request.block_ids, act))

    # ── technical room ───────────────────────────────────────────────────────────────────────────────

    def verify(self, uow: UnitOfWork, caller: Caller, request: VerifyBlocks) -> BatchReport:
        """材块核对 by somebody else than the grosser (EX-PA-01)."""
        checks = {check.block_id: check for check in request.checks}
        if len(checks) != len(request.checks):
            raise invalid("checks", "选择中有重复的项目。")

        def act(row: BlockRow) -> None:
            check = checks[row.id]
            self._pieces.demand_code(uow, row, check.code, "code")
            is_grosser = caller.user_id == row.grosser_id or (row.grosser_id is None and caller.name == row.grosser)
            agree = check.pieces is None or check.pieces == row.pieces
            how = How(station=request.station, code=check.code)
            facts = rules.Facts(is_grosser=is_grosser, pieces_agree=agree)
            if not agree and not is_grosser and row.state == BlockState.TO_VERIFY.value:
                message = (
                    f"{row.label}：取材 {row.pieces} {row.unit}，核对 {check.pieces} {row.unit}，请与取材医生核实。"
                )
                raise WrongPair("checks", message, check.code)
            self._pieces.step(uow, caller, row, BlockAction.VERIFY, facts, how)
            row.verified_by_id, row.verified_by = caller.user_id, caller.name[:80]
            row.verified_at = self._cases.time.now()

        return BatchReport(lines=self._pieces.each(uow, caller, BlockRow, list(checks), act))

    def embed(self, uow: UnitOfWork, caller: Caller, request: EmbedBlocks) -> BatchReport:
        """包埋确认: the label becomes the block's number."""

        def act(row: BlockRow) -> None:
            self._pieces.step(uow, caller, row, BlockAction.EMBED, how=How(station=request.station))
            row.number = row.label
            row.embedded_by_id, row.embedded_by = caller.user_id, caller.name[:80]
            row.embedded_at = self._cases.time.now()

        return BatchReport(lines=self._pieces.each(uow, caller, BlockRow, request.block_ids, act))

    def undo(self, uow: UnitOfWork, caller: Caller, request: UndoBlock) -> BlockRow:
        """Take the last confirmation back."""
        row = self._pieces.locked(uow, BlockRow, request.block_id)
        self._cases.demand(uow, caller, row.case_id)
        row.expect(request.version)
        was_embedding = row.state == BlockState.TO_SECTION.value
        confirmed_by = row.embedded_by_id if was_embedding else row.verified_by_id
        same = caller.user_id == confirmed_by or caller.may(Permission.PATHOLOGY_UNDO)
        self._pieces.step(
            uow, caller, row, BlockAction.UNDO, rules.Facts(is_same_person=same), How(note=request.reason)
        )
        if was_embedding:
            row.number, row.embedded_by_id, row.embedded_by, row.embedded_at = "", None, "", None
        else:
            row.verified_by_id, row.verified_by, row.verified_at = None, "", None
        self._cases.touch(uow, row.case_id)
        return row

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    def _grossable(self, uow: UnitOfWork, case_id: int) -> list[SpecimenRow]:
        statement = select(SpecimenRow).where(SpecimenRow.case_id == case_id).order_by(SpecimenRow.serial)
        return [row for row in uow.session.scalars(statement) if SpecimenState(row.state) in _GROSSABLE]

    def _scanned(
        self, uow: UnitOfWork, facts: CaseFacts, specimens: Sequence[SpecimenRow], code: str
    ) -> SpecimenRow | None:
        """Return the container that was scanned; the case's own code says only that it is this case."""
        if not code:
            return None
        try:
            number = read_code(code).number
        except BadCode as error:
            raise WrongPair("specimen_code", str(error), code) from error
        for row in specimens:
            if row.number == number:
                self._pieces.demand_code(uow, row, code, "specimen_code")
                return row
        self._pieces.demand_case_code(uow, facts.id, code, "specimen_code")
        return None

    @staticmethod
    def _specimen(
        specimens: Sequence[SpecimenRow], entry: BlockEntry, scanned: SpecimenRow | None, field: str
    ) -> SpecimenRow:
        if entry.specimen_id is not None:
            for row in specimens:
                if row.id == entry.specimen_id:
                    if scanned is not None and scanned.id != row.id:
                        raise WrongPair(field, f"扫描的是 {scanned.number}，所选标本是 {row.number}，请核对。", "")
                    return row
            raise invalid(field, "所选标本不属于本病例或未确认，请重新选择。")
        if scanned is not None:
            return scanned
        if len(specimens) > 1:
            raise invalid(field, "本病例有多件标本，请先选择或扫描要取材的标本。")
        return specimens[0]

    def _checked(self, uow: UnitOfWork, caller: Caller, entry: BlockEntry, field: str) -> BlockEntry:
        import msgspec

        changes = {name: getattr(entry, name).strip() for name in _LENGTHS}
        for name, text in changes.items():
            if len(text) > _LENGTHS[name]:
                raise invalid(f"{field}.{name}", f"内容过长，最多 {_LENGTHS[name]} 个字。")
        serial = entry.serial.strip().upper()
        if serial and not _SERIAL.fullmatch(serial):
            raise invalid(f"{field}.serial", "取材序号只能用 1 到 4 位数字或字母。")
        if not 1 <= entry.pieces <= 999:
            raise invalid(f"{field}.pieces", "材块数应为 1 到 999 的整数。")
        if entry.source is TaskSource.OTHER and not changes["source_note"]:
            raise invalid(f"{field}.source_note", "请填写任务来源。")
        grosser_id, grosser = entry.grosser_id, changes["grosser"]
        if grosser_id is not None:
            grosser = self._person_name(uow, grosser_id)
        elif not grosser:
            grosser_id, grosser = caller.user_id, caller.name
        grossed_at = entry.grossed_at or self._cases.time.now()
        replaced = {**changes, "serial": serial, "grosser_id": grosser_id, "grosser": grosser[:80]}
        return msgspec.structs.replace(entry, **replaced, grossed_at=grossed_at)

    def _make(
        self,
        uow: UnitOfWork,
        caller: Caller,
        facts: CaseFacts,
        specimen: SpecimenRow,
        entry: BlockEntry,
        serial: str,
        request: AddBlocks,
    ) -> BlockRow:
        row = BlockRow(
            version=1,
            case_id=facts.id,
            library_id=facts.library_id,
            specimen_id=specimen.id,
            order_id=request.order_id,
            serial=serial,
            label=block_number(facts.number, serial),
            number="",
            state=BlockState.TO_VERIFY.value,
            state_since=self._cases.time.now(),
            recorder_id=caller.user_id,
            recorder=caller.name[:80],
            label_prints=0,
        )
        self._write(row, entry)
        if request.order_id is not None:
            row.source, row.source_note = TaskSource.REGROSSING.value, ""
        self._pieces.put(caller, row, request.station or caller.station)
        uow.session.add(row)
        uow.session.flush()
        how = How(station=request.station, code=request.specimen_code, note=f"{row.site} ×{row.pieces}")
        self._pieces.note(uow, caller, row, BlockAction.ADD.value, how)
        return row

    @staticmethod
    def _write(row: BlockRow, entry: BlockEntry) -> None:
        assert entry.grossed_at is not None
        row.source, row.source_note = entry.source.value, entry.source_note
        row.site, row.pieces, row.unit, row.note = entry.site, entry.pieces, entry.unit, entry.note
        row.grosser_id, row.grosser, row.grossed_at = entry.grosser_id, entry.grosser, entry.grossed_at

    def _take_from(self, uow: UnitOfWork, caller: Caller, specimen: SpecimenRow, request: AddBlocks) -> None:
        action = SpecimenAction.REGROSS if specimen.state == SpecimenState.STORED.value else SpecimenAction.GROSS
        how = How(station=request.station, code=request.specimen_code)
        self._pieces.step(uow, caller, specimen, action, how=how)
        specimen.tissue = TissueState.AT_BENCH.value

    def _duplicate(self, uow: UnitOfWork, facts: CaseFacts, serial: str, field: str) -> Refusal:
        there = next((row.id for row in self.rows(uow, facts.id) if row.serial == serial), 0)
        message = f"取材序号 {serial} 在病例 {facts.number} 中已存在，请改用其他序号。"
        return Refusal(ErrorCode.DUPLICATE, message, field=field, existing_id=there)


def _demand_two(facts: CaseFacts, entry: BlockEntry, recorder_id: int, recorder: str, field: str) -> None:
    """Where the library asks for two persons at the bench, the one who grosses is not the one who records."""
    is_same = entry.grosser_id == recorder_id or (entry.grosser_id is None and entry.grosser == recorder)
    if facts.two_at_grossing and is_same:
        raise invalid(field, "本病例库须双人取材：取材医生和记录人不能是同一人，请选择取材医生或换人登录记录。")
