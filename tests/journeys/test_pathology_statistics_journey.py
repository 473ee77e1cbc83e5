"""Queries, statistics, register book and exchange over real sockets: two servers, a case that goes between them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from clients.kit.paging import PageRequest
from clients.kit.server_connection import ServerConnection
from clients.pathology.statistics.package import Package, export
from clients.pathology.statistics.rows import CaseLines
from shared.contract.errors import Refused
from shared.contract.identity import CreateUser
from shared.contract.pathology import CaseDetails, CaseEntry, ListLibraries, OpenCase, RegisterCase
from shared.contract.pathology_media import AddMedia, MediaFacts
from shared.contract.pathology_statistics import (
    BookOf,
    CasesWhere,
    Condition,
    DrawCases,
    ExportCases,
    FigureOf,
    GetIndicators,
    GetTable,
    Group,
    ListEarlier,
    StatisticsFilter,
)
from shared.contract.pathology_technique import AcceptSpecimens, SpecimenEntry
from shared.domain.pathology_media import MediaKind, MediaSubject
from shared.domain.pathology_queries import LIST_FIELDS, Field, Operator
from shared.domain.pathology_statistics import GroupBy, Measure, Subject
from tests.server.pathology.media.media_house import NOW, a_key, jpeg
from tests.server_process import running_server

PASSWORD = "Test-pass-2026"
TODAY = date.today()
WHOLE = StatisticsFilter(first=date(TODAY.year - 1, 1, 1), last=date(TODAY.year + 1, 1, 1))


class House:
    """A server, its chief of pathology signed in."""

    def __init__(self, folder: Path) -> None:
        self._running = running_server(folder / "data")
        server = self._running.__enter__()
        admin = ServerConnection(str(server.connection))
        admin.login("admin", server.admin_password)
        roles = ("pathology_admin", "pathology_auditor", "pathology_registrar")
        admin.call(CreateUser(login="zhao", name="赵主任", password=PASSWORD, roles=roles))
        admin.close()
        self.line = ServerConnection(str(server.connection))
        self.line.login("zhao", PASSWORD)

    def close(self) -> None:
        self.line.close()
        self._running.__exit__(None, None, None)

    def register(self, name: str, number: str) -> CaseDetails:
        library = self.line.call(ListLibraries())[0]
        entry = CaseEntry(patient_name=name, age="45岁", sending_unit="东区医院", hospital_patient_id="P1")
        made = self.line.call(
            RegisterCase(library_id=library.id, entry=entry, number=number, specimens=(SpecimenEntry(name="胃窦"),))
        )
        self.line.call(AcceptSpecimens(specimen_ids=(made.specimens[0].id,)))
        return made


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, House]]:
    here, there = House(tmp_path_factory.mktemp("here")), House(tmp_path_factory.mktemp("there"))
    yield here, there
    here.close()
    there.close()


def test_what_is_registered_is_found_counted_opened_written_and_drawn(houses: tuple[House, House]) -> None:
    here = houses[0]
    cases = [here.register(name, f"26J{place:04}") for place, name in enumerate(("张三", "张三", "李四"), 1)]
    wanted = Group(parts=(Condition(field=Field.NAME, operator=Operator.IS, values=("张三",)),))
    page = CaseLines(here.line, CasesWhere(condition=wanted), LIST_FIELDS)(PageRequest(0, 50))
    assert {line.case_id for line in page.rows} == {cases[0].case.id, cases[1].case.id}
    table = here.line.call(GetTable(subject=Subject.SOURCES, group_by=GroupBy.UNIT, filter=WHOLE))
    assert [(row.key, row.values[0]) for row in table.rows] == [("东区医院", 3)]
    figure = FigureOf(
        subject=Subject.SOURCES, group_by=GroupBy.UNIT, filter=WHOLE, measure=Measure.SPECIMENS, key="东区医院"
    )
    assert CaseLines(here.line, figure, LIST_FIELDS)(PageRequest(0, 50)).total == 3
    book = BookOf(filter=WHOLE)
    sheet = here.line.call(ExportCases(which=book, fields=(Field.NUMBER, Field.NAME)))
    rows = list(load_workbook(BytesIO(sheet.content)).active.values)  # type: ignore[union-attr]
    assert rows[1:] == [("26J0001", "张三"), ("26J0002", "张三"), ("26J0003", "李四")]
    document = here.line.call(DrawCases(which=book))
    assert here.line.fetch_document(document.id).startswith(b"%PDF")
    assert len(here.line.call(GetIndicators(last=f"{TODAY:%Y-%m}"))) == 13
    assert [one.case_id for one in here.line.call(ListEarlier(case_id=cases[0].case.id))] == [cases[1].case.id]


def test_a_case_goes_to_another_server_with_its_pictures_and_only_once(
    houses: tuple[House, House], tmp_path: Path
) -> None:
    here, there = houses
    case = here.register("王五", "26J0100")
    facts = MediaFacts(
        case_id=case.case.id, kind=MediaKind.IMAGE, subject=MediaSubject.GROSS, media_type="image/jpeg", taken_at=NOW
    )
    here.line.call(AddMedia(key=a_key(), facts=facts, data=jpeg()))
    folder = export(here.line, case.case.id, tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["case.json", "manifest.json", "media"]
    package = Package(folder)
    new_id = package.send(there.line, package.check(there.line))
    found = there.line.call(OpenCase(case_id=new_id))
    assert (found.case.number, found.case.entry.patient_name) == ("26J0100", "王五")
    with pytest.raises(Refused, match="26J0100"):
        Package(folder).check(there.line)
    again = export(there.line, new_id, tmp_path / "back")
    assert [path.read_bytes() for path in sorted((again / "media").iterdir())] == [jpeg()]
