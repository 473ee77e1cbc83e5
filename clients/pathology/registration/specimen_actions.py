"""Specimens of a stored case and papers of any: commands that take effect at once; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.bench.labels import Ask
from clients.pathology.desk import Desk
from shared.contract.base import Request
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.pathology_stations import PrintCaseBarcode, PrintSlip
from shared.contract.pathology_technique import (
    AcceptSpecimens,
    BatchReport,
    EditSpecimen,
    RegisterSpecimens,
    RejectSpecimens,
    SpecimenEntry,
)

Done = Callable[[], None]


class SpecimenActions:
    """Each command is followed by a fresh view of the case; what could not be done is named with its reason."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._place = desk.place

    def add(self, entry: SpecimenEntry, done: Done, failed: Callable[[Exception], None]) -> None:
        """标本登记: one more container."""
        case = self._desk.case
        if case is not None:
            self._do(RegisterSpecimens(case_id=case.id, entries=(entry,)), lambda _views: done(), failed)

    def edit(
        self, specimen_id: int, version: int, entry: SpecimenEntry, done: Done, failed: Callable[[Exception], None]
    ) -> None:
        """Change what was typed about a container."""
        request = EditSpecimen(specimen_id=specimen_id, version=version, entry=entry)
        self._do(request, lambda _view: done(), failed)

    def accept(self, specimen_ids: Sequence[int]) -> None:
        """标本确认."""
        request = AcceptSpecimens(specimen_ids=tuple(specimen_ids), station=self._desk.station.id.value)
        self._do(request, lambda report: self._tell(report, "已确认接收 {count} 件标本"))

    def reject(self, specimen_ids: Sequence[int], reason: str) -> None:
        """标本拒收 with its reason."""
        request = RejectSpecimens(specimen_ids=tuple(specimen_ids), reason=reason, station=self._desk.station.id.value)
        self._do(request, lambda report: self._tell(report, "已拒收 {count} 件标本，可打印拒收单"))

    def print_slip(self, *, rejected: bool) -> None:
        """标本签收单 or 标本拒收单."""
        case = self._desk.case
        if case is not None:
            print_document(self._desk, PrintSlip(case_id=case.id, rejected=rejected))

    def _do(
        self,
        request: Request[Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        line = self._place.connection

        def came(reply: Any) -> None:
            done(reply)
            self._desk.reload()

        self._place.runner.run(lambda: line.call(request), came, failed or self._place.messages.report)

    def _tell(self, report: BatchReport, words: str) -> None:
        skipped = [line for line in report.lines if not line.is_done]
        if report.done:
            self._place.messages.say(tr(words, count=report.done), Tone.SUCCESS)
        for line in skipped[:3]:
            self._place.messages.say(f"{line.number}：{line.message}", Tone.WARNING)


def print_case_barcode(desk: Desk, case_id: int, ask: Ask) -> None:
    """打印病理条码 in the form that this desk's printer wants; a second print is asked about first (PA-BAR-04)."""
    output, station = desk.papers.output("pathology_barcode"), desk.station.id.value

    def send(*, reprint: bool) -> None:
        request = PrintCaseBarcode(case_id=case_id, output=output, reprint=reprint, station=station)
        print_document(desk, request, refused)

    def refused(error: Exception) -> None:
        if isinstance(error, RpcError) and error.code is ErrorCode.DUPLICATE:
            answers = (("again", "重新打印", "primary"), ("stay", "取消", ""))
            ask(error.body.message, answers, lambda key: send(reprint=True) if key == "again" else None)
        else:
            desk.place.messages.report(error)

    send(reprint=False)


def print_document(desk: Desk, request: Request[Any], failed: Callable[[Exception], None] | None = None) -> None:
    """Let the server make a document and hand it to the printer of this desk; a sentence says where it went."""
    place = desk.place

    def work() -> str:
        return str(desk.papers.hand_out(place.connection.call(request)))

    def said(sentence: str) -> None:
        place.messages.say(sentence, Tone.SUCCESS)

    place.runner.run(work, said, failed or place.messages.report)
