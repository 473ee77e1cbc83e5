"""A report of an ECG on paper: what it says, and its PDF with vector traces on true scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from server.ecg.exams.facts import ExamFacts
from server.ecg.reports import rules
from server.ecg.reports.books import Books, unpacked
from server.ecg.reports.ports import NoSignatures, Signatures
from server.ecg.reports.tables import EcgEditionRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid
from server.reporting.seal import verification_code
from shared.contract.ecg_reports import ReportBody
from shared.domain.ecg_reports import (
    PARAMETERS,
    VERDICTS,
    Parameter,
    StatementSource,
    report_id_of,
)
from shared.domain.states import Sex
from shared.paper.joining import followers, joined
from shared.waveform.layouts import LayoutError
from shared.waveform.paper import Look
from shared.waveform.report_paper import ReportWords, Value, report_pdf
from shared.waveform.report_templates import TEMPLATES
from shared.waveform.report_text import text_report_pdf

if TYPE_CHECKING:
    from shared.waveform.record import EcgRecord

Language = Literal["zh", "en"]
KIND = "ecg_report"
_SHORT_S = 20.0
_LONG_SHOWN_S = 10.0
_NO_VALUE = "—"
_QTC = {"bazett": "Bazett", "fridericia": "Fridericia", "framingham": "Framingham", "hodges": "Hodges"}
_SEX = {Sex.MALE: ("男", "male"), Sex.FEMALE: ("女", "female"), Sex.OTHER: ("其他", "other"), Sex.UNKNOWN: ("", "")}
_WORDS = {
    "title": ("心电图报告", "ECG report"),
    "consultation": ("心电图会诊报告", "ECG consultation report"),
    "name": ("姓名：", "Name: "),
    "sex": ("性别：", "Sex: "),
    "age": ("年龄：", "Age: "),
    "accession": ("检查号：", "Accession: "),
    "department": ("科室：", "Department: "),
    "outpatient": ("门诊号：", "Outpatient no.: "),
    "inpatient": ("住院号：", "Inpatient no.: "),
    "health_check": ("体检号：", "Check-up no.: "),
    "patient_number": ("病人编号：", "Patient no.: "),
    "bed": ("床号：", "Bed: "),
    "recorded": ("检查时间：", "Recorded: "),
    "clinical": ("临床诊断：", "Clinical diagnosis: "),
    "applied": ("申请医院：", "Requested by: "),
    "findings": ("检查所见：", "Findings:"),
    "diagnosis": ("心电诊断：", "Diagnosis:"),
    "reader": ("报告医师：", "Read by: "),
    "auditor": ("审核医师：", "Audited by: "),
    "at": ("报告时间：", "Reported: "),
    "edition": ("版本：", "Edition: "),
    "continued": ("（见续页）", "(continued)"),
    "machine": ("机器提示：", "Machine statements: "),
    "changed": ("* 为医师修改值，机器测量值：", "* changed by the doctor; measured: "),
    "draft": ("未提交", "DRAFT"),
    "examined": ("检查时间：", "Examined: "),
    "attached": ("所附文件：", "Documents:"),
    "pages": ("{title}（{pages} 页，附后）", "{title} ({pages} pages, following)"),
    "apart": ("{title}（未能附后，请单独打印）", "{title} (does not follow: print it by itself)"),
}


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """Everything that a paper needs, gathered in one transaction; drawing it takes no database."""

    exam_id: int
    report_id: int
    record: EcgRecord | None  # None: the exam came as documents
    look: Look
    words: ReportWords
    template: str
    documents: tuple[tuple[str, bytes], ...] = ()  # title and PDF of those that follow


class EcgPaper:
    """Gathers and draws."""

    def __init__(self, books: Books, time: HospitalTime) -> None:
        self._books = books
        self._time = time
        self.signatures: Signatures = NoSignatures()

    def of_edition(self, uow: UnitOfWork, edition: EcgEditionRow, template: str, language: Language) -> PaperOrder:
        """Return the order of a submitted edition. Raises INVALID (unknown template)."""
        exam = self._books.exams.facts(uow, self._books.report(uow, edition.report_id).exam_id)
        signers = [("reader", edition.reader)]
        if edition.by_id != edition.reader_id:
            signers.append(("auditor", edition.by))
        signers += [("at", self._moment(edition.at)), ("edition", str(edition.number))]
        return self._order(
            uow,
            exam,
            unpacked(edition.body),
            template or edition.template,
            language,
            hospital=edition.hospital,
            is_consultation=bool(edition.consultation_id),
            signers=tuple(signers),
            code=verification_code(edition.report_id, edition.seal),
            signature=self.signatures.picture_of(uow, edition.by_id) or b"",
        )

    def of_draft(
        self,
        uow: UnitOfWork,
        exam: ExamFacts,
        body: ReportBody,
        template: str,
        language: Language,
        *,
        campus_id: int,
        is_consultation: bool,
        writer: str,
    ) -> PaperOrder:
        """Return the order of what was not submitted, with a watermark. Raises INVALID, ILLEGAL_ACTION."""
        return self._order(
            uow,
            exam,
            body,
            template,
            language,
            hospital=self._books.hospitals.name(uow, campus_id),
            is_consultation=is_consultation,
            signers=(("reader", writer),),
            watermark="draft",
        )

    def _order(
        self,
        uow: UnitOfWork,
        exam: ExamFacts,
        body: ReportBody,
        template: str,
        language: Language,
        *,
        hospital: str,
        is_consultation: bool,
        signers: tuple[tuple[str, str], ...],
        code: str = "",
        watermark: str = "",
        signature: bytes = b"",
    ) -> PaperOrder:
        basis = self._books.basis(uow, exam, body)
        record = None if basis.trace is None else self._books.traces.record(uow, basis.trace.id)
        recorded = exam.acquired_at if basis.trace is None else basis.trace.recorded_at or exam.acquired_at
        chosen = TEMPLATES[self._books.demand_template(template)]
        if record is not None and body.look.start >= record.seconds:
            raise invalid("look", "打印的起始时间超出了记录的长度，请重新选择。")
        from_hospital = self._books.hospitals.name(uow, exam.campus_id) if is_consultation else ""
        words = ReportWords(
            hospital=hospital,
            title=_word("consultation" if is_consultation else "title", language),
            patient=self._patient(exam, recorded, from_hospital, language, is_by_document=record is None),
            values=_values(body, language),
            findings=(_word("findings", language), body.findings),
            diagnosis=(_word("diagnosis", language), body.diagnosis),
            signers=tuple((_word(key, language), value) for key, value in signers),
            remarks=_remarks(body, language),
            continued=_word("continued", language),
            watermark=_word(watermark, language) if watermark else "",
            code=code,
            signature=signature,
        )
        look = Look(
            layout=body.look.layout or chosen.layout,
            speed=body.look.speed,
            gain=body.look.gain,
            filters=rules.filters_of(body.look),
            language=language,
            paper=chosen.paper,
            start=body.look.start,
            seconds=body.look.seconds or (None if record is None or record.seconds <= _SHORT_S else _LONG_SHOWN_S),
            rhythm=body.look.rhythm or ("II",),
        )
        followers = tuple((one.title, self._books.traces.bytes_of(one.sha256)) for one in basis.documents)
        return PaperOrder(exam.id, report_id_of(exam.id), record, look, words, chosen.key, followers)

    def _patient(
        self,
        exam: ExamFacts,
        recorded: datetime | None,
        from_hospital: str,
        language: Language,
        *,
        is_by_document: bool = False,
    ) -> tuple[tuple[str, str], ...]:
        entry = exam.entry
        facts = [
            ("name", exam.patient_name),
            ("sex", _SEX[exam.sex][language == "en"]),
            ("age", exam.age),
            ("accession", exam.accession_number),
            ("examined" if is_by_document else "recorded", "" if recorded is None else self._moment(recorded)),
        ]
        numbers = (
            ("outpatient", exam.outpatient_number),
            ("inpatient", exam.inpatient_number),
            ("health_check", exam.health_check_number),
            ("patient_number", exam.patient_number),
        )
        facts += [(key, value) for key, value in numbers if value][:1]
        facts += [("department", exam.department)] if exam.department else []
        facts += [("bed", exam.bed)] if exam.bed else []
        facts += [("applied", from_hospital)] if from_hospital else []
        facts += [("clinical", entry.clinical_diagnosis)] if entry.clinical_diagnosis else []
        return tuple((_word(key, language), " ".join(value.split())) for key, value in facts)

    def _moment(self, moment: datetime) -> str:
        local = moment if moment.tzinfo is None else self._time.local(moment)
        return f"{local:%Y-%m-%d %H:%M}"


def render(order: PaperOrder) -> bytes:
    """Return the PDF; the same order gives the same bytes. Raises INVALID for a look that cannot be printed.

    The pages of the documents follow; one that cannot (damaged, locked, too long) is named on the report instead.
    """
    language, following = order.look.language, followers([data for _title, data in order.documents])
    named = tuple(
        _word("pages" if one.follows else "apart", language).format(title=title, pages=one.pages)
        for (title, _data), one in zip(order.documents, following, strict=True)
    )
    try:
        if order.record is None:
            return joined(text_report_pdf(order.words, order.look, (_word("attached", language), named)), following)
        note = (_word("attached", language) + "；".join(named),) if named else ()
        words = replace(order.words, remarks=(*note, *order.words.remarks))
        return joined(report_pdf(order.record, order.look, words), following)
    except LayoutError as fault:
        raise invalid("look", "该排列或时段无法打印，请重新选择打印设置。") from fault


def _word(key: str, language: Language) -> str:
    return _WORDS[key][language == "en"]


def shown(name: Parameter, value: float | None) -> str:
    """Return a value as it is printed, with its unit."""
    word = PARAMETERS[name]
    if value is None:
        return _NO_VALUE
    space = "" if word.unit == "°" else " "
    return f"{value:.{word.decimals}f}{space}{word.unit}"


def _values(body: ReportBody, language: Language) -> tuple[Value, ...]:
    found = []
    for one in body.parameters:
        if one.name is Parameter.RR and not one.is_changed:
            continue  # the heart rate says it
        if not body.trace_id and one.value is None:
            continue  # nothing was measured here: what the doctor read in a document stands, no row of dashes
        label = PARAMETERS[one.name].en if language == "en" else PARAMETERS[one.name].zh
        if one.name is Parameter.QTC:
            label = f"QTc({_QTC[body.qtc_formula.value]})"
        found.append(Value(label, shown(one.name, one.value), one.is_changed and bool(body.trace_id)))
    return tuple(found)


def _remarks(body: ReportBody, language: Language) -> tuple[str, ...]:
    """Whether the machine's statements were confirmed (EX-ECG-11), and what the doctor changed."""
    found = []
    said = [one for one in body.statements if one.source is not StatementSource.DOCTOR]
    if said:
        parts = [
            f"{one.text}（{VERDICTS[one.verdict].zh}）"
            if language == "zh"
            else f"{one.text} ({VERDICTS[one.verdict].en})"
            for one in said
        ]
        found.append(_word("machine", language) + ("、" if language == "zh" else ", ").join(parts))
    changed = [one for one in body.parameters if one.is_changed]
    if changed and body.trace_id:
        words = [
            f"{PARAMETERS[one.name].en if language == 'en' else PARAMETERS[one.name].zh} {shown(one.name, one.machine)}"
            for one in changed
        ]
        found.append(_word("changed", language) + ("、" if language == "zh" else ", ").join(words))
    return tuple(found)
