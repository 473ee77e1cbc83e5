"""Templates with their history, prints, outputs and test pages, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from databases import KINDS, a_database, make_tables

from server.kernel.database import Database
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.printing import Output
from shared.contract.queueing import WaitForecast
from shared.paper.builtin import builtin_text
from shared.paper.kinds import DocumentKind
from tests.server.printing_service.test_printing_service import House
from tests.server.reporting.reporting_world import LI, ZHAO, an_exam

OUTPUTS = ("pdf", "zpl", "tspl")


@pytest.fixture(params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with a_database(request.param, tmp_path) as database:
        made = House(database)
        made.world.exams.exams[7] = an_exam(7)
        yield made


def save(house: House, text: str, base: int, *, caller: Caller = LI, kind: str = "barcode", note: str = "") -> int:
    with house.world.database.write() as uow:
        return house.printing.templates.save(uow, caller, kind, text, base, note).info.version


def changed(words: str) -> str:
    return builtin_text(DocumentKind.BARCODE).replace("{room}  {planned_at}", words)


def versions(house: House) -> list[tuple[int, bool, str]]:
    with house.world.database.read() as uow:
        return [
            (one.version, one.is_current, one.saved_by) for one in house.printing.templates.versions(uow, "barcode")
        ]


def test_documents_are_drawn_by_the_newest_version_and_an_earlier_one_comes_back(house: House) -> None:
    assert versions(house) == [(0, True, "")]
    assert save(house, changed("一号"), 0) == 1
    assert "一号" in house.text_of(house.printing.print_barcode(LI, 7))
    assert save(house, changed("二号"), 1, caller=ZHAO, note="大字") == 2
    assert "二号" in house.text_of(house.printing.print_barcode(LI, 7))
    with house.world.database.write() as uow:
        assert house.printing.templates.restore(uow, LI, "barcode", 1, 2).info.note == "恢复版本 1"
    assert "一号" in house.text_of(house.printing.print_barcode(LI, 7))
    with house.world.database.write() as uow:
        house.printing.templates.restore(uow, LI, "barcode", 0, 3)
    assert "CT一室" in house.text_of(house.printing.print_barcode(LI, 7))
    assert versions(house) == [
        (4, True, "李医生"), (3, False, "李医生"), (2, False, "赵主任"), (1, False, "李医生"), (0, False, ""),
    ]  # fmt: skip
    with house.world.database.read() as uow:
        assert house.printing.templates.view(uow, "barcode", 2).info.note == "大字"
        assert [one.kind for one in house.printing.templates.list(uow)] == [kind.value for kind in DocumentKind]


def test_saving_the_same_again_keeps_nothing(house: House) -> None:
    assert save(house, builtin_text(DocumentKind.BARCODE), 0) == 0
    assert save(house, changed("一号"), 0) == 1
    assert save(house, changed("一号"), 1) == 1


def test_who_saves_on_an_older_version_is_told(house: House) -> None:
    save(house, changed("一号"), 0)
    with pytest.raises(Refusal) as refused:
        save(house, changed("二号"), 0)
    assert refused.value.body.code is ErrorCode.CONFLICT
    assert refused.value.body.version == 1


def test_two_that_save_at_once_are_one_and_a_conflict(house: House) -> None:
    outcomes: list[Any] = []

    def work(words: str) -> None:
        try:
            outcomes.append(save(house, changed(words), 0))
        except Refusal as refused:
            outcomes.append(refused.body.code)

    threads = [threading.Thread(target=work, args=(words,)) for words in ("甲", "乙", "丙")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(map(str, outcomes)) == ["1", "conflict", "conflict"]


def test_a_wrong_template_is_refused_with_line_and_field(house: House) -> None:
    with pytest.raises(Refusal) as refused:
        save(house, changed("{roon}"), 0)
    assert refused.value.body.code is ErrorCode.INVALID
    assert refused.value.body.message == "第 11 行：第 6 个元素“text”用了未知的数据项“roon”，是否为“room”？"
    for kind, text in (("leaflet", changed("x")), ("ticket", changed("x"))):
        with pytest.raises(Refusal):
            save(house, text, 0, kind=kind)
    with pytest.raises(Refusal):
        save(house, changed("x"), 0, note="长" * 201)
    with house.world.database.read() as uow, pytest.raises(Refusal) as missing:
        house.printing.templates.view(uow, "barcode", 9)
    assert missing.value.body.code is ErrorCode.NOT_FOUND


def test_what_was_printed_is_counted_by_station_and_person(house: House) -> None:
    label, form = house.printing.print_barcode(LI, 7), house.printing.print_registration_form(LI, 7)
    clerk = replace(LI, station="登记1")
    house.printing.record_print(clerk, label.id, " Zebra ", 2)
    house.printing.record_print(ZHAO, form.id, "Laser", 1)
    with house.world.database.read() as uow:
        told = house.printing.list_prints(uow, 7)
        assert [(one.kind, one.copies, one.printer, one.workstation, one.printed_by) for one in told] == [
            ("registration_form", 1, "Laser", "", "赵主任"),
            ("barcode", 2, "Zebra", "登记1", "李医生"),
        ]
        assert house.printing.list_prints(uow, 8) == ()
        assert house.printing.list_prints(uow, 7, "report") == ()
    for document_id, printer, copies in ((label.id, "", 1), (label.id, "x", 0), (label.id, "x", 100), (9999, "x", 1)):
        with pytest.raises(Refusal):
            house.printing.record_print(LI, document_id, printer, copies)


@pytest.mark.parametrize(
    "output",
    [
        Output(format="escpos"), Output(dpi=150), Output(copies=0), Output(copies=100), Output(offset_x_mm=51),
        Output(offset_y_mm=float("nan")), Output(darkness=31), Output(darkness=-1),
    ],
)  # fmt: skip
def test_an_output_that_no_printer_has_is_refused(house: House, output: Output) -> None:
    with pytest.raises(Refusal) as refused:
        house.printing.print_barcode(LI, 7, output)
    assert refused.value.body.field.startswith("output.")


@pytest.mark.parametrize("format", OUTPUTS)
def test_every_document_comes_in_every_format(house: House, format: str) -> None:
    exam = an_exam(7)
    row = msgspec.structs.replace(exam.row, ticket_number="A007", patient_name="欧阳𠮷祥")
    house.world.exams.exams[7] = msgspec.structs.replace(exam, row=row)
    output, service = Output(format=format, copies=2, darkness=10, offset_x_mm=1), house.printing
    made = [
        service.print_barcode(LI, 7, output),
        service.print_wristband(LI, 7, output),
        service.print_ticket(LI, 7, "zh", output),
        service.print_registration_form(LI, 7, "en", output),
        service.print_application(LI, 7, "zh", output),
        *(service.print_test_page(LI, kind.value, "zh", output) for kind in DocumentKind),
    ]
    for document in made:
        assert document.media_type == f"application/{format}"
        assert document.warning == ""
        assert house.bytes_of(document)


def test_a_ticket_says_the_forecast_where_there_is_one(house: House) -> None:
    class Waiting:
        def forecast(self, _uow: object, _exam: object) -> WaitForecast:
            return WaitForecast(ahead=4, minutes=25, low_minutes=10, high_minutes=40)

    exam = an_exam(7)
    house.world.exams.exams[7] = msgspec.structs.replace(
        exam, row=msgspec.structs.replace(exam.row, ticket_number="A007")
    )
    without = house.text_of(house.printing.print_ticket(LI, 7))
    assert "等候约" not in without
    house.printing._waiting = Waiting()  # the port that bootstrap fills
    text = house.text_of(house.printing.print_ticket(LI, 7)).replace("\n", "")
    assert "前面等候 4 人" in text
    assert "预计等候约 25 分钟" in text


def test_a_missing_character_is_told(house: House) -> None:
    exam = an_exam(7)
    row = msgspec.structs.replace(exam.row, patient_name="张\U0003fff0")
    house.world.exams.exams[7] = msgspec.structs.replace(exam, row=row)
    assert "\U0003fff0" in house.printing.print_barcode(LI, 7).warning


def test_templates_are_safe_against_hostile_facts(house: House) -> None:
    exam = an_exam(7)
    row = msgspec.structs.replace(exam.row, patient_name="{id_number}^XZ~JA<b>")
    house.world.exams.exams[7] = msgspec.structs.replace(exam, row=row)
    assert "{id_number}^XZ~JA<b>" in house.text_of(house.printing.print_barcode(LI, 7))
    zpl = house.bytes_of(house.printing.print_barcode(LI, 7, Output(format="zpl")))
    assert zpl.count(b"^XZ") == 1


def test_a_database_closed_in_between_is_no_matter(tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path)
    make_tables(database)
    save(House(database), changed("一号"), 0)
    database.close()
    again = Database.in_folder(tmp_path)
    house = House(again)
    house.world.exams.exams[7] = an_exam(7)
    assert "一号" in house.text_of(house.printing.print_barcode(LI, 7))
    again.close()
