"""A pathology report on a whole server over real sockets: opinions, audit, print, send, amendment, frozen section."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from clients.kit.server_connection import ServerConnection
from shared.contract.errors import Refused
from shared.contract.identity import CreateUser
from shared.contract.pathology import CaseEntry, ListLibraries, RegisterCase
from shared.contract.pathology_media import AddMedia, MediaFacts
from shared.contract.pathology_preparation import AddManualSlides
from shared.contract.pathology_reports import (
    Audit,
    BatchPrint,
    ClocksOfCases,
    CodeView,
    CompareEditions,
    NoteReadBack,
    Open,
    OpinionText,
    Preview,
    Print,
    Reopen,
    SaveOpinion,
    Send,
    SetCodes,
)
from shared.contract.pathology_technique import AcceptSpecimens, SaveGrossing, SpecimenEntry
from shared.contract.results import ListReportResults, ResultKind, ResultState
from shared.domain.pathology import CaseState, LibraryKind, OpinionKind
from shared.domain.pathology_media import MediaKind, MediaSubject
from shared.domain.pathology_reports import PaperState, Urgency
from tests.results_house import until
from tests.server.pathology.media.media_house import NOW, a_key, jpeg
from tests.server_process import ServerProcess, running_server

ROLES = {"zhao": "pathology_first", "qian": "pathology_chief", "sun": "pathology_second", "li": "pathology_auditor"}
TEXT = OpinionText(findings="异型腺体浸润至浆膜下。", diagnosis="（胃窦）慢性萎缩性胃炎，伴中度肠化。")
PASSWORD = "Test-pass-2026"


class House:
    """A server with four doctors signed in."""

    def __init__(self, server: ServerProcess) -> None:
        self.admin = ServerConnection(str(server.connection))
        self.admin.login("admin", server.admin_password)
        self.doctors: dict[str, ServerConnection] = {}
        for login, role in ROLES.items():
            self.admin.call(CreateUser(login=login, name=login, password=PASSWORD, roles=(role,)))
            self.doctors[login] = ServerConnection(str(server.connection))
            self.doctors[login].login(login, PASSWORD)

    def case(self, kind: LibraryKind = LibraryKind.ROUTINE, *, prepared: bool = True) -> int:
        """A registered case; with `prepared` it has a gross description, a slide and two pictures."""
        library = next(one.id for one in self.admin.call(ListLibraries()) if one.entry.kind is kind)
        entry = CaseEntry(patient_name="欧阳𠮷祥", hospital_patient_id="H0001", application_number="A-1", age="45岁")
        made = self.admin.call(RegisterCase(library_id=library, entry=entry, specimens=(SpecimenEntry(name="胃窦"),)))
        case_id = made.case.id
        specimen = made.specimens[0]
        self.admin.call(AcceptSpecimens(specimen_ids=(specimen.id,)))
        if prepared:
            version = made.grossing.version
            self.admin.call(SaveGrossing(case_id=case_id, version=version, description="溃疡型肿物，3×2×1.5 cm。"))
            today = date.today()
            self.admin.call(
                AddManualSlides(case_id=case_id, specimen_id=specimen.id, section_day=today, preparation_day=today)
            )
            facts = MediaFacts(
                case_id=case_id, kind=MediaKind.IMAGE, subject=MediaSubject.MICROSCOPE, media_type="image/jpeg",
                taken_at=NOW, objective="10x", um_per_pixel=1.0,
            )  # fmt: skip
            self.admin.call(AddMedia(key=a_key(), facts=facts, data=jpeg()))
        return case_id

    def close(self) -> None:
        for line in (self.admin, *self.doctors.values()):
            line.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running_server(tmp_path_factory.mktemp("pathology") / "data") as server:
        made = House(server)
        yield made
        made.close()


def words_of(line: ServerConnection, document_id: int, folder: Path) -> str:
    path = folder / "paper.pdf"
    path.write_bytes(line.fetch_document(document_id))
    return subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True).stdout


def given_out(house: House, report_id: int, count: int) -> list[Any]:
    """The results of a report, once so many are there and none waits."""

    def rows() -> Any:
        found = house.admin.call(ListReportResults(report_id=report_id))
        return found if len(found) >= count and all(row.state is not ResultState.WAITING for row in found) else ()

    return list(until(rows, 60))


def test_a_report_from_the_first_opinion_to_the_corrected_one(house: House, tmp_path: Path) -> None:
    zhao, qian, sun, li = (house.doctors[name] for name in ROLES)
    case_id = house.case()
    zhao.call(SaveOpinion(case_id=case_id, kind=OpinionKind.FIRST, text=TEXT))
    qian.call(SaveOpinion(case_id=case_id, kind=OpinionKind.CHIEF, text=TEXT))
    qian.call(SetCodes(case_id=case_id, codes=(CodeView(system="icdo-t", code="C16.3"),)))
    page = sun.call(SaveOpinion(case_id=case_id, kind=OpinionKind.SECOND, text=TEXT))
    assert page.state is CaseState.SECOND and page.images == 1
    with pytest.raises(Refused):
        zhao.call(Audit(case_id=case_id, version=page.report.version))
    page = li.call(Audit(case_id=case_id, version=page.report.version))
    report_id = page.report.id
    printed = li.call(Print(report_id=report_id))
    said = words_of(li, printed.id, tmp_path)
    for word in ("欧阳𠮷祥", "慢性萎缩性胃炎", "溃疡型肿物", "zhao", "sun", "li"):
        assert word in said
    page = li.call(Send(report_id=report_id))
    assert page.state is CaseState.SENT and page.report.print_count == 1
    first = given_out(house, report_id, 3)
    assert [row.sentence for row in first if row.state is not ResultState.DONE] == []
    _look_at_objects(house, first, tmp_path)
    li.call(Reopen(case_id=case_id, reason="部位写错"))
    mine = next(one for one in sun.call(Open(case_id=case_id)).opinions if one.is_mine)
    better = OpinionText(findings=TEXT.findings, diagnosis="（胃体）慢性萎缩性胃炎，伴中度肠化。")
    page = sun.call(
        SaveOpinion(case_id=case_id, kind=OpinionKind.SECOND, text=better, opinion_id=mine.id, version=mine.version)
    )
    page = li.call(Audit(case_id=case_id, version=page.report.version))
    assert page.state is CaseState.SENT and page.report.edition == 2
    differences = li.call(CompareEditions(report_id=report_id, older=1, newer=2))
    assert [field for field, _parts in differences] == ["diagnosis"]
    again = given_out(house, report_id, len(first) + 3)
    assert {row.event.value for row in again} >= {"approved", "withdrawn", "revised"}
    assert [row.sentence for row in again if row.state is not ResultState.DONE] == []
    assert "更正报告" in words_of(li, li.call(Print(report_id=report_id)).id, tmp_path)


def _look_at_objects(house: House, rows: list[Any], folder: Path) -> None:
    """The objects in the archive, as outside programs see them."""
    kinds = {row.kind for row in rows}
    assert {ResultKind.SR, ResultKind.PDF, ResultKind.CDA} <= kinds
    bulk = house.admin.open_bulk()
    try:
        for row in rows:
            if row.kind not in (ResultKind.SR, ResultKind.PDF):
                continue
            data = bytes(bulk.fetch("object", row.sop_instance_uid).data)
            made = dcmread(BytesIO(data))
            assert made.PatientID == "H0001"
            path = folder / f"{row.kind}.dcm"
            path.write_bytes(data)
            if (tool := shutil.which("dciodvfy")) is not None:
                said = subprocess.run([tool, str(path)], capture_output=True, text=True, errors="replace", check=False)
                assert [line for line in (said.stdout + said.stderr).splitlines() if "Error" in line] == []
            if row.kind is ResultKind.SR:
                texts = "\n".join(str(element.value) for element in made.iterall() if element.VR in ("UT", "LO", "SH"))
                assert "慢性萎缩性胃炎" in texts and "溃疡型肿物" in texts and "C16.3" in texts
                assert made.ConceptNameCodeSequence[0].CodeValue == "11526-1"
            else:
                assert made.MIMETypeOfEncapsulatedDocument == "application/pdf"
                assert made.DocumentTitle.startswith("病理诊断报告")
    finally:
        bulk.close()


def test_a_frozen_report_with_its_clock_and_read_back(house: House, tmp_path: Path) -> None:
    qian = house.doctors["qian"]
    case_id = house.case(LibraryKind.FROZEN, prepared=False)
    page = qian.call(Open(case_id=case_id))
    assert page.frozen is not None and page.frozen.clock.urgency is Urgency.CALM
    assert 1100 < page.frozen.clock.seconds_left <= 1200
    page = qian.call(SaveOpinion(case_id=case_id, kind=OpinionKind.FROZEN, text=OpinionText(diagnosis="良性病变")))
    qian.call(NoteReadBack(case_id=case_id, to="三号手术间 刘护士"))
    printed = qian.call(Print(report_id=page.others[0].id))
    said = words_of(qian, printed.id, tmp_path)
    assert "术中冰冻病理报告" in said and "刘护士" in said and "良性病变" in said
    page = qian.call(Open(case_id=case_id))
    assert page.others[0].state is PaperState.PRINTED and page.state is CaseState.REGISTERED
    assert page.frozen is not None and page.frozen.clock.urgency is Urgency.MET
    assert qian.call(ClocksOfCases(case_ids=(case_id,)))[case_id].urgency is Urgency.CALM


def test_formats_follow_the_number_of_images(house: House, tmp_path: Path) -> None:
    qian, li = house.doctors["qian"], house.doctors["li"]
    case_id = house.case()
    page = qian.call(SaveOpinion(case_id=case_id, kind=OpinionKind.CHIEF, text=TEXT))
    with_image = words_of(qian, qian.call(Preview(report_id=page.report.id)).id, tmp_path)
    assert "HE 10x" in with_image
    without = words_of(qian, qian.call(Preview(report_id=page.report.id, format_key="routine_0")).id, tmp_path)
    assert "HE 10x" not in without
    li.call(Audit(case_id=case_id, version=page.report.version))
    [row] = li.call(BatchPrint(case_ids=(case_id,)))
    assert row.done and row.format_key == "routine_1"
