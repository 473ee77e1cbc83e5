"""The grossing page: rows, description and remainder of the open case, journaled until they are stored; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from clients.kit.messages import message_for
from clients.kit.screen import ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr, verbatim
from clients.pathology.desk import Desk
from clients.pathology.grossing import drafts
from clients.pathology.grossing.rows import (
    GrossRow,
    entry_of,
    for_server,
    merged,
    problems_of,
    row_of,
    source_words,
    suggested_serial,
)
from clients.pathology.grossing.state import GrossingState
from clients.pathology.grossing.storing import Stored, store
from clients.pathology.orders.regrossing import order_of
from shared.contract.pathology import CaseDetails, LibraryView
from shared.contract.pathology_technique import BatchReport, BlockEntry, DeleteBlocks, HandTissueOver, SpecimenView
from shared.contract.pathology_trail import Expected, Scan, ScanResult
from shared.domain.pathology import (
    LOCKED_STATES,
    CaseFlag,
    LibraryKind,
    ObjectKind,
    ScanVerdict,
    SpecimenState,
    Station,
    TaskSource,
    TissueState,
)
from shared.domain.pathology_barcodes import BadCode, read_code
from shared.domain.permissions import Permission

TAB, TITLE = "grossing", "取材信息"
_GROSSABLE = frozenset({SpecimenState.ACCEPTED, SpecimenState.GROSSED, SpecimenState.STORED})


class Signals(Protocol):
    """How a scan is answered: `bench.strip.SignalStrip`."""

    is_stopped: bool

    def say(self, sentence: str) -> None:
        """Say what can be scanned."""
        ...

    def fits(self, sentence: str) -> None:
        """It belongs here."""
        ...

    def stop(self, sentence: str) -> None:
        """It does not."""
        ...


class GrossingPresenter(ScreenPresenter[GrossingState]):
    """Takes part in saving as a `desk.Part`."""

    def __init__(
        self,
        desk: Desk,
        signals: Signals,
        show: Callable[[GrossingState], None],
        new_row: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        place = desk.place
        super().__init__(GrossingState(), place.connection, place.runner, place.messages, show)
        self.desk, self.signals, self._new_row, self._now = desk, signals, new_row, now
        self._details: CaseDetails | None = None
        self._typed: dict[str, Any] = {}
        self._next_id = -1
        self._scanned_code = ""
        self._forget: list[Callable[[], None]] = []

    @property
    def my_name(self) -> str:
        """The user, as the server writes it."""
        return self.desk.place.session.name

    def open(self) -> None:
        """Follow the desk from now on."""
        desk = self.desk
        self._forget = [
            desk.opened.listen(self._opened),
            desk.changed.listen(self._changed_outside),
            desk.closed.listen(lambda _none: self._closed()),
            desk.on_scan(self.take_scan),
        ]
        if desk.details is not None:
            self._opened(desk.details)
        else:
            self._closed()

    def close(self) -> None:
        """Hear nothing any more."""
        for forget in self._forget:
            forget()

    # ── the case ─────────────────────────────────────────────────────────────────────────────────────

    def _opened(self, details: CaseDetails) -> None:
        self._details, self._scanned_code, self._typed = details, "", {}
        state = self._state_of(details, tuple(row_of(block) for block in details.grossing.blocks))
        kept = self.desk.place.drafts.restore(drafts.draft_id(details.case.id))
        if kept and not state.read_only:
            state = self._with_draft(state, kept)
        self.state = state
        self._show(state)
        self._new_row()
        self.invite()
        if state.restored:
            self._messages.say(tr("已恢复上次没有保存的取材内容，请核对后保存。"), Tone.INFO)
            self.desk.touched()

    def _state_of(self, details: CaseDetails, rows: tuple[GrossRow, ...]) -> GrossingState:
        case = details.case
        specimens = tuple(one for one in details.specimens if one.state in _GROSSABLE)
        chosen = next((one for one in specimens if one.id == self.state.specimen_id), None)
        if len(specimens) == 1:
            chosen = specimens[0]
        kept = chosen or (specimens[0] if specimens else None)
        return GrossingState(
            case_id=case.id,
            number=case.number,
            patient=case.entry.patient_name,
            rows=rows,
            description=details.grossing.description,
            handling=kept.handling if kept is not None else "",
            place=_stored_place(kept),
            recorder=(kept.recorder if kept is not None else "") or details.grossing.recorder or self.my_name,
            specimens=specimens,
            specimen_id=chosen.id if chosen is not None else None,
            is_regrossing=CaseFlag.REGROSSING in case.flags or _is_begun(details),
            read_only=case.state in LOCKED_STATES or not self.desk.may(Permission.PATHOLOGY_GROSS),
        )

    def _with_draft(self, state: GrossingState, kept: dict[str, Any]) -> GrossingState:
        rows = drafts.unpacked(kept.get("rows"), state.rows)
        changes: dict[str, Any] = {
            key: text for key in ("description", "handling", "place") if (text := drafts.text_of(kept, key))
        }
        self._typed = kept["typed"] if isinstance(kept.get("typed"), dict) else {}
        found = replace(state, rows=rows, **changes)
        self._next_id = min([row.id for row in rows] + [0]) - 1
        return replace(found, restored=found != state or bool(self._typed.get("site")))

    def _changed_outside(self, details: CaseDetails) -> None:
        if details.case.id != self.state.case_id:
            self._opened(details)
            return
        before, old = self.state, self._details
        self._details = details
        fresh = self._state_of(details, merged(before.rows, details.grossing.blocks))
        keeps: dict[str, Any] = {"editing": before.editing, "busy": before.busy}
        if old is not None and before.description != old.grossing.description:
            keeps["description"] = before.description
        if self._remainder_changed(before, old):
            keeps |= {"handling": before.handling, "place": before.place}
        self.state = replace(fresh, **keeps)
        if self.state.row(self.state.editing) is None:
            self.state = replace(self.state, editing=None)
        self._show(self.state)

    def _closed(self) -> None:
        self._details, self._typed = None, {}
        self.state = GrossingState()
        self._show(self.state)

    def invite(self) -> None:
        """Say what can be scanned now."""
        state = self.state
        if not state.case_id:
            self.signals.say("")
        elif state.several and state.specimen_id is None:
            self.signals.say(tr("本例有 {count} 件标本，请扫描要取材的标本。", count=len(state.specimens)))
        elif not state.specimens:
            self.signals.say(tr("本例还没有确认接收的标本，登记处确认后才能取材。"))
        else:
            self.signals.say(tr("扫描标本或包埋盒；按 Insert 增加一行。"))

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────

    def new_values(self) -> dict[str, Any]:
        """What a new row begins with: the row before it is mostly alike (PA-GRS-07, -08, -11, -12)."""
        rows = self.state.rows
        before = rows[-1].entry if rows else None
        source = source_words(BlockEntry(source=self._first_source()))
        if before is not None and not self.state.is_regrossing:
            source = source_words(before)
        values: dict[str, Any] = {
            "source": source,
            "serial": suggested_serial(rows, several=self.state.several),
            "grosser": self._last_grosser(),
            "grossed_at": self._now().replace(second=0, microsecond=0),
            "site": "",
            "pieces": 1,
            "unit": before.unit if before is not None else verbatim("块"),
        }
        typed = {key: self._typed[key] for key in ("site", "pieces", "unit") if self._typed.get(key)}
        return {**values, **typed}

    def values_of(self, row: GrossRow) -> dict[str, Any]:
        """The fields of a row."""
        entry = row.entry
        return {
            "source": source_words(entry),
            "serial": entry.serial,
            "grosser": entry.grosser,
            "grossed_at": entry.grossed_at,
            "site": entry.site,
            "pieces": entry.pieces,
            "unit": entry.unit,
        }

    def edit(self, row_id: int | None) -> None:
        """Put a row into the fields; None for a new one."""
        row = self.state.row(row_id)
        if row is not None and not row.may_change:
            self._messages.say(tr("该材块已核对，不能修改。"), Tone.WARNING)
            return
        self._change(editing=row.id if row is not None else None)

    def typed(self, values: dict[str, Any]) -> None:
        """The fields of the row as they are now: into the journal, so that nothing typed is lost."""
        if self.state.case_id and self.state.editing is None:
            self._typed = {key: values.get(key) for key in ("site", "pieces", "unit")}
            self._journal()

    def submit(self, values: dict[str, Any]) -> dict[str, str]:
        """增加, or the change of the row in the fields; what is wrong by field, empty when it was taken."""
        state = self.state
        if self._is_held():
            return {}
        if not state.editing and state.several and state.specimen_id is None:
            return {"site": tr("本病例有多件标本，请先选择或扫描要取材的标本。")}
        row = state.row(state.editing)
        entry = entry_of(values, row.entry if row is not None else None, self.my_name, state.specimen_id)
        if not entry.serial:
            entry = entry_of(
                {**values, "serial": suggested_serial(state.rows, several=state.several)},
                row.entry if row is not None else None,
                self.my_name,
                state.specimen_id,
            )
        problems = problems_of(entry, state.rows, state.editing)
        if problems:
            return problems
        if row is not None:
            changed = replace(row, entry=entry, is_changed=row.is_stored)
            rows = tuple(changed if one.id == row.id else one for one in state.rows)
        else:
            rows = (*state.rows, GrossRow(self._next_id, entry))
            self._next_id -= 1
            self._typed = {}
        self._change(rows=rows, editing=None)
        self._journal()
        self.desk.touched()
        self._new_row()
        return {}

    def remove(self, row_ids: Sequence[int]) -> None:
        """删除: rows that are not stored at once, stored ones by the server; verified ones stay (PA-GRS-15)."""
        chosen = [row for row in self.state.rows if row.id in row_ids]
        if any(not row.may_change for row in chosen):
            self._messages.say(tr("只能删除待核对的材块。"), Tone.WARNING)
            return
        stored = tuple(row.id for row in chosen if row.is_stored)
        local = {row.id for row in chosen if not row.is_stored}
        if local:
            self._change(rows=tuple(row for row in self.state.rows if row.id not in local), editing=None)
            self._journal()
            self.desk.touched()
            self._new_row()
        if not stored:
            return

        def came(report: BatchReport) -> None:
            for line in report.lines:
                if not line.is_done:
                    self._messages.say(line.message, Tone.WARNING)
            self.desk.reload(self._new_row)

        self._ask(DeleteBlocks(block_ids=stored), came)

    def choose_specimen(self, specimen_id: int | None) -> None:
        """The container that the next rows come from."""
        one = next((view for view in self.state.specimens if view.id == specimen_id), None)
        if one is not None and one.id != self.state.specimen_id:
            self._change(specimen_id=one.id, handling=one.handling, place=_stored_place(one))
            self.invite()

    # ── texts ────────────────────────────────────────────────────────────────────────────────────────

    def describe(self, text: str) -> None:
        """大体所见 was typed."""
        if text != self.state.description:
            self.state = replace(self.state, description=text)
            self._journal()
            self.desk.touched()

    def keep_remainder(self, handling: str, place: str, recorder: str) -> None:
        """标本处理, 存放位置 and 记录人 were typed."""
        self.state = replace(self.state, handling=handling, place=place, recorder=recorder)
        self._journal()
        self.desk.touched()

    def hand_over(self, receiver: str) -> None:
        """组织移交 to the technical room."""
        ids = tuple(one.id for one in self.state.specimens if one.tissue is TissueState.AT_BENCH)
        if not ids:
            self._messages.say(tr("没有待移交的标本，请先保存取材。"), Tone.WARNING)
            return

        def came(report: BatchReport) -> None:
            self._messages.say(tr("已移交 {count} 件标本的组织", count=report.done), Tone.SUCCESS)
            self.desk.reload()

        self._ask(HandTissueOver(specimen_ids=ids, receiver=receiver, station=self.desk.station.id.value), came)

    # ── saving (desk.Part) ───────────────────────────────────────────────────────────────────────────

    def is_dirty(self) -> bool:
        """Whether anything differs from what the server has."""
        state = self.state
        if not state.case_id or self._details is None:
            return False
        rows = any(not row.is_stored or row.is_changed for row in state.rows)
        text = state.description != self._details.grossing.description
        return rows or text or self._remainder_changed(state, self._details)

    def save(self, done: Callable[[], None], failed: Callable[[], None]) -> None:
        """Store rows, text and remainder; what was stored stays stored when a later step is refused."""
        state, details = self.state, self._details
        if self._is_held() or details is None:
            failed()
            return
        remainder = self._remainder_changed(state, details)
        rows = tuple(replace(row, entry=for_server(row.entry, self.my_name)) for row in state.rows)
        sent = replace(state, rows=rows, busy=True)
        code, station = self._scanned_code, self.desk.station.id.value
        call = self.desk.place.connection.call
        self._change(busy=True)

        def came(stored: Stored) -> None:
            if self.state.case_id != sent.case_id:
                done()
                return
            self._change(busy=False)
            if stored.details is not None:
                self._take_stored(sent, stored.details)
            if stored.trouble is not None:
                self._refused(stored.trouble)
                failed()
                return
            self._journal()
            self._messages.say(tr("取材已保存"), Tone.SUCCESS)
            done()

        def broke(error: Exception) -> None:
            self._change(busy=False)
            self._refused(error)
            failed()

        self.desk.place.runner.run(
            lambda: store(call, sent, details, code, station, remainder=remainder), came, broke, key="pathology.gross"
        )

    def discard(self) -> None:
        """The user throws the changes away."""
        if self._details is not None:
            self.desk.place.drafts.discard(drafts.draft_id(self._details.case.id))
            self._opened(self._details)

    def _take_stored(self, sent: GrossingState, details: CaseDetails) -> None:
        """Rows that were sent are stored now; what was typed meanwhile stays."""
        known = {block.serial for block in details.grossing.blocks}
        kept = []
        by_id = {row.id: row for row in sent.rows}
        for row in self.state.rows:
            old = by_id.get(row.id)
            if old is not None and not row.is_stored and row.serial in known:
                continue
            if old is not None and row.is_stored and for_server(row.entry, self.my_name) == old.entry:
                kept.append(replace(row, is_changed=row.is_changed and not _took(details, row)))
                continue
            kept.append(row)
        self.state = replace(self.state, rows=tuple(kept))
        self.desk.adopt(details)

    def _refused(self, error: Exception) -> None:
        message = message_for(error)
        self._messages.report(error)
        if message.field.startswith("rows.") or message.field.startswith("entry."):
            self.signals.say(message.text)

    # ── scanning ─────────────────────────────────────────────────────────────────────────────────────

    def take_scan(self, code: str) -> bool:
        """A scan while a case is open: its containers and cassettes are chosen, foreign cassettes stop the work.

        A container or request form of another case is not for this page: it opens its case (PA-GRS-02).
        """
        state = self.state
        if not state.case_id:
            return False
        try:
            read = read_code(code)
        except BadCode as bad:
            self.signals.stop(tr(str(bad)))
            return True
        if read.kind in (ObjectKind.CASE, ObjectKind.SPECIMEN):
            of_case = read.number.partition("/")[0]
            if of_case != state.number:
                return False
        elif read.kind is None:
            return False
        case_id = state.case_id
        request = Scan(code=code, station=Station.GROSSING, expected=Expected(case_id=case_id))
        self._ask(request, lambda result: self._scanned(case_id, code, result), self._scan_failed)
        return True

    def _scanned(self, case_id: int, code: str, result: ScanResult) -> None:
        if self.state.case_id != case_id:
            return
        found = result.found
        if found is None or result.verdict not in (ScanVerdict.FITS, ScanVerdict.OPENS) or found.case_id != case_id:
            self.signals.stop(result.message)
            return
        if found.kind is ObjectKind.SPECIMEN:
            if all(one.id != found.id for one in self.state.specimens):
                self.signals.stop(tr("标本 {number} 还没有确认接收，不能取材。", number=found.number))
                return
            self._scanned_code = code
            self.choose_specimen(found.id)
            self.signals.fits(tr("标本 {number} {title}，请取材。", number=found.number, title=found.title))
            self._new_row()
            return
        self.signals.fits(tr("{number} 属于本例。", number=found.number))
        if found.kind is ObjectKind.CASE:
            self._scanned_code = self._scanned_code or code
        elif found.kind is ObjectKind.BLOCK:
            row = self.state.row(found.id)
            if row is not None and row.may_change:
                self.edit(found.id)

    def _scan_failed(self, error: Exception) -> None:
        self.signals.stop(message_for(error).text)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _is_held(self) -> bool:
        """After a wrong pair nothing goes on until somebody has said that it was seen."""
        if self.signals.is_stopped:
            self._messages.say(tr("请先确认红色提示，再继续取材。"), Tone.WARNING)
            return True
        return self.state.read_only or not self.state.case_id

    def _journal(self) -> None:
        state = self.state
        if not state.case_id or self._details is None or state.read_only:
            return
        key = drafts.draft_id(state.case_id)
        typed = any(self._typed.get(name) for name in ("site",))
        if not self.is_dirty() and not typed:
            self.desk.place.drafts.discard(key)
            return
        values: dict[str, Any] = {"rows": drafts.packed(state.rows), "typed": self._typed}
        grossing = self._details.grossing
        values["description"] = state.description if state.description != grossing.description else None
        changed = self._remainder_changed(state, self._details)
        values |= {"handling": state.handling, "place": state.place} if changed else {"handling": None, "place": None}
        self.desk.place.drafts.record(key, values)

    @staticmethod
    def _remainder_changed(state: GrossingState, details: CaseDetails | None) -> bool:
        chosen = _chosen(state)
        if chosen is None or details is None:
            return False
        now = next((one for one in details.specimens if one.id == chosen.id), chosen)
        return (state.handling, state.place) != (now.handling, _stored_place(now))

    def _first_source(self) -> TaskSource:
        if self.state.is_regrossing:
            return TaskSource.REGROSSING
        case = self.desk.case
        library: LibraryView | None = next(
            (one for one in self.desk.libraries if case is not None and one.id == case.library_id), None
        )
        frozen = library is not None and library.entry.kind is LibraryKind.FROZEN
        return TaskSource.FROZEN if frozen else TaskSource.ROUTINE

    def _last_grosser(self) -> str:
        mine = [row for row in self.state.rows if not row.is_stored]
        return mine[-1].grosser if mine else self.my_name


def _is_begun(details: CaseDetails) -> bool:
    """Whether 补取执行 was pressed here and no row was stored for it yet."""
    order_id = order_of(details.case.id)
    return order_id is not None and all(block.order_id != order_id for block in details.grossing.blocks)


def _chosen(state: GrossingState) -> SpecimenView | None:
    chosen = next((one for one in state.specimens if one.id == state.specimen_id), None)
    return chosen or (state.specimens[0] if state.specimens else None)


def _stored_place(specimen: SpecimenView | None) -> str:
    """Where the remainder was put; a place that only a scan gave is none that somebody typed."""
    return specimen.place if specimen is not None and specimen.state is SpecimenState.STORED else ""


def _took(details: CaseDetails, row: GrossRow) -> bool:
    """Whether the server has a changed row as it was typed."""
    now = next((block for block in details.grossing.blocks if block.id == row.id), None)
    if now is None:
        return True
    entry = row.entry
    return (now.serial, now.site, now.pieces, now.unit) == (entry.serial, entry.site, entry.pieces, entry.unit)
