"""Specimens, grossing rows and blocks of pathology: from the container at the hatch to the embedded block.

What comes after it, sections and slides, stands in `pathology_preparation`.

Batches (several ids in one command) do each item by itself: what cannot be done is named with its reason, and the rest
is done (PA-BAT-08). Codes are what a scanner reads (`shared/domain/pathology_barcodes.py`).
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.domain.pathology import (
    BlockAction,
    BlockState,
    SpecimenAction,
    SpecimenState,
    TaskSource,
    TissueState,
)
from shared.domain.permissions import Permission

MAX_BATCH = 200
"""The most items of one batch."""


class BatchLine(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one item of a batch: `message` says why it was skipped, empty when done."""

    id: int
    number: str  # what a person calls it
    is_done: bool
    message: str = ""


class BatchReport(msgspec.Struct, frozen=True, kw_only=True):
    """One line for each item that was given, in that order."""

    lines: tuple[BatchLine, ...]

    @property
    def done(self) -> int:
        return sum(line.is_done for line in self.lines)


# ── specimens ────────────────────────────────────────────────────────────────────────────────────────


class SpecimenEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is typed about one container (PA-REG-07)."""

    name: str  # 标本名称
    site: str = ""  # 取材部位
    quantity: int = 1
    unit: str = ""
    container: str = ""
    fixative: str = ""  # 固定液
    removed_at: datetime | None = None  # 离体时间
    fixed_at: datetime | None = None  # 固定时间
    note: str = ""


class SpecimenView(msgspec.Struct, frozen=True, kw_only=True):
    """A container. `number` (case number, "/", serial) stays as it was printed; `code` is its barcode's payload."""

    id: int
    version: int
    case_id: int
    case_number: str
    serial: int  # from 1
    number: str
    code: str
    entry: SpecimenEntry
    state: SpecimenState
    tissue: TissueState
    registered_by: str
    registered_at: datetime
    decided_by: str  # who accepted or rejected
    decided_at: datetime | None
    reason: str  # of the rejection
    handling: str  # 标本处理: what is done with the remainder
    place: str  # 存放位置, or where it was last scanned
    placed_at: datetime | None
    recorder: str  # 记录人
    stored_at: datetime | None
    handed_over_by: str
    handed_over_to: str
    handed_over_at: datetime | None
    disposed_by: str
    witness: str
    disposed_at: datetime | None
    allowed: tuple[SpecimenAction, ...]


class RegisterSpecimens(Command[tuple[SpecimenView, ...]], frozen=True, kw_only=True):
    """标本登记: one container after the other. Refusals: NOT_FOUND, INVALID, ILLEGAL_ACTION (case locked)."""

    method = "pathology_technique.register_specimens"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    entries: tuple[SpecimenEntry, ...]


class EditSpecimen(Command[SpecimenView], frozen=True, kw_only=True):
    """Change what was typed. Refusals: NOT_FOUND, INVALID, CONFLICT, ILLEGAL_ACTION (rejected or disposed of)."""

    method = "pathology_technique.edit_specimen"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.PATIENT_RECORD

    specimen_id: int
    version: int
    entry: SpecimenEntry


class AcceptSpecimens(Command[BatchReport], frozen=True, kw_only=True):
    """标本确认; the acceptance slip may be printed then."""

    method = "pathology_technique.accept_specimens"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.PATIENT_RECORD

    specimen_ids: tuple[int, ...]
    station: str = ""


class RejectSpecimens(Command[BatchReport], frozen=True, kw_only=True):
    """标本拒收 with a reason. Refusals: INVALID (no reason)."""

    method = "pathology_technique.reject_specimens"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.PATIENT_RECORD

    specimen_ids: tuple[int, ...]
    reason: str
    station: str = ""


class StoreRemainder(Command[SpecimenView], frozen=True, kw_only=True):
    """标本处理 and 存放位置 of what is left in the container. An empty recorder is the caller (PA-GRS-17).

    Refusals: NOT_FOUND, CONFLICT, INVALID (no place), ILLEGAL_ACTION (not grossed).
    """

    method = "pathology_technique.store_remainder"
    permission = Permission.PATHOLOGY_GROSS
    audit = AuditClass.PATIENT_RECORD

    specimen_id: int
    version: int
    handling: str
    place: str
    recorder: str = ""


class HandTissueOver(Command[BatchReport], frozen=True, kw_only=True):
    """组织移交 to the technical room: the specimens then stand in the hand-over sheet (PA-PREP-01)."""

    method = "pathology_technique.hand_tissue_over"
    permission = Permission.PATHOLOGY_GROSS
    audit = AuditClass.PATIENT_RECORD

    specimen_ids: tuple[int, ...]
    receiver: str  # who takes it
    station: str = ""


class DisposeSpecimens(Command[BatchReport], frozen=True, kw_only=True):
    """销毁 of remainders after the retention time, with a second person who signs by login and password.

    Skipped with a reason: report not sent, time not over, not stored. Refusals: INVALID (the witness is the caller),
    WRONG_PASSWORD.
    """

    method = "pathology_technique.dispose_specimens"
    permission = Permission.PATHOLOGY_GROSS
    audit = AuditClass.PATIENT_RECORD

    specimen_ids: tuple[int, ...]
    witness_login: str
    witness_password: str
    note: str = ""


class SpecimenFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions; empty ones do not filter. Days in the hospital's time zone, ends included."""

    library_ids: tuple[int, ...] = ()
    states: tuple[SpecimenState, ...] = ()
    tissues: tuple[TissueState, ...] = ()
    first_number: str = ""  # range of case numbers
    last_number: str = ""
    registered_first: date | None = None
    registered_last: date | None = None
    handed_over_first: date | None = None
    handed_over_last: date | None = None
    text: str = ""  # part of the patient's name; among few specimens (days, states) of the specimen's too


class SpecimenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A specimen with what lists show of its case."""

    specimen: SpecimenView
    patient_name: str
    library_id: int
    blocks: int
    pieces: int


class SpecimenPage(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, newest case first; `next_cursor` is empty at the end. `total` counts at most 1,000."""

    rows: tuple[SpecimenRow, ...]
    next_cursor: str
    total: int


class ListSpecimens(Query[SpecimenPage], frozen=True, kw_only=True):
    """Specimens of many cases: 标本移交表, remainders to dispose of. Refusals: INVALID.

    Those of deleted cases are left out, so that a page may have fewer rows than asked for; `next_cursor` tells.
    """

    method = "pathology_technique.list_specimens"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    filter: SpecimenFilter = SpecimenFilter()
    cursor: str = ""
    limit: int = 100  # 1 to 500


# ── grossing: the rows are the blocks ────────────────────────────────────────────────────────────────


class BlockEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the grossing table (PA-GRS-06). An empty serial takes the next free one."""

    serial: str = ""  # 取材序号: 1 to 4 digits or capital letters
    source: TaskSource = TaskSource.ROUTINE
    source_note: str = ""  # typed words of TaskSource.OTHER
    site: str = ""  # 取材部位
    pieces: int = 1  # 材块数
    unit: str = "块"  # 材块单位
    specimen_id: int | None = None  # None: the case's only accepted specimen
    grosser_id: int | None = None  # 取材医生; None: the caller
    grosser: str = ""  # its name, where it is no account
    grossed_at: datetime | None = None  # None: now
    note: str = ""


class BlockView(msgspec.Struct, frozen=True, kw_only=True):
    """A block. `number` (蜡块号) is empty before embedding; `label` is what cassette labels say from the first day."""

    id: int
    version: int
    case_id: int
    case_number: str
    specimen_id: int | None
    order_id: int | None  # the re-grossing order that it was made for
    serial: str
    label: str
    number: str
    code: str  # barcode payload
    source: TaskSource
    source_note: str
    site: str
    pieces: int
    unit: str
    grosser_id: int | None
    grosser: str
    grossed_at: datetime
    recorder: str
    note: str
    state: BlockState
    label_prints: int
    verified_by: str
    verified_at: datetime | None
    embedded_by: str
    embedded_at: datetime | None
    sectioned_by: str
    sectioned_at: datetime | None
    sections: int  # slides made of it, deleted ones not counted
    place: str
    placed_at: datetime | None
    allowed: tuple[BlockAction, ...]


class GrossingView(msgspec.Struct, frozen=True, kw_only=True):
    """The grossing page of a case: text, rows and totals. `version` is that of the text."""

    case_id: int
    version: int
    description: str  # 大体所见
    blocks: tuple[BlockView, ...]
    block_total: int  # 蜡块总数
    piece_total: int  # 材块总数
    recorder: str
    recorded_at: datetime | None


class GetGrossing(Query[GrossingView], frozen=True, kw_only=True):
    """取材记录 of a case. Refusals: NOT_FOUND."""

    method = "pathology_technique.get_grossing"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    case_id: int


class SaveGrossing(Command[GrossingView], frozen=True, kw_only=True):
    """Store the gross description. Refusals: NOT_FOUND, CONFLICT, INVALID, ILLEGAL_ACTION (locked)."""

    method = "pathology_technique.save_grossing"
    permission = Permission.PATHOLOGY_GROSS
    audit = AuditClass.REPORT

    case_id: int
    version: int  # of GrossingView
    description: str
    recorder: str = ""  # empty: the caller


class AddBlocks(Command[GrossingView], frozen=True, kw_only=True):
    """增加: all rows or none. The first row of a case makes it 取材 and its specimen 已取材.

    `order_id` is the re-grossing order that is being executed: rows get the source 补取 (PA-GRS-22).
    Refusals: NOT_FOUND, INVALID (pieces, serial), DUPLICATE (serial), ILLEGAL_ACTION (no accepted specimen, locked).
    """

    method = "pathology_technique.add_blocks"
    permission = Permission.PATHOLOGY_GROSS
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    rows: tuple[BlockEntry, ...]
    order_id: int | None = None
    specimen_code: str = ""  # the container's barcode, if it was scanned: a wrong one is refused
    station: str = ""


class EditBlock(Command[BlockView], frozen=True, kw_only=True):
    """Change a row that is not verified yet. Refusals: NOT_FOUND, CONFLICT, INVALID, DUPLICATE, ILLEGAL_ACTION."""

    method = "pathology_technique.edit_block"
    permission = Permission.PATHOLOGY_GROSS
    audit = AuditClass.PATIENT_RECORD

    block_id: int
    version: int
    entry: BlockEntry


class DeleteBlocks(Command[BatchReport], frozen=True, kw_only=True):
    """Delete rows; only those not verified (PA-GRS-15)."""

    method = "pathology_technique.delete_blocks"
    permission = Permission.PATHOLOGY_DELETE_BLOCKS
    audit = AuditClass.PATIENT_RECORD

    block_ids: tuple[int, ...]


class MarkCassettesPrinted(Command[BatchReport], frozen=True, kw_only=True):
    """Cassette labels came out of the printer. A reprint is skipped unless `reprint` says that it was confirmed."""

    method = "pathology_technique.mark_cassettes_printed"
    permission = Permission.PATHOLOGY_PRINT_LABELS
    audit = AuditClass.EXPORT

    block_ids: tuple[int, ...]
    copies: int = 1
    reprint: bool = False
    station: str = ""


class PieceCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One row to verify: `pieces` is what the technician counted; None takes the grossed number over (batch)."""

    block_id: int
    pieces: int | None = None
    code: str = ""  # the cassette's barcode, if it was scanned: another block's stops the row


class VerifyBlocks(Command[BatchReport], frozen=True, kw_only=True):
    """材块核对. Never by the person who grossed (EX-PA-01); a count that differs stops the row and is written down."""

    method = "pathology_technique.verify_blocks"
    permission = Permission.PATHOLOGY_VERIFY
    audit = AuditClass.PATIENT_RECORD

    checks: tuple[PieceCheck, ...]
    station: str = ""


class EmbedBlocks(Command[BatchReport], frozen=True, kw_only=True):
    """包埋确认: block numbers are made, and the blocks wait for sectioning."""

    method = "pathology_technique.embed_blocks"
    permission = Permission.PATHOLOGY_EMBED
    audit = AuditClass.PATIENT_RECORD

    block_ids: tuple[int, ...]
    station: str = ""


class UndoBlock(Command[BlockView], frozen=True, kw_only=True):
    """Take the last confirmation (核对, 包埋) back; by who made it, or with the right to undo others'.

    Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (a later step exists), PERMISSION_MISSING.
    """

    method = "pathology_technique.undo_block"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    block_id: int
    version: int
    reason: str = ""


class BlockFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions; empty ones do not filter. Days in the hospital's time zone, ends included."""

    library_ids: tuple[int, ...] = ()
    states: tuple[BlockState, ...] = ()
    sources: tuple[TaskSource, ...] = ()
    first_number: str = ""  # range of case numbers
    last_number: str = ""
    grossed_first: date | None = None
    grossed_last: date | None = None
    text: str = ""  # case or block number from its beginning, or part of the patient's name


class BlockRow(msgspec.Struct, frozen=True, kw_only=True):
    """A block with what lists show of its case."""

    block: BlockView
    patient_name: str
    library_id: int
    is_urgent: bool


class BlockPage(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by case number and serial; `next_cursor` is empty at the end. `total` counts at most 1,000."""

    rows: tuple[BlockRow, ...]
    next_cursor: str
    total: int
    pieces: int  # of the rows counted in `total`


class ListBlocks(Query[BlockPage], frozen=True, kw_only=True):
    """待包埋列表 (待核对 and 待包埋), 待切片列表 and block archives. Refusals: INVALID."""

    method = "pathology_technique.list_blocks"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    filter: BlockFilter = BlockFilter()
    cursor: str = ""
    limit: int = 100  # 1 to 500
