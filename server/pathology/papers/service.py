"""包埋条码, 制片条码, 取材明细, 标本移交表, 玻片移交表. Draws without holding the database, then keeps the document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found
from server.pathology.papers.drawing import draw, with_values
from server.pathology.papers.ports import Cases, Documents, HospitalName, Technique
from server.printing.drawing import MEDIA, check_output
from server.printing.layout.sheet import Language
from shared.contract import pathology_papers as contract
from shared.contract.pathology import CaseDetails
from shared.contract.pathology_preparation import ListSlides, SlideFilter, SlideRow, SlideView
from shared.contract.pathology_technique import BlockView, ListSpecimens, SpecimenFilter, SpecimenRow
from shared.contract.printing import DocumentView, Output
from shared.domain.pathology import BLOCK_STATES, SLIDE_STATES, SPECIMEN_STATES, TASK_SOURCES, ObjectKind, TaskSource
from shared.domain.states import Sex
from shared.paper.layout import Facts

_NAMES: dict[Language, dict[str, str]] = {
    "zh": {
        contract.CASSETTE: "包埋条码",
        contract.SLIDE: "制片条码",
        contract.GROSSING_SHEET: "取材明细",
        contract.SPECIMEN_SHEET: "标本移交表",
        contract.SLIDE_SHEET: "玻片移交表",
    },
    "en": {
        contract.CASSETTE: "Cassette labels",
        contract.SLIDE: "Slide labels",
        contract.GROSSING_SHEET: "Grossing detail",
        contract.SPECIMEN_SHEET: "Specimen hand-over sheet",
        contract.SLIDE_SHEET: "Slide hand-over sheet",
    },
}
_SEX = {"zh": {Sex.MALE: "男", Sex.FEMALE: "女", Sex.OTHER: "其他"}, "en": {Sex.MALE: "M", Sex.FEMALE: "F"}}
_PAGE = 500


class BenchPapers:
    """Labels and papers of the grossing bench and the technical room."""

    def __init__(
        self,
        database: Database,
        time: HospitalTime,
        cases: Cases,
        technique: Technique,
        hospital: HospitalName,
        documents: Documents,
    ) -> None:
        self._database, self._time = database, time
        self._cases, self._technique = cases, technique
        self._hospital, self._documents = hospital, documents

    # ── labels ───────────────────────────────────────────────────────────────────────────────────────

    def cassettes(self, caller: Caller, request: contract.DrawCassetteLabels) -> DocumentView:
        """包埋条码. Raises NOT_FOUND, INVALID, ILLEGAL_ACTION."""
        check_output(request.output)
        with self._database.read() as uow:
            pieces = self._pieces(uow, caller, ObjectKind.BLOCK, request.block_ids, "block_ids")
            hospital = self._hospital.name(uow, "zh")
            facts = [self._cassette(details, block, hospital) for details, block in pieces]
        name = f"cassette_{request.symbology.value}"
        return self._keep(caller, contract.CASSETTE, name, facts, hospital, pieces[0][0].case.id, request.output)

    def slides(self, caller: Caller, request: contract.DrawSlideLabels) -> DocumentView:
        """制片条码. Raises NOT_FOUND, INVALID, ILLEGAL_ACTION."""
        check_output(request.output)
        with self._database.read() as uow:
            pieces = self._pieces(uow, caller, ObjectKind.SLIDE, request.slide_ids, "slide_ids")
            hospital = self._hospital.name(uow, "zh")
            facts = [self._slide(details, slide, hospital) for details, slide in pieces]
        name = f"slide_{request.symbology.value}"
        return self._keep(caller, contract.SLIDE, name, facts, hospital, pieces[0][0].case.id, request.output)

    def _pieces(
        self, uow: UnitOfWork, caller: Caller, kind: ObjectKind, ids: Sequence[int], field: str
    ) -> list[tuple[CaseDetails, Any]]:
        if not 1 <= len(ids) <= contract.MOST_LABELS:
            raise invalid(field, f"一次请打印 1 到 {contract.MOST_LABELS} 张标签。")
        known: dict[int, CaseDetails] = {}
        found: list[tuple[CaseDetails, Any]] = []
        for one in ids:
            case_id = self._technique.case_of(uow, kind, one)
            if case_id not in known:
                known[case_id] = self._cases.details(uow, caller, case_id)
            details = known[case_id]
            living: Sequence[Any] = details.grossing.blocks if kind is ObjectKind.BLOCK else details.slides
            piece = next((view for view in living if view.id == one), None)
            if piece is None:
                raise not_found("材块" if kind is ObjectKind.BLOCK else "玻片")
            if not piece.label_prints:
                raise illegal_action(piece.state, "该标签还没有放行打印，请从打印条码的按钮打印。")
            found.append((details, piece))
        return found

    def _cassette(self, details: CaseDetails, block: BlockView, hospital: str) -> Facts:
        return Facts(
            {
                "code": block.code,
                "number": block.label,
                "name": details.case.entry.patient_name,
                "source": _source(block.source, block.source_note, "zh"),
                "hospital": hospital,
                "day": self._minute(block.grossed_at)[:10],
            }
        )

    def _slide(self, details: CaseDetails, slide: SlideView, hospital: str) -> Facts:
        case_number = slide.case_number
        return Facts(
            {
                "code": slide.code,
                "number": slide.number,
                "case_number": case_number,
                "piece": slide.number.removeprefix(case_number).lstrip("-/"),
                "name": details.case.entry.patient_name,
                "stain": slide.stain,
                "source": _source(slide.source, "", "zh"),
                "hospital": hospital,
                "day": self._minute(slide.made_at)[:10],
            }
        )

    # ── sheets ───────────────────────────────────────────────────────────────────────────────────────

    def grossing_sheet(self, caller: Caller, case_id: int, language: str) -> DocumentView:
        """取材明细. Raises NOT_FOUND, ILLEGAL_ACTION."""
        spoken: Language = "en" if language == "en" else "zh"
        with self._database.read() as uow:
            details = self._cases.details(uow, caller, case_id)
            grossing, case = details.grossing, details.case
            if not grossing.blocks and not grossing.description:
                raise illegal_action(case.state, "本病例还没有取材记录，取材后才能打印取材明细。")
            hospital = self._hospital.name(uow, spoken)
        entry = case.entry
        stored = [one for one in details.specimens if one.place or one.handling]
        values = {
            "code": case.code,
            "number": case.number,
            "name": entry.patient_name,
            "sex": _SEX[spoken].get(entry.sex, ""),
            "age": entry.age,
            "department": entry.department,
            "bed": entry.bed,
            "received_at": self._minute(case.received_at),
            "clinical_diagnosis": entry.clinical_diagnosis,
            "specimen": "、".join(one.entry.name for one in details.specimens) or entry.specimen_name,
            "handling": "、".join(dict.fromkeys(one.handling for one in stored if one.handling)),
            "place": "、".join(dict.fromkeys(one.place for one in stored if one.place)),
            "description": grossing.description.strip(),
            "block_total": str(grossing.block_total),
            "piece_total": str(grossing.piece_total),
            "range": "",
        }
        rows = [
            {
                "serial": block.serial,
                "source": _source(block.source, block.source_note, spoken),
                "site": block.site,
                "pieces": f"{block.pieces} {block.unit}",
                "grosser": block.grosser,
                "grossed_at": self._minute(block.grossed_at),
                "state": _word(BLOCK_STATES[block.state], spoken),
            }
            for block in grossing.blocks
        ]
        facts = Facts(values, {"blocks": rows})
        kind = contract.GROSSING_SHEET
        return self._keep(caller, kind, "grossing_sheet", [facts], hospital, case.id, Output(), spoken)

    def specimen_sheet(self, caller: Caller, filter: SpecimenFilter, language: str) -> DocumentView:
        """标本移交表. Raises INVALID."""
        spoken: Language = "en" if language == "en" else "zh"
        with self._database.read() as uow:
            found: list[SpecimenRow] = []
            cursor = ""
            while True:
                request = ListSpecimens(filter=filter, cursor=cursor, limit=_PAGE)
                page = self._technique.specimens(uow, caller, request)
                found += page.rows
                cursor = page.next_cursor
                if not cursor or len(found) > contract.MOST_LINES:
                    break
            hospital = self._hospital.name(uow, spoken)
        _demand_lines(found)
        found.sort(key=lambda row: (row.specimen.case_number, row.specimen.serial))
        rows = [
            {
                "piece": one.number,
                "name": row.patient_name,
                "specimen": " ".join(part for part in (one.entry.name, one.entry.site) if part),
                "quantity": f"{one.entry.quantity}{one.entry.unit}",
                "blocks": str(row.blocks),
                "pieces": str(row.pieces),
                "state": _word(SPECIMEN_STATES[one.state], spoken),
                "by": one.handed_over_by,
                "to": one.handed_over_to,
                "at": self._minute(one.handed_over_at),
            }
            for row in found
            for one in (row.specimen,)
        ]
        days = _days(filter.handed_over_first, filter.handed_over_last)
        numbers = _numbers(filter.first_number, filter.last_number)
        values = {
            "range": "  ".join(part for part in (days, numbers) if part),
            "total": str(len(found)),
            "block_total": str(sum(row.blocks for row in found)),
            "piece_total": str(sum(row.pieces for row in found)),
        }
        kind, facts = contract.SPECIMEN_SHEET, Facts(values, {"rows": rows})
        return self._keep(caller, kind, "specimen_sheet", [facts], hospital, 0, Output(), spoken)

    def slide_sheet(self, caller: Caller, filter: SlideFilter, language: str) -> DocumentView:
        """玻片移交表. Raises INVALID."""
        spoken: Language = "en" if language == "en" else "zh"
        with self._database.read() as uow:
            found: list[SlideRow] = []
            cursor = ""
            while True:
                page = self._technique.slides(uow, caller, ListSlides(filter=filter, cursor=cursor, limit=_PAGE))
                found += page.rows
                cursor = page.next_cursor
                if not cursor or len(found) > contract.MOST_LINES:
                    break
            hospital = self._hospital.name(uow, spoken)
        _demand_lines(found)
        rows = [
            {
                "piece": one.number,
                "name": row.patient_name,
                "source": _source(one.source, "", spoken),
                "stain": one.stain,
                "state": _word(SLIDE_STATES[one.state], spoken),
                "made_by": one.made_by,
                "made_at": self._minute(one.made_at),
                "to": one.handed_over_to,
                "at": self._minute(one.handed_over_at),
            }
            for row in found
            for one in (row.slide,)
        ]
        numbers = _numbers(filter.first_number, filter.last_number)
        values = {
            "range": "  ".join(part for part in (_days(filter.made_first, filter.made_last), numbers) if part),
            "total": str(len(found)),
            "case_total": str(len({row.slide.case_id for row in found})),
        }
        kind, facts = contract.SLIDE_SHEET, Facts(values, {"rows": rows})
        return self._keep(caller, kind, "slide_sheet", [facts], hospital, 0, Output(), spoken)

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    def _keep(
        self,
        caller: Caller,
        kind: str,
        name: str,
        facts: Sequence[Facts],
        hospital: str,
        subject_id: int,
        output: Output,
        language: Language = "zh",
    ) -> DocumentView:
        now = self._time.now()
        title = _NAMES[language][kind]
        more = {"title": title, "hospital": hospital, "printed_by": caller.name, "printed_at": self._minute(now)}
        full = [with_values(one, **more) for one in facts]
        data, warning = draw(name, full, title, hospital, self._time.local(now), language, output)
        with self._database.write() as uow:
            return self._documents.keep_view(
                uow, kind=kind, media_type=MEDIA[output.format], data=data, subject_id=subject_id, warning=warning
            )

    def _minute(self, moment: datetime | None) -> str:
        return f"{self._time.local(moment):%Y-%m-%d %H:%M}" if moment is not None else ""


def _demand_lines(found: Sequence[object]) -> None:
    if not found:
        raise invalid("filter", "没有符合条件的记录，请调整查询条件。")
    if len(found) > contract.MOST_LINES:
        raise invalid("filter", f"一张移交表最多 {contract.MOST_LINES} 行，请缩小时间或病理号范围。")


def _word(word: Any, language: Language) -> str:
    return str(word.en if language == "en" else word.zh)


def _source(source: TaskSource, note: str, language: Language) -> str:
    return note or _word(TASK_SOURCES[source], language)


def _days(first: object, last: object) -> str:
    if not first and not last:
        return ""
    return f"{first or ''} – {last or ''}" if first != last else str(first)


def _numbers(first: str, last: str) -> str:
    return f"{first} – {last}" if first or last else ""
