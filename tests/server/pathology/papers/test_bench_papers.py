"""Labels of cassettes and slides read back by a scanner library at print resolution, and the bench's papers."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image

from server.kernel.errors import Refusal
from shared.contract import pathology_papers as contract
from shared.contract.errors import ErrorCode
from shared.contract.pathology import CaseDetails, CaseEntry, ListLibraries, OpenCase, RegisterCase
from shared.contract.pathology_preparation import ReleaseLabels, SectionBlocks, SectionPlan, SlideFilter
from shared.contract.pathology_technique import (
    AcceptSpecimens,
    AddBlocks,
    BlockEntry,
    EmbedBlocks,
    HandTissueOver,
    MarkCassettesPrinted,
    PieceCheck,
    SaveGrossing,
    SpecimenEntry,
    SpecimenFilter,
    VerifyBlocks,
)
from shared.contract.printing import DocumentView, Output
from tests.fakes.zpl_interpreter import draw_labels
from tests.server.pathology.reports.report_room import Room

zxingcpp: Any = pytest.importorskip("zxingcpp")
NAME = "欧阳𠮷祥"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("papers"))
    with made.database.write() as uow:
        made.areas.pathology.seed(uow)
    yield made
    made.close()


@pytest.fixture(scope="module")
def case(room: Room) -> CaseDetails:
    """Two blocks, of two digits and of a letter, with three slides each, their labels released."""
    clerk, grosser = room.user("pathology_registrar", "wang"), room.user("pathology_grosser", "qu")
    technician = room.user("pathology_technician", "ji")
    library = room.ask(clerk, ListLibraries())[0]
    entry = CaseEntry(patient_name=NAME, age="45岁", department="胃肠外科", clinical_diagnosis="胃窦占位")
    made = room.ask(
        clerk,
        RegisterCase(library_id=library.id, entry=entry, specimens=(SpecimenEntry(name="胃大部切除标本"),)),
    )
    case_id, specimen = made.case.id, made.specimens[0].id
    room.ask(clerk, AcceptSpecimens(specimen_ids=(specimen,)))
    rows = (BlockEntry(serial="12", site="胃窦小弯侧溃疡", pieces=3), BlockEntry(serial="A", site="切缘", pieces=2))
    blocks = room.ask(grosser, AddBlocks(case_id=case_id, rows=rows)).blocks
    page = room.ask(grosser, OpenCase(case_id=case_id)).grossing
    room.ask(grosser, SaveGrossing(case_id=case_id, version=page.version, description="溃疡型肿物，3×2×1.5 cm。"))
    room.ask(grosser, HandTissueOver(specimen_ids=(specimen,), receiver="技术员"))
    ids = tuple(block.id for block in blocks)
    room.ask(technician, VerifyBlocks(checks=tuple(PieceCheck(block_id=one) for one in ids)))
    room.ask(technician, EmbedBlocks(block_ids=ids))
    cut = room.ask(technician, SectionBlocks(plans=tuple(SectionPlan(block_id=one, sections=3) for one in ids)))
    assert room.ask(technician, MarkCassettesPrinted(block_ids=ids)).done == 2
    release = ReleaseLabels(
        slide_ids=tuple(one.id for one in cut.slides), block_codes=tuple(block.code for block in blocks)
    )
    assert room.ask(technician, release).done == 6
    details: CaseDetails = room.ask(technician, OpenCase(case_id=case_id))
    return details


def words_of(room: Room, document: DocumentView, folder: Path) -> str:
    path = folder / "paper.pdf"
    path.write_bytes(room.document(document.id))
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout


def pictures(room: Room, document: DocumentView, folder: Path, dpi: int) -> list[Any]:
    """The pages as a printer of this resolution rasterises them."""
    path = folder / "labels.pdf"
    path.write_bytes(room.document(document.id))
    subprocess.run(["pdftoppm", "-r", str(dpi), "-mono", path, folder / "page"], check=True, capture_output=True)
    return [numpy.asarray(Image.open(one).convert("L")) for one in sorted(folder.glob("page*.pbm"))]


def read(picture: Any) -> list[tuple[str, str]]:
    """What a scanner library sees on the label lying on a table."""
    around = numpy.pad(picture, 40, constant_values=255)
    return [(code.text, code.format.name) for code in zxingcpp.read_barcodes(around)]


def draw(kind: str, details: CaseDetails, **more: Any) -> Any:
    if kind == contract.CASSETTE:
        return contract.DrawCassetteLabels(block_ids=tuple(one.id for one in details.grossing.blocks), **more)
    return contract.DrawSlideLabels(slide_ids=tuple(one.id for one in details.slides), **more)


def codes_of(kind: str, details: CaseDetails) -> list[str]:
    return [one.code for one in (details.grossing.blocks if kind == contract.CASSETTE else details.slides)]


@pytest.mark.parametrize("kind", [contract.CASSETTE, contract.SLIDE])
@pytest.mark.parametrize(("symbology", "seen"), [("datamatrix", "DataMatrix"), ("code128", "Code128")])
@pytest.mark.parametrize("dpi", [203, 300])
def test_every_label_printed_by_a_driver_is_read_back(
    room: Room, case: CaseDetails, tmp_path: Path, kind: str, symbology: str, seen: str, dpi: int
) -> None:
    technician = room.user("pathology_technician", "ji")
    document = room.ask(technician, draw(kind, case, symbology=contract.Symbology(symbology), output=Output(dpi=dpi)))
    assert (document.kind, document.media_type, document.warning) == (kind, "application/pdf", "")
    found = [read(picture) for picture in pictures(room, document, tmp_path, dpi)]
    assert found == [[(code, seen)] for code in codes_of(kind, case)]


@pytest.mark.parametrize("kind", [contract.CASSETTE, contract.SLIDE])
@pytest.mark.parametrize(("symbology", "seen"), [("datamatrix", "DataMatrix"), ("code128", "Code128")])
@pytest.mark.parametrize("dpi", [203, 300])
def test_every_label_in_the_printer_s_own_language_is_read_back(
    room: Room, case: CaseDetails, kind: str, symbology: str, seen: str, dpi: int
) -> None:
    technician = room.user("pathology_technician", "ji")
    output = Output(format="zpl", dpi=dpi)
    document = room.ask(technician, draw(kind, case, symbology=contract.Symbology(symbology), output=output))
    assert document.media_type == "application/zpl"
    labels = draw_labels(room.document(document.id))
    found = [read(numpy.asarray(label.image.convert("L"))) for label in labels]
    assert found == [[(code, seen)] for code in codes_of(kind, case)]


@pytest.mark.parametrize("symbology", list(contract.Symbology))
def test_labels_say_what_a_person_needs(
    room: Room, case: CaseDetails, tmp_path: Path, symbology: contract.Symbology
) -> None:
    technician = room.user("pathology_technician", "ji")
    number, day = case.case.number, f"{date.today().year}-"
    words = words_of(room, room.ask(technician, draw(contract.CASSETTE, case, symbology=symbology)), tmp_path)
    assert all(part in words for part in (f"{number}-12", f"{number}-A", NAME, "常规", day)), words
    words = words_of(room, room.ask(technician, draw(contract.SLIDE, case, symbology=symbology)), tmp_path)
    assert all(part in words for part in (number, "12-01", "A-03", NAME, "HE", "常规", day)), words
    assert words.count(NAME) == 6


def test_a_label_that_was_not_released_is_not_drawn(room: Room, case: CaseDetails) -> None:
    grosser, technician = room.user("pathology_grosser", "qu"), room.user("pathology_technician", "ji")
    more = room.ask(grosser, AddBlocks(case_id=case.case.id, rows=(BlockEntry(serial="9Z", site="补"),))).blocks
    fresh = next(block for block in more if block.serial == "9Z")
    for request, code in (
        (contract.DrawCassetteLabels(block_ids=(fresh.id,)), ErrorCode.ILLEGAL_ACTION),
        (contract.DrawCassetteLabels(block_ids=()), ErrorCode.INVALID),
        (contract.DrawCassetteLabels(block_ids=(1,) * 201), ErrorCode.INVALID),
        (contract.DrawSlideLabels(slide_ids=(999_999,)), ErrorCode.NOT_FOUND),
        (contract.DrawSlideLabels(slide_ids=(case.slides[0].id,), output=Output(dpi=1)), ErrorCode.INVALID),
    ):
        with pytest.raises(Refusal) as refused:
            room.ask(technician, request)
        assert refused.value.body.code is code


def test_the_grossing_detail_names_rows_totals_and_the_description(
    room: Room, case: CaseDetails, tmp_path: Path
) -> None:
    grosser = room.user("pathology_grosser", "qu")
    document = room.ask(grosser, contract.DrawGrossingSheet(case_id=case.case.id))
    words = words_of(room, document, tmp_path)
    for part in ("取材明细", case.case.number, NAME, "胃窦小弯侧溃疡", "切缘", "溃疡型肿物", "胃肠外科"):
        assert part in words, part
    assert re.search(r"3\s*块", words) and re.search(r"材块总数\s*\d", words) and "已切片" in words
    english = words_of(
        room, room.ask(grosser, contract.DrawGrossingSheet(case_id=case.case.id, language="en")), tmp_path
    )
    assert "Grossing detail" in english and "Sectioned" in english


def test_hand_over_sheets_list_what_the_filter_finds(room: Room, case: CaseDetails, tmp_path: Path) -> None:
    technician = room.user("pathology_technician", "ji")
    number = case.case.number
    specimens = contract.DrawSpecimenSheet(filter=SpecimenFilter(first_number=number, last_number=number))
    words = words_of(room, room.ask(technician, specimens), tmp_path)
    assert "标本移交表" in words and "胃大部切除标本" in words and "技术员" in words and NAME in words
    slides = contract.DrawSlideSheet(filter=SlideFilter(first_number=number, last_number=number))
    words = words_of(room, room.ask(technician, slides), tmp_path)
    assert "玻片移交表" in words and words.count(f"{number}-12-0") == 3 and "玻片 6 张" in words
    with pytest.raises(Refusal) as nothing:
        room.ask(technician, contract.DrawSlideSheet(filter=SlideFilter(first_number="0", last_number="1")))
    assert nothing.value.body.code is ErrorCode.INVALID
