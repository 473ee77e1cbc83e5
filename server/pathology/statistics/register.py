"""The report for the tumour register (EX-PA-07): a line for each tumour whose diagnosis was audited in some days.

Which tumours: every behaviour /2, /3, /6 and /9 of ICD-O-3, and /0 and /1 of the brain and its surroundings, which
registers take too; without a morphology the case's ICD-10 decides (C00-C97, D00-D09, D32-D33, D42-D43, D45-D47).
The basis of diagnosis is that of the registers: 5 cytology, 6 histology of a metastasis, 7 histology of the primary.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.text import one_of
from server.kernel.errors import invalid
from server.organisation.sheets import Cell
from server.pathology.cases.facts import entry_of
from server.pathology.cases.tables import CaseRow, LibraryRow
from server.pathology.cases.walking import between
from server.pathology.reports.tables import CodeRow, FilledRow, Report, ReportVersion
from server.pathology.statistics.sheets import sheet_of
from shared.contract.master import SheetView
from shared.contract.pathology_statistics import MOST_DAYS, MOST_EXPORTED, ExportTumours
from shared.domain.pathology import CYTOLOGY_KINDS, CaseState
from shared.domain.pathology_reports import PaperState, ReportKind
from shared.domain.states import Sex

_SEXES = {Sex.MALE.value: ("男", "Male"), Sex.FEMALE.value: ("女", "Female"), Sex.OTHER.value: ("其他", "Other")}
_REPORTED = "2369"
_BRAIN = ("C70", "C71", "C72", "C75.1", "C75.2", "C75.3")
_BASES = {5: ("5 细胞学", "5 Cytology"), 6: ("6 病理（继发）", "6 Metastasis"), 7: ("7 病理（原发）", "7 Histology")}
_BEHAVIOURS = {
    "0": ("良性", "Benign"),
    "1": ("动态未定", "Uncertain"),
    "2": ("原位", "In situ"),
    "3": ("恶性，原发", "Malignant, primary"),
    "6": ("恶性，继发", "Malignant, metastatic"),
    "9": ("恶性，原发或继发未定", "Malignant, primary or metastatic"),
}
_COLUMNS = (
    ("病理号", "Case number", 14),
    ("姓名", "Name", 12),
    ("性别", "Sex", 8),
    ("出生日期", "Date of birth", 12),
    ("年龄", "Age", 8),
    ("身份证号", "Identity number", 22),
    ("民族", "Ethnicity", 10),
    ("婚姻", "Marital state", 10),
    ("职业", "Occupation", 12),
    ("电话", "Phone", 16),
    ("住址", "Address", 36),
    ("门诊号", "Outpatient number", 16),
    ("住院号", "Inpatient number", 16),
    ("送检单位", "Sending unit", 20),
    ("送检科室", "Department", 14),
    ("部位编码", "ICD-O-3 topography", 12),
    ("部位", "Topography", 18),
    ("形态学编码", "ICD-O-3 morphology", 12),
    ("形态学", "Morphology", 26),
    ("行为", "Behaviour", 18),
    ("ICD-10", "ICD-10", 10),
    ("病理诊断", "Diagnosis", 60),
    ("分期", "Stage", 20),
    ("诊断依据", "Basis", 16),
    ("诊断日期", "Date of diagnosis", 12),
    ("主诊医师", "Chief doctor", 12),
    ("审核医师", "Audited by", 12),
)
"""Words in Chinese and English, and the width in characters."""


def is_reported(morphology: str, topography: str) -> bool:
    """Whether registers take a tumour of these ICD-O-3 codes."""
    behaviour = morphology.partition("/")[2]
    return bool(behaviour) and (behaviour in _REPORTED or (behaviour in "01" and topography.startswith(_BRAIN)))


def is_reported_icd10(code: str) -> bool:
    """Whether registers take a tumour of this ICD-10 code."""
    letter, number = code[:1], int(code[1:3]) if code[1:3].isdecimal() else -1
    if letter == "C":
        return 0 <= number <= 97
    return letter == "D" and (0 <= number <= 9 or number in (32, 33, 42, 43, 45, 46, 47))


class TumourRegister:
    """Reads what was audited; nothing is kept."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def sheet(self, uow: UnitOfWork, request: ExportTumours) -> SheetView:
        """The report as a file. Raises INVALID (days, nothing found, too many)."""
        if request.last < request.first or (request.last - request.first).days >= MOST_DAYS:
            raise invalid("last", f"请选择 1 到 {MOST_DAYS} 天的日期范围。")
        tongue = 1 if request.language == "en" else 0
        lines = list(self._lines(uow, request.first, request.last, tongue))
        if not lines:
            raise invalid(
                "last", "这些日期内没有需要登记的肿瘤；请检查报告是否已审核、是否已填写 ICD-O 或 ICD-10 编码。"
            )
        if len(lines) > MOST_EXPORTED:
            raise invalid("last", f"一次最多导出 {MOST_EXPORTED} 例，请缩小日期范围。")
        title = ("肿瘤登记", "Tumour register")[tongue]
        headings = [(zh, en)[tongue] for zh, en, _width in _COLUMNS]
        widths = [width for _zh, _en, width in _COLUMNS]
        return sheet_of(title, f"{title}_{request.first}_{request.last}", headings, widths, lines, request.format)

    def _lines(self, uow: UnitOfWork, first: date, last: date, tongue: int) -> Iterator[list[Cell]]:
        begin, end = self._time.day_bounds(first)[0], self._time.day_bounds(last)[1]
        text = and_(ReportVersion.report_id == Report.id, ReportVersion.number == Report.text_number)
        coded = select(CodeRow.case_id).where(CodeRow.system.in_(("icdo-m", "icd10")))
        statement = (
            select(CaseRow, LibraryRow.kind, Report, ReportVersion.diagnosis, FilledRow.stage)
            .join(LibraryRow, LibraryRow.id == CaseRow.library_id)
            .join(Report, and_(Report.case_id == CaseRow.id, Report.kind == ReportKind.MAIN.value))
            .join(ReportVersion, text)
            .outerjoin(FilledRow, and_(FilledRow.case_id == CaseRow.id, FilledRow.is_gone.is_(False)))
            .where(
                Report.state != PaperState.WRITING.value,
                *between(Report.audited_at, begin, end),
                CaseRow.state != CaseState.DELETED.value,
                CaseRow.id.in_(coded),
            )
            .order_by(Report.audited_at, CaseRow.id)
            .limit(MOST_EXPORTED + 1)
        )
        found: list[Any] = list(uow.session.execute(statement))
        codes = _codes_of(uow, [row[0].id for row in found])
        cytology = {kind.value for kind in CYTOLOGY_KINDS}
        for case, library, report, diagnosis, stage in found:
            own = codes[case.id]
            for topography, morphology in _tumours(own):
                yield [
                    *_of_patient(case, tongue),
                    *topography,
                    *morphology,
                    _BEHAVIOURS.get(morphology[0].partition("/")[2], ("", ""))[tongue],
                    "、".join(code for system, code, _meaning in own if system == "icd10"),
                    (diagnosis or "").strip(),
                    stage or "",
                    _BASES[5 if library in cytology else 6 if morphology[0].endswith("/6") else 7][tongue],
                    self._day(report.audited_at),
                    case.chief_doctor,
                    report.auditor,
                ]

    def _day(self, moment: datetime | None) -> str:
        return f"{self._time.local(moment):%Y-%m-%d}" if moment is not None else ""


def _codes_of(uow: UnitOfWork, case_ids: list[int]) -> dict[int, list[tuple[str, str, str]]]:
    found: dict[int, list[tuple[str, str, str]]] = {one: [] for one in case_ids}
    columns = (CodeRow.case_id, CodeRow.system, CodeRow.code, CodeRow.meaning)
    for start in range(0, len(case_ids), 5000):
        some = one_of(CodeRow.case_id, case_ids[start : start + 5000])
        for case_id, *code in uow.session.execute(select(*columns).where(some).order_by(CodeRow.position, CodeRow.id)):
            found[case_id].append((code[0], code[1], code[2]))
    return found


def _tumours(codes: list[tuple[str, str, str]]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Topography and morphology of each tumour to report; codes of one place in their lists belong together."""
    topographies = [(code, meaning) for system, code, meaning in codes if system == "icdo-t"]
    morphologies = [(code, meaning) for system, code, meaning in codes if system == "icdo-m"]
    nothing = ("", "")
    for place, morphology in enumerate(morphologies):
        topography = topographies[min(place, len(topographies) - 1)] if topographies else nothing
        if is_reported(morphology[0], topography[0]):
            yield topography, morphology
    if not morphologies and any(system == "icd10" and is_reported_icd10(code) for system, code, _meaning in codes):
        yield topographies[0] if topographies else nothing, nothing


def _of_patient(case: CaseRow, tongue: int) -> list[Any]:
    entry = entry_of(case.entry)
    return [
        case.number or "",
        case.patient_name,
        _SEXES.get(case.sex, ("", ""))[tongue],
        case.birth_date.isoformat() if case.birth_date else "",
        case.age,
        case.id_number,
        entry.ethnicity,
        entry.marital_state,
        entry.occupation,
        entry.phone,
        entry.address,
        case.outpatient_number,
        case.inpatient_number,
        case.sending_unit,
        case.department,
    ]
