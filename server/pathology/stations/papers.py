"""Papers of reception: the case's barcode, the acceptance slip and the rejection slip (PA-REG-09, PA-REG-16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib import resources

import msgspec

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid
from server.pathology.stations.ports import Cases, Documents, HospitalName, Labels
from server.printing.drawing import MEDIA, check_output
from server.printing.layout.dots import dot_page
from server.printing.layout.pages import pdf_of
from server.printing.layout.sheet import Language, Metadata
from server.printing.layout.tspl import tspl_of
from server.printing.layout.zpl import zpl_of
from shared.contract.pathology import CaseDetails
from shared.contract.pathology_stations import PrintCaseBarcode
from shared.contract.pathology_technique import SpecimenView
from shared.contract.printing import DocumentView, Output
from shared.domain.pathology import SpecimenState
from shared.domain.states import Sex
from shared.paper.layout import Facts, LayoutError, lay_out, with_offset
from shared.paper.template import Template

BARCODE, ACCEPTANCE, REJECTION = "pathology_barcode", "pathology_acceptance", "pathology_rejection"
_NAMES = {
    "zh": {BARCODE: "病理条码", ACCEPTANCE: "标本签收单", REJECTION: "标本拒收单"},
    "en": {BARCODE: "Case barcode", ACCEPTANCE: "Specimen acceptance slip", REJECTION: "Specimen rejection slip"},
}
_SEX = {
    "zh": {Sex.MALE: "男", Sex.FEMALE: "女", Sex.OTHER: "其他"},
    "en": {Sex.MALE: "M", Sex.FEMALE: "F", Sex.OTHER: "O"},
}


class ReceptionPapers:
    """Draws without holding the database, then keeps the document."""

    def __init__(
        self,
        database: Database,
        time: HospitalTime,
        cases: Cases,
        labels: Labels,
        hospital: HospitalName,
        documents: Documents,
    ) -> None:
        self._database = database
        self._labels = labels
        self._time = time
        self._cases = cases
        self._hospital = hospital
        self._documents = documents

    def barcode(self, caller: Caller, request: PrintCaseBarcode) -> DocumentView:
        """打印病理条码. Raises NOT_FOUND, ILLEGAL_ACTION, INVALID, DUPLICATE."""
        case_id, output = request.case_id, request.output
        check_output(output)

        def count(uow: UnitOfWork) -> None:
            self._labels.count_label(
                uow, caller, case_id, output.copies, is_confirmed=request.reprint, station=request.station
            )

        with self._database.read() as uow:
            details = self._cases.details(uow, caller, case_id)
            if not details.case.number:
                raise illegal_action(details.case.state, "预约病例还没有病理号，执行预约后才能打印条码。")
            facts = Facts(self._values(uow, caller, details, "zh"))
        return self._keep(BARCODE, facts, details, output, "zh", count)

    def slip(self, caller: Caller, case_id: int, language: str, *, rejected: bool) -> DocumentView:
        """标本签收单 or 标本拒收单. Raises NOT_FOUND, ILLEGAL_ACTION."""
        spoken: Language = "en" if language == "en" else "zh"
        with self._database.read() as uow:
            details = self._cases.details(uow, caller, case_id)
            shown = [one for one in details.specimens if (one.state is SpecimenState.REJECTED) is rejected]
            if not rejected:
                shown = [one for one in shown if one.state is not SpecimenState.REGISTERED]
            if not shown:
                sentence = "没有已拒收的标本。" if rejected else "还没有确认接收的标本，请先确认。"
                raise illegal_action(details.case.state, sentence)
            rows = [self._row(one) for one in shown]
            facts = Facts(
                {**self._values(uow, caller, details, spoken), "rejected": "1" if rejected else ""}, {"specimens": rows}
            )
        return self._keep(REJECTION if rejected else ACCEPTANCE, facts, details, Output(), spoken)

    def _keep(
        self,
        kind: str,
        facts: Facts,
        details: CaseDetails,
        output: Output,
        language: Language,
        before: Callable[[UnitOfWork], None] = lambda _uow: None,
    ) -> DocumentView:
        template = template_of("barcode" if kind == BARCODE else "slip")
        facts = replace(facts, values={**facts.values, "title": _NAMES[language][kind]})
        try:
            laid_out = lay_out(template, facts, language)
        except LayoutError as fault:
            raise invalid("case_id", str(fault)) from fault
        if output.format == "pdf":
            pages = tuple(with_offset(page, output.offset_x_mm, output.offset_y_mm) for page in laid_out.pages)
            about = Metadata(
                f"{_NAMES[language][kind]} {details.case.number}",
                facts.values["hospital"],
                _NAMES[language][kind],
                self._time.local(self._time.now()),
                language,
            )
            data = pdf_of(replace(laid_out, pages=pages), {}, about).pdf
        else:
            dots = [
                dot_page(page, {}, output.dpi, offset_x_mm=output.offset_x_mm, offset_y_mm=output.offset_y_mm)
                for page in laid_out.pages
            ]
            write = zpl_of if output.format == "zpl" else tspl_of
            data = write(dots, copies=output.copies, darkness=output.darkness)
        missing = "".join(laid_out.missing)
        warning = f"以下字符没有字形，请手写补上：{missing}" if missing else ""
        with self._database.write() as uow:
            before(uow)
            return self._documents.keep_view(
                uow,
                kind=kind,
                media_type=MEDIA[output.format],
                data=data,
                subject_id=details.case.id,
                warning=warning,
            )

    def _values(self, uow: UnitOfWork, caller: Caller, details: CaseDetails, language: Language) -> dict[str, str]:
        case, entry = details.case, details.case.entry
        return {
            "hospital": self._hospital.name(uow, language),
            "number": case.number,
            "code": case.code or case.number,
            "name": entry.patient_name,
            "sex": _SEX[language].get(entry.sex, ""),
            "age": entry.age,
            "department": entry.department,
            "bed": entry.bed,
            "sending_unit": entry.sending_unit,
            "sending_doctor": entry.sending_doctor,
            "application_number": entry.application_number,
            "visit_number": entry.inpatient_number or entry.outpatient_number,
            "specimen": entry.specimen_name or (details.specimens[0].entry.name if details.specimens else ""),
            "clinical_diagnosis": entry.clinical_diagnosis,
            "urgent": "急" if entry.is_urgent else "",
            "infectious": "传染" if entry.is_infectious else "",
            "sent_at": self._minute(entry.sent_at),
            "received_at": self._minute(case.received_at),
            "day": self._minute(case.received_at)[:10],
            "registered_by": case.registered_by,
            "printed_by": caller.name,
            "printed_at": self._minute(self._time.now()),
        }

    def _row(self, one: SpecimenView) -> dict[str, str]:
        entry = one.entry
        return {
            "number": str(one.serial),
            "name": entry.name,
            "site": entry.site,
            "quantity": f"{entry.quantity}{entry.unit}",
            "container": entry.container,
            "fixative": entry.fixative,
            "removed_at": self._minute(entry.removed_at),
            "fixed_at": self._minute(entry.fixed_at),
            "decided": f"{one.decided_by} {self._minute(one.decided_at)}".strip(),
            "reason": one.reason,
        }

    def _minute(self, moment: object) -> str:
        from datetime import datetime

        return f"{self._time.local(moment):%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else ""


@cache
def template_of(name: str) -> Template:
    """The design of a paper of reception."""
    text = resources.files("server.pathology.stations").joinpath("forms", f"{name}.json").read_bytes()
    return msgspec.json.decode(text, type=Template)
