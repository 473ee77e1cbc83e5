"""A report as a file, and a report that is copied with its captures: on the whole server's areas."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from lxml import etree

from server.kernel.errors import Refusal
from server.pathology.reports.tables import Report
from shared.contract import pathology_reports as contract
from shared.contract.pathology_media import AddMedia, ListMedia, MediaFacts
from shared.domain.pathology import OpinionKind
from shared.domain.pathology_media import MediaKind, MediaSubject
from shared.domain.pathology_reports import FileFormat
from tests.server.pathology.media.media_house import a_key, jpeg
from tests.server.pathology.reports.report_room import Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.close()


def add_picture(room: Room, case_id: int, shade: int) -> None:
    facts = MediaFacts(
        case_id=case_id,
        kind=MediaKind.IMAGE,
        subject=MediaSubject.MICROSCOPE,
        media_type="image/jpeg",
        taken_at=dt.datetime.now(dt.UTC),
        caption="HE ×100",
    )
    room.ask(room.user("pathology_chief"), AddMedia(key=a_key(), facts=facts, data=jpeg(shade)))


def test_a_report_leaves_as_a_word_document_with_its_pictures(room: Room, tmp_path: Path) -> None:
    chief, auditor = room.user("pathology_chief"), room.user("pathology_auditor")
    case_id = room.case(patient_name="欧阳𠮷祥")
    add_picture(room, case_id, 60)
    add_picture(room, case_id, 200)
    room.write(chief, case_id, OpinionKind.CHIEF)
    version = room.open(chief, case_id).report.version
    page = room.ask(auditor, contract.Audit(case_id=case_id, version=version))
    wanted = contract.OutputReport(report_id=page.report.id, file_format=FileFormat.DOCX)
    path = tmp_path / "report.docx"
    path.write_bytes(room.document(room.ask(auditor, wanted).id))
    with zipfile.ZipFile(path) as parts:  # as any reader of ISO/IEC 29500 does it
        assert parts.testzip() is None
        assert sum(name.startswith("word/media/") for name in parts.namelist()) == 2
        body = etree.fromstring(parts.read("word/document.xml"))
    word = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t"
    said = [text.text or "" for text in body.iter(word)]
    for expected in ("欧阳𠮷祥", "病理诊断", "慢性萎缩性胃炎", "大体所见", "主诊医师", "pathology_auditor"):
        assert any(expected in text for text in said), expected
    assert any("HE ×100" in text for text in said)
    assert not any("<p>" in text for text in said)


def test_a_pasted_report_brings_its_captures_along(room: Room) -> None:
    chief = room.user("pathology_chief")
    source, target = room.case(), room.case()
    room.write(chief, source, OpinionKind.CHIEF)
    add_picture(room, source, 60)
    paste = contract.PasteReport(from_case_id=source, to_case_id=target, kind=OpinionKind.CHIEF)
    for _twice in range(2):
        room.ask(chief, paste)
        (copy,) = room.ask(chief, ListMedia(case_id=target))
    (own,) = room.ask(chief, ListMedia(case_id=source))
    assert copy.sha256 == own.sha256 and copy.id != own.id
    assert copy.facts.caption.startswith("HE ×100（自 ")


def test_the_department_says_how_many_images_a_report_prints(room: Room) -> None:
    chief, admin = room.user("pathology_chief"), room.user("pathology_admin")
    case_id = room.case()
    for shade in (60, 120, 200):
        add_picture(room, case_id, shade)
    room.write(chief, case_id, OpinionKind.CHIEF)
    report_id = room.open(chief, case_id).report.id
    paper = room.areas.pathology.reports.paper

    def slots() -> int:
        with room.database.read() as uow:
            return int(paper.order(uow, chief, uow.session.get_one(Report, report_id), "zh").format.slots)

    policy = room.ask(admin, contract.GetPolicy())
    assert slots() == 4  # the smallest format with room for three
    policy = room.ask(admin, contract.SavePolicy(policy=msgspec.structs.replace(policy, most_images=2)))
    assert slots() == 2
    room.ask(chief, contract.SetFormat(report_id=report_id, format_key="routine_6"))
    assert slots() == 6  # what a doctor chose stays
    with pytest.raises(Refusal):
        room.ask(admin, contract.SavePolicy(policy=msgspec.structs.replace(policy, most_images=7)))
