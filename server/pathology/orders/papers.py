"""医嘱工作单 and the table of special test results. Draws without holding the database, then keeps the document."""

from __future__ import annotations

from datetime import datetime

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid
from server.pathology.cases.facts import CaseFacts
from server.pathology.cases.service import CaseService
from server.pathology.orders import rules
from server.pathology.orders.lists import OrderLists
from server.pathology.papers.drawing import draw, with_values
from server.pathology.papers.ports import Documents, HospitalName
from server.printing.drawing import MEDIA
from server.printing.layout.sheet import Language
from shared.contract.pathology_orders import (
    CONTROLS,
    INTENSITIES,
    MOST_LINES,
    READINGS,
    RESULT_TABLE,
    WORK_SHEET,
    OrderFilter,
    OrderView,
)
from shared.contract.printing import DocumentView, Output
from shared.domain.pathology import ORDER_STATES, OrderState, Word
from shared.paper.layout import Facts

_TITLES = {
    WORK_SHEET: Word("医嘱工作单", "Order work sheet"),
    RESULT_TABLE: Word("特检结果表", "Special test results"),
}


class OrderPapers:
    """The two papers of this room."""

    def __init__(
        self,
        database: Database,
        time: HospitalTime,
        cases: CaseService,
        lists: OrderLists,
        hospital: HospitalName,
        documents: Documents,
    ) -> None:
        self._database, self._time, self._cases, self._lists = database, time, cases, lists
        self._hospital, self._documents = hospital, documents

    def work_sheet(self, caller: Caller, filter: OrderFilter, language: str) -> DocumentView:
        """医嘱工作单 (PA-PREP-02). Raises INVALID."""
        spoken: Language = "en" if language == "en" else "zh"
        with self._database.read() as uow:
            found = self._lists.all_of(uow, caller, filter, MOST_LINES + 1)
            hospital = self._hospital.name(uow, spoken)
        if not found:
            raise invalid("filter", "没有符合条件的医嘱，请调整查询条件。")
        if len(found) > MOST_LINES:
            raise invalid("filter", f"一张工作单最多 {MOST_LINES} 行，请缩小时间范围。")
        days = "  –  ".join(str(day) for day in (filter.first, filter.last) if day is not None)
        values = {
            "range": days if filter.first != filter.last else str(filter.first or ""),
            "total": str(len(found)),
            "case_total": str(len({one.case_id for one in found})),
            "slide_total": str(sum(one.count for one in found if one.block_id or one.specimen_id)),
        }
        facts = Facts(values, {"rows": [self._line(one, spoken) for one in found]})
        return self._keep(caller, WORK_SHEET, "order_sheet", facts, hospital, 0, spoken)

    def result_table(self, caller: Caller, case_id: int, language: str) -> DocumentView:
        """特检结果表 (EX-PA-06). Raises NOT_FOUND, ILLEGAL_ACTION."""
        spoken: Language = "en" if language == "en" else "zh"
        with self._database.read() as uow:
            case = self._cases.demand(uow, caller, case_id)
            wanted = OrderFilter(case_id=case_id, states=(OrderState.RESULTED,))
            found = self._lists.all_of(uow, caller, wanted, MOST_LINES)
            hospital = self._hospital.name(uow, spoken)
        if not found:
            raise illegal_action(case.state.value, "该病例还没有特检结果。")
        facts = Facts(_values(case), {"rows": [_result(one, spoken) for one in found]})
        return self._keep(caller, RESULT_TABLE, "order_results", facts, hospital, case_id, spoken)

    def _line(self, one: OrderView, language: Language) -> dict[str, str]:
        urgent = ("加急 " if language == "zh" else "URGENT ") if one.is_urgent else ""
        done = one.refused_at or one.executed_at
        return {
            "case": one.case_number,
            "piece": one.piece or one.case_number,
            "name": one.patient_name,
            "kind": rules.title(one.kind, language),
            "marker": one.marker,
            "count": str(one.count),
            "note": f"{urgent}{one.note or one.reason}".strip(),
            "state": _word(ORDER_STATES[one.state], language),
            "by": one.placed_by,
            "at": self._minute(one.placed_at),
            "done": " ".join(part for part in (one.executed_by or one.refused_by, self._minute(done)[5:]) if part),
        }

    def _keep(
        self,
        caller: Caller,
        kind: str,
        form: str,
        facts: Facts,
        hospital: str,
        subject_id: int,
        language: Language,
    ) -> DocumentView:
        now, title = self._time.now(), _word(_TITLES[kind], language)
        more = {"title": title, "hospital": hospital, "printed_by": caller.name, "printed_at": self._minute(now)}
        data, warning = draw(
            form, [with_values(facts, **more)], title, hospital, self._time.local(now), language, Output()
        )
        with self._database.write() as uow:
            return self._keep_bytes(uow, kind, data, subject_id, warning)

    def _keep_bytes(self, uow: UnitOfWork, kind: str, data: bytes, subject_id: int, warning: str) -> DocumentView:
        return self._documents.keep_view(
            uow, kind=kind, media_type=MEDIA["pdf"], data=data, subject_id=subject_id, warning=warning
        )

    def _minute(self, moment: datetime | None) -> str:
        return f"{self._time.local(moment):%Y-%m-%d %H:%M}" if moment is not None else ""


def _values(case: CaseFacts) -> dict[str, str]:
    about = "    ".join(part for part in (case.number, case.patient_name, case.age, case.department) if part)
    return {"about": about, "number": case.number, "specimen": case.specimen_name}


def _result(one: OrderView, language: Language) -> dict[str, str]:
    assert one.result is not None
    entry = one.result.entry
    percentage = rules.percentage_of(entry)
    return {
        "piece": one.piece,
        "marker": one.marker or rules.title(one.kind, language),
        "clone": " / ".join(part for part in (entry.clone, entry.lot) if part),
        "positive": _word(CONTROLS[entry.positive_control], language),
        "negative": _word(CONTROLS[entry.negative_control], language),
        "reading": _word(READINGS[entry.reading], language) if entry.reading is not None else "",
        "percentage": f"{percentage:g}%" if percentage is not None else "",
        "intensity": _word(INTENSITIES[entry.intensity], language) if entry.intensity is not None else "",
        "h_score": str(one.result.h_score) if one.result.h_score is not None else "",
        "text": entry.text,
        "by": one.result.entered_by,
    }


def _word(word: Word, language: Language) -> str:
    return word.en if language == "en" else word.zh
