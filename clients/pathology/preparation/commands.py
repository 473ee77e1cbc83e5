"""What the technical room does to blocks and slides, then fresh lists; what was not done is named. Knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from clients.kit.messages import message_for
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.bench.labels import Ask, Printed, print_cassettes, print_slides
from clients.pathology.desk import Desk
from shared.contract.base import Request
from shared.contract.pathology import OpenCase
from shared.contract.pathology_preparation import (
    AddManualSlides,
    CheckSlide,
    DeleteSlides,
    HandOverReport,
    HandSlidesOver,
    MakeSmears,
    SectionBlocks,
    SectionPlan,
    SectionReport,
    SlideCheck,
    SlideView,
)
from shared.contract.pathology_technique import (
    BatchLine,
    BatchReport,
    BlockView,
    EmbedBlocks,
    PieceCheck,
    UndoBlock,
    VerifyBlocks,
)
from shared.contract.pathology_trail import Expected, ObjectFacts, Scan, ScanResult
from shared.domain.pathology import BlockState, ObjectKind, ScanVerdict, SlideState, TaskSource

_GOOD = (ScanVerdict.FITS, ScanVerdict.OPENS)


class Signals(Protocol):
    """How a scan is answered: `bench.strip.SignalStrip`."""

    is_stopped: bool

    def say(self, sentence: str) -> None: ...

    def fits(self, sentence: str) -> None: ...

    def stop(self, sentence: str) -> None: ...


class BenchCommands:
    """`refresh` loads the lists again; `ask` is for reprints."""

    def __init__(self, desk: Desk, signals: Signals, refresh: Callable[[], None], ask: Ask) -> None:
        self.desk, self.signals, self._refresh, self._ask = desk, signals, refresh, ask
        self.block: ObjectFacts | None = None
        """The block under work: slides that are scanned must be of it (single-piece flow)."""
        self.block_codes: list[str] = []
        """Blocks scanned since the last label (EX-PA-02)."""

    @property
    def station(self) -> str:
        """Where the scans and commands are made."""
        return self.desk.station.id.value

    def is_held(self) -> bool:
        """After a wrong pair nothing goes on until somebody has said that it was seen."""
        if self.signals.is_stopped:
            self.desk.place.messages.say(tr("请先确认红色提示，再继续操作。"), Tone.WARNING)
        return self.signals.is_stopped

    # ── blocks ───────────────────────────────────────────────────────────────────────────────────────

    def verify(self, blocks: Sequence[BlockView], pieces: int | None = None, code: str = "") -> None:
        """材块核对; with one block `pieces` is what was counted."""
        checks = tuple(
            PieceCheck(
                block_id=one.id, pieces=pieces if len(blocks) == 1 else None, code=code if len(blocks) == 1 else ""
            )
            for one in blocks
        )
        self.batch(VerifyBlocks(checks=checks, station=self.station), "已核对 {count} 个材块", bool(blocks))

    def embed(self, blocks: Sequence[BlockView]) -> None:
        """包埋确认: block numbers are made."""
        ids = tuple(one.id for one in blocks)
        self.batch(EmbedBlocks(block_ids=ids, station=self.station), "已确认包埋 {count} 个蜡块", bool(ids))

    def undo(self, block: BlockView, reason: str = "") -> None:
        """Take the last confirmation back."""
        if self.is_held():
            return

        def came(_block: BlockView) -> None:
            self.desk.place.messages.say(tr("已撤销 {number} 的上一步确认", number=block.label), Tone.SUCCESS)
            self._refresh()

        self._run(UndoBlock(block_id=block.id, version=block.version, reason=reason), came)

    def section(
        self,
        blocks: Sequence[BlockView],
        counts: Mapping[int, int],
        then: Callable[[tuple[SlideView, ...]], None] = lambda _slides: None,
        code: str = "",
    ) -> None:
        """切片确认: `counts` are the sections of blocks that are not cut once (PA-SLD-08)."""
        if not blocks or self.is_held():
            return
        plans = tuple(
            SectionPlan(block_id=one.id, sections=counts.get(one.id, 1), code=code if len(blocks) == 1 else "")
            for one in blocks
        )

        def came(report: SectionReport) -> None:
            self._tell(report.lines, "已切片 {count} 个蜡块")
            self._refresh()
            then(report.slides)

        self._run(SectionBlocks(plans=plans, station=self.station), came)

    def print_cassettes(self, blocks: Sequence[BlockView]) -> None:
        """打印包埋条码."""
        if not self.is_held():
            print_cassettes(self.desk, blocks, self._ask, lambda _printed: self._refresh())

    # ── slides ───────────────────────────────────────────────────────────────────────────────────────

    def print_slides(self, slides: Sequence[SlideView], codes: Sequence[str] | None = None) -> None:
        """标签打印 of many slides; the blocks scanned since the last print prove them."""
        if self.is_held():
            return

        def printed(result: Printed) -> None:
            if result.done and codes is None:
                self.block_codes.clear()
            self._refresh()

        print_slides(self.desk, slides, self._ask, self.block_codes if codes is None else codes, printed)

    def check(self, code: str) -> None:
        """玻片扫描核对; a slide of another block than the one under work is stopped (PA-SLD-12)."""
        block_code = self.block.code if self.block is not None else ""

        def came(checked: SlideCheck) -> None:
            left = len(checked.waiting)
            words = tr("{number} 核对通过。", number=checked.slide.number)
            more = tr("本例还有 {count} 张待核对。", count=left) if left else tr("本例玻片已全部核对。")
            self.signals.fits(f"{words}{more}")
            self._refresh()

        def refused(error: Exception) -> None:
            self.signals.stop(message_for(error).text)

        request = CheckSlide(slide_code=code, block_code=block_code, station=self.station)
        self._run(request, came, refused)

    def hand_over(self, slides: Sequence[SlideView], receiver: str) -> None:
        """玻片移交 to the diagnosis room; what stays behind of the same cases is named."""
        if not slides or self.is_held():
            return

        def came(report: HandOverReport) -> None:
            self._tell(report.lines, "已移交 {count} 张玻片")
            if report.missing:
                numbers = tr("、").join(one.number for one in report.missing[:6])
                sentence = tr("同例还有 {count} 张未移交：{numbers}", count=len(report.missing), numbers=numbers)
                self.desk.place.messages.say(sentence, Tone.WARNING)
            self._refresh()

        ids = tuple(one.id for one in slides)
        self._run(HandSlidesOver(slide_ids=ids, receiver=receiver, station=self.station), came)

    def delete(self, slides: Sequence[SlideView]) -> None:
        """Delete slides whose label was never printed (PA-SLD-14)."""
        ids = tuple(one.id for one in slides)
        self.batch(DeleteSlides(slide_ids=ids), "已删除 {count} 张玻片", bool(ids))

    def add_manual(self, values: Mapping[str, Any], section_day: date, failed: Callable[[Exception], None]) -> None:
        """手工录入切片信息 (PA-SLD-13): the case and block by their numbers."""
        if self.is_held():
            return
        place, station = self.desk.place, self.station
        number, serial = str(values["number"]).strip().upper(), str(values["serial"]).strip().upper()

        def work() -> tuple[SlideView, ...]:
            details = place.connection.call(OpenCase(number=number))
            block = next((one for one in details.grossing.blocks if one.serial == serial), None)
            if serial and block is None:
                raise NoBlock(number, serial)
            specimen = None if block is not None else next((one.id for one in details.specimens), None)
            return place.connection.call(
                AddManualSlides(
                    case_id=details.case.id,
                    block_id=block.id if block is not None else None,
                    specimen_id=specimen,
                    count=int(values["count"] or 1),
                    source=values["source"] or TaskSource.ROUTINE,
                    stain=str(values["stain"]).strip() or "HE",
                    section_day=section_day,
                    preparation_day=values["day"] or section_day,
                    station=station,
                )
            )

        place.runner.run(work, self._made, failed)

    def smear(self, values: Mapping[str, Any], failed: Callable[[Exception], None]) -> None:
        """涂片制片 of a cytology case (PA-CSL-01)."""
        if self.is_held():
            return
        place, station = self.desk.place, self.station
        number = str(values["number"]).strip().upper()

        def work() -> tuple[SlideView, ...]:
            details = place.connection.call(OpenCase(number=number))
            specimen = details.specimens[0].id if len(details.specimens) == 1 else None
            return place.connection.call(
                MakeSmears(
                    case_id=details.case.id,
                    specimen_id=specimen,
                    count=int(values["count"] or 1),
                    stain=str(values["stain"]).strip(),
                    station=station,
                )
            )

        place.runner.run(work, self._made, failed)

    # ── scanning ─────────────────────────────────────────────────────────────────────────────────────

    def scan(self, code: str, then: Callable[[ObjectFacts], None], expected: Expected | None = None) -> None:
        """Read a code here; what fits goes to `then`, all else stops in colour and sound."""
        request = Scan(code=code, station=self.desk.station.id, expected=expected or Expected())

        def came(result: ScanResult) -> None:
            if result.found is None or result.verdict not in _GOOD:
                self.signals.stop(result.message)
                return
            then(result.found)

        self._run(request, came, lambda error: self.signals.stop(message_for(error).text))

    def take_block(self, found: ObjectFacts) -> None:
        """This block is under work now: only its slides are printed and checked."""
        self.block = found
        if found.code not in self.block_codes:
            self.block_codes.append(found.code)
        self.signals.fits(tr("当前蜡块 {number}：{title}", number=found.number, title=found.title))

    def print_slides_of(self, block: ObjectFacts) -> None:
        """The labels of a scanned block's slides that have none, and no others (single-piece flow)."""
        place = self.desk.place

        def came(details: Any) -> None:
            mine = [one for one in details.slides if one.block_id == block.id and not one.label_prints]
            if mine:
                self.print_slides([one for one in mine if one.state is SlideState.CUT], (block.code,))
            else:
                place.messages.say(tr("{number} 没有待打印的玻片标签。", number=block.number))

        place.runner.run(lambda: place.connection.call(OpenCase(case_id=block.case_id)), came, place.messages.report)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _made(self, slides: tuple[SlideView, ...]) -> None:
        numbers = tr("、").join(one.number for one in slides[:6])
        self.desk.place.messages.say(tr("已增加玻片：{numbers}", numbers=numbers), Tone.SUCCESS)
        self._refresh()

    def batch(self, request: Request[BatchReport], words: str, has_rows: bool) -> None:
        """A command of many rows; `words` say how many were done."""
        if not has_rows:
            self.desk.place.messages.say(tr("请先勾选或选中要操作的行。"), Tone.WARNING)
            return
        if self.is_held():
            return

        def came(report: BatchReport) -> None:
            self._tell(report.lines, words)
            self._refresh()

        self._run(request, came)

    def _run(
        self, request: Request[Any], came: Callable[[Any], None], failed: Callable[[Exception], None] | None = None
    ) -> None:
        place = self.desk.place
        place.runner.run(lambda: place.connection.call(request), came, failed or place.messages.report)

    def _tell(self, lines: Sequence[BatchLine], words: str) -> None:
        done = sum(line.is_done for line in lines)
        if done:
            self.desk.place.messages.say(tr(words, count=done), Tone.SUCCESS)
        skipped = [line for line in lines if not line.is_done]
        for line in skipped[:3]:
            self.desk.place.messages.say(line.message or line.number, Tone.WARNING)
        if len(skipped) > 3:
            self.desk.place.messages.say(tr("另有 {count} 项未完成。", count=len(skipped) - 3), Tone.WARNING)


class NoBlock(ValueError):
    """A case has no block with this serial."""

    def __init__(self, number: str, serial: str) -> None:
        super().__init__(tr("病例 {number} 没有取材序号 {serial}。", number=number, serial=serial))


def is_block(found: ObjectFacts, *states: BlockState) -> bool:
    """Whether a block in one of these states was scanned."""
    return found.kind is ObjectKind.BLOCK and found.state in [state.value for state in states]
