"""The doors of pathology on a real database: log-in choices, library rights, settings, and papers read back."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy
import pytest
from PIL import Image

from server.kernel.dispatch import NOBODY
from server.kernel.errors import Refusal
from shared.contract import pathology_stations as contract
from shared.contract.errors import ErrorCode
from shared.contract.pathology import BookCase, CaseDetails, CaseEntry, ListLibraries, OpenCase, RegisterCase
from shared.contract.pathology_technique import AcceptSpecimens, RejectSpecimens, SpecimenEntry
from shared.contract.pathology_trail import GetTrail
from shared.contract.printing import DocumentView, Output
from shared.domain.pathology import CaseAction, ObjectKind
from shared.domain.states import Sex
from tests.server.pathology.reports.report_room import Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    with made.database.write() as uow:
        made.areas.pathology.seed(uow)
    yield made
    made.close()


def registered(room: Room, *specimens: str) -> CaseDetails:
    clerk = room.user("pathology_registrar", "wang")
    library = room.ask(clerk, ListLibraries())[0]
    entry = CaseEntry(patient_name="欧阳𠮷祥", sex=Sex.MALE, age="45岁", department="骨外科", is_urgent=True)
    made: CaseDetails = room.ask(
        clerk,
        RegisterCase(
            library_id=library.id, entry=entry, specimens=tuple(SpecimenEntry(name=name) for name in specimens)
        ),
    )
    return made


def words_of(room: Room, document: DocumentView, folder: Path) -> str:
    path = folder / "paper.pdf"
    path.write_bytes(room.document(document.id))
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout


def test_the_log_in_window_offers_libraries_and_people_of_the_department_only(room: Room) -> None:
    room.user("pathology_registrar", "wang")
    room.user("doctor", "radiologist")
    gone = room.user("pathology_grosser", "gone")
    with room.database.write() as uow:
        room.areas.identity.set_active(uow, gone.user_id, False)
    choices = room.ask(NOBODY, contract.LoginChoices())
    assert [one.name for one in choices.libraries] == ["常规", "冰冻", "细胞学", "液基细胞学", "肾穿"]
    assert [user.login for user in choices.users] == ["wang"]


def test_a_user_enters_only_the_libraries_that_were_given(room: Room) -> None:
    wang, admin = room.user("pathology_registrar", "wang"), room.user("administrator", "boss")
    first, second, *_ = room.ask(admin, ListLibraries())
    assert room.ask(wang, contract.EnterLibrary(library_id=second.id)).idle_minutes == 0
    now = next(one for one in room.ask(admin, contract.ListLibraryRights()) if one.login == "wang")
    assert now.library_ids == () and now.version == 0
    kept = room.ask(admin, contract.SetLibraryRights(user_id=now.user_id, version=now.version, library_ids=(first.id,)))
    assert kept.library_ids == (first.id,)
    assert room.ask(wang, contract.EnterLibrary(library_id=first.id))
    with pytest.raises(Refusal) as refused:
        room.ask(wang, contract.EnterLibrary(library_id=second.id))
    assert refused.value.body.code is ErrorCode.PERMISSION_MISSING
    with pytest.raises(Refusal) as stale:
        room.ask(admin, contract.SetLibraryRights(user_id=now.user_id, version=0, library_ids=()))
    assert stale.value.body.code is ErrorCode.CONFLICT
    user = next(one for one in room.ask(NOBODY, contract.LoginChoices()).users if one.login == "wang")
    assert user.library_ids == (first.id,)
    with pytest.raises(Refusal) as nobody:
        room.ask(wang, contract.ListLibraryRights())
    assert nobody.value.body.code is ErrorCode.PERMISSION_MISSING


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"idle_minutes": -1}, "idle_minutes"),
        ({"idle_minutes": 481}, "idle_minutes"),
        ({"quick_fields": ("age", "age")}, "quick_fields"),
        ({"quick_fields": ("colour",)}, "quick_fields"),
        ({"sending_unit": "院" * 101}, "sending_unit"),
    ],
)
def test_settings_that_make_no_sense_are_refused_at_their_field(
    room: Room, changes: dict[str, object], field: str
) -> None:
    admin = room.user("pathology_admin")
    with pytest.raises(Refusal) as refused:
        room.ask(
            admin,
            contract.SaveStationSettings(settings=msgspec.structs.replace(contract.StationSettings(), **changes)),
        )
    assert (refused.value.body.code, refused.value.body.field) == (ErrorCode.INVALID, field)


def test_settings_are_kept_with_a_version(room: Room) -> None:
    admin = room.user("pathology_admin")
    given = contract.StationSettings(idle_minutes=15, sending_unit="明镜医院", quick_fields=("patient_name", "age"))
    kept = room.ask(admin, contract.SaveStationSettings(settings=given))
    assert (kept.idle_minutes, kept.sending_unit, kept.quick_fields) == (15, "明镜医院", ("patient_name", "age"))
    assert room.ask(room.user("pathology_registrar"), contract.GetStationSettings()) == kept
    with pytest.raises(Refusal) as refused:
        room.ask(admin, contract.SaveStationSettings(settings=given))
    assert refused.value.body.code is ErrorCode.CONFLICT


def test_the_barcode_of_a_case_is_read_back_by_a_scanner(room: Room, tmp_path: Path) -> None:
    clerk = room.user("pathology_registrar", "wang")
    details = registered(room, "股骨头")
    document = room.ask(clerk, contract.PrintCaseBarcode(case_id=details.case.id))
    assert (document.kind, document.media_type) == ("pathology_barcode", "application/pdf")
    words = words_of(room, document, tmp_path)
    assert details.case.number in words and "骨外科" in words and "急" in words and "股骨头" in words
    subprocess.run(
        ["pdftoppm", "-r", "300", "-gray", tmp_path / "paper.pdf", tmp_path / "label"], check=True, capture_output=True
    )
    zxingcpp = pytest.importorskip("zxingcpp")
    picture = numpy.asarray(Image.open(next(tmp_path.glob("label*.pgm"))))
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [details.case.code]
    again = contract.PrintCaseBarcode(case_id=details.case.id, output=Output(format="zpl", dpi=203, copies=2))
    with pytest.raises(Refusal, match="已打印过 1 张") as refused:
        room.ask(clerk, again)
    assert refused.value.body.code is ErrorCode.DUPLICATE
    zpl = room.ask(clerk, msgspec.structs.replace(again, reprint=True))
    assert room.ask(clerk, OpenCase(case_id=details.case.id)).case.label_prints == 3
    trail = room.ask(clerk, GetTrail(kind=ObjectKind.CASE, object_id=details.case.id))
    assert [event.note for event in trail.events if event.action == CaseAction.PRINT_LABEL] == ["×1", "×2"]
    assert zpl.media_type == "application/zpl" and room.document(zpl.id).startswith(b"^XA")


def test_slips_name_the_specimens_of_their_kind_and_the_reason(room: Room, tmp_path: Path) -> None:
    clerk = room.user("pathology_registrar", "wang")
    details = registered(room, "胃窦", "胃体", "胃角")
    first, second, _third = details.specimens
    for rejected in (False, True):
        with pytest.raises(Refusal) as refused:
            room.ask(clerk, contract.PrintSlip(case_id=details.case.id, rejected=rejected))
        assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION
    room.ask(clerk, AcceptSpecimens(specimen_ids=(first.id,)))
    room.ask(clerk, RejectSpecimens(specimen_ids=(second.id,), reason="容器破损，固定液外漏"))
    accepted = words_of(room, room.ask(clerk, contract.PrintSlip(case_id=details.case.id)), tmp_path)
    assert "标本签收单" in accepted and "胃窦" in accepted and "胃体" not in accepted and "胃角" not in accepted
    rejected = words_of(room, room.ask(clerk, contract.PrintSlip(case_id=details.case.id, rejected=True)), tmp_path)
    assert "标本拒收单" in rejected and "胃体" in rejected and "胃窦" not in rejected
    assert "容器破损" in rejected and details.case.number in rejected
    english = words_of(room, room.ask(clerk, contract.PrintSlip(case_id=details.case.id, language="en")), tmp_path)
    assert "Specimen acceptance slip" in english


def test_an_appointment_has_no_barcode(room: Room) -> None:
    clerk = room.user("pathology_registrar", "wang")
    library = room.ask(clerk, ListLibraries())[0]
    booked = room.ask(clerk, BookCase(library_id=library.id, entry=CaseEntry(patient_name="陈静")))
    with pytest.raises(Refusal) as refused:
        room.ask(clerk, contract.PrintCaseBarcode(case_id=booked.case.id))
    assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION
