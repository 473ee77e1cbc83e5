"""Archive and loan with everything they meet: places that fill, loans in parts, losses, destruction by two."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from server.pathology.keeping.tables import KeptRow, LoanRow
from shared.contract import pathology_keeping as contract
from shared.contract.errors import ErrorCode
from shared.contract.pathology import CaseEntry, ListLibraries, OpenCase, RegisterCase
from shared.contract.pathology_keeping import Borrower, KeptKind, LoanItemEntry
from shared.contract.pathology_preparation import SectionBlocks, SectionPlan
from shared.contract.pathology_technique import (
    AcceptSpecimens,
    AddBlocks,
    BlockEntry,
    EmbedBlocks,
    PieceCheck,
    SpecimenEntry,
    VerifyBlocks,
)
from shared.domain.pathology import BlockState, CaseFlag, CaseState, LoanState
from tests.server.pathology.reports.report_room import Room

BORROWER = Borrower(name="李明", phone="13900000000", unit="省肿瘤医院", relation="子女")
PASSWORD = "Secret-2026!"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    with made.database.write() as uow:
        made.areas.pathology.seed(uow)
    yield made
    made.close()


@pytest.fixture
def archivist(room: Room) -> Caller:
    return room.user("pathology_archivist", "archivist")


def sectioned(room: Room, count: int = 2) -> tuple[int, tuple[int, ...]]:
    """A case with sectioned blocks: its id and theirs."""
    clerk, grosser = room.user("pathology_registrar"), room.user("pathology_grosser")
    technician = room.user("pathology_technician")
    library = room.ask(clerk, ListLibraries())[0]
    entry = CaseEntry(patient_name="欧阳𠮷祥")
    case = room.ask(clerk, RegisterCase(library_id=library.id, entry=entry, specimens=(SpecimenEntry(name="胃窦"),)))
    room.ask(clerk, AcceptSpecimens(specimen_ids=tuple(one.id for one in case.specimens)))
    rows = tuple(BlockEntry(serial=str(n + 1), site="胃窦", pieces=1) for n in range(count))
    grossing = room.ask(grosser, AddBlocks(case_id=case.case.id, rows=rows))
    ids = tuple(block.id for block in grossing.blocks)
    assert room.ask(technician, VerifyBlocks(checks=tuple(PieceCheck(block_id=one) for one in ids))).done == count
    assert room.ask(technician, EmbedBlocks(block_ids=ids)).done == count
    room.ask(technician, SectionBlocks(plans=tuple(SectionPlan(block_id=one) for one in ids)))
    return case.case.id, ids


def a_place(room: Room, capacity: int = 0, kind: KeptKind = KeptKind.BLOCK, name: str = "1 号柜") -> int:
    entry = contract.PlaceEntry(kind=kind, name=name, room="B102", capacity=capacity)
    place: contract.PlaceView = room.ask(room.user("pathology_admin"), contract.SavePlace(entry=entry))
    return place.id


def refused(room: Room, caller: Caller, request: object) -> ErrorCode:
    with pytest.raises(Refusal) as refusal:
        room.ask(caller, request)  # type: ignore[arg-type]
    return refusal.value.body.code


def lend(room: Room, archivist: Caller, ids: tuple[int, ...], **more: object) -> contract.LoanView:
    told: dict[str, object] = {
        "items": tuple(LoanItemEntry(kind=KeptKind.BLOCK, object_id=one) for one in ids),
        "purpose": "外院会诊",
        "borrower": BORROWER,
        "deposit_fen": 50_000,
        "due_day": date.today() + timedelta(days=14),
    }
    view: contract.LoanView = room.ask(archivist, contract.Lend(**{**told, **more}))  # type: ignore[arg-type]
    return view


def archived(room: Room, archivist: Caller, count: int = 2) -> tuple[int, tuple[int, ...], int]:
    case_id, blocks = sectioned(room, count)
    place_id = a_place(room)
    report = room.ask(archivist, contract.ArchiveObjects(kind=KeptKind.BLOCK, object_ids=blocks, place_id=place_id))
    assert report.done == count
    return case_id, blocks, place_id


def block_states(room: Room, case_id: int) -> list[BlockState]:
    details = room.ask(room.user("pathology_admin"), OpenCase(case_id=case_id))
    return [block.state for block in details.grossing.blocks]


def test_a_full_place_is_refused_and_stops_no_other_object(room: Room, archivist: Caller) -> None:
    case_id, blocks = sectioned(room, 3)
    small, large = a_place(room, capacity=2), a_place(room, name="2 号柜")
    report = room.ask(archivist, contract.ArchiveObjects(kind=KeptKind.BLOCK, object_ids=blocks, place_id=small))
    assert [line.is_done for line in report.lines] == [True, True, False] and "已满" in report.lines[2].message
    again = room.ask(archivist, contract.ArchiveObjects(kind=KeptKind.BLOCK, object_ids=blocks, place_id=large))
    assert [line.is_done for line in again.lines] == [False, False, True] and "已归档" in again.lines[0].message
    assert block_states(room, case_id) == [BlockState.ARCHIVED] * 3
    places = {place.id: place.used for place in room.ask(archivist, contract.ListPlaces())}
    assert places == {small: 2, large: 1}
    rows = room.ask(archivist, contract.ListKept(kind=KeptKind.BLOCK, place_id=small))
    assert {row.place for row in rows} == {"B102 1 号柜"} and {row.patient_name for row in rows} == {"欧阳𠮷祥"}
    number = rows[0].case_number
    assert len(room.ask(archivist, contract.ListKept(kind=KeptKind.BLOCK, case_number=number))) == 3
    assert refused(room, archivist, contract.ArchiveObjects(kind=KeptKind.SLIDE, object_ids=(1,), place_id=small)) is (
        ErrorCode.INVALID
    )


def test_a_place_never_becomes_smaller_than_what_lies_there(room: Room, archivist: Caller) -> None:
    _, _, place_id = archived(room, archivist)
    admin = room.user("pathology_admin")
    view = next(one for one in room.ask(admin, contract.ListPlaces()) if one.id == place_id)
    entry = contract.PlaceEntry(kind=KeptKind.BLOCK, name="1 号柜", room="B102", capacity=1)
    assert refused(room, admin, contract.SavePlace(id=place_id, version=view.version, entry=entry)) is ErrorCode.INVALID
    twin = contract.PlaceEntry(kind=KeptKind.BLOCK, name="1 号柜", room="B102")
    assert refused(room, admin, contract.SavePlace(entry=twin)) is ErrorCode.INVALID


def test_a_loan_comes_back_in_parts_and_closes_with_the_last(room: Room, archivist: Caller) -> None:
    case_id, blocks, _ = archived(room, archivist)
    loan = lend(room, archivist, blocks)
    assert loan.state is LoanState.LENT and loan.number.startswith("J")
    assert block_states(room, case_id) == [BlockState.LENT] * 2
    with pytest.raises(Refusal) as twice:
        lend(room, archivist, blocks[:1])
    assert twice.value.body.code is ErrorCode.ILLEGAL_ACTION

    first = room.ask(
        archivist,
        contract.ReturnItems(loan_id=loan.id, version=loan.version, item_ids=(loan.items[0].id,), refund_fen=20_000),
    )
    assert first.state is LoanState.LENT and first.closed_at is None
    assert block_states(room, case_id) == [BlockState.ARCHIVED, BlockState.LENT]
    stale = contract.ReturnItems(loan_id=loan.id, version=loan.version, item_ids=(loan.items[1].id,))
    assert refused(room, archivist, stale) is ErrorCode.CONFLICT
    over = contract.ReturnItems(loan_id=loan.id, version=first.version, item_ids=(loan.items[1].id,), refund_fen=30_001)
    assert refused(room, archivist, over) is ErrorCode.INVALID
    last = room.ask(
        archivist,
        contract.ReturnItems(
            loan_id=loan.id, version=first.version, item_ids=(loan.items[1].id,), refund_fen=30_000,
            outside_diagnosis="胃窦腺癌，中分化",
        ),
    )  # fmt: skip
    assert last.state is LoanState.RETURNED and last.closed_at is not None and last.refund_fen == 50_000
    assert block_states(room, case_id) == [BlockState.ARCHIVED] * 2
    assert room.ask(archivist, contract.ListLoans(filter=contract.LoanFilter(states=(LoanState.LENT,)))) == ()
    (found,) = room.ask(archivist, contract.ListLoans(filter=contract.LoanFilter(borrower="李")))
    assert found.outside_diagnosis == "胃窦腺癌，中分化"


def test_all_items_are_lent_or_none(room: Room, archivist: Caller) -> None:
    case_id, blocks, _ = archived(room, archivist)
    taken = room.ask(archivist, contract.TakeOut(kind=KeptKind.BLOCK, object_ids=blocks[1:], reason="深切"))
    assert taken.done == 1
    with pytest.raises(Refusal, match="没有归档"):
        lend(room, archivist, blocks)
    assert block_states(room, case_id) == [BlockState.ARCHIVED, BlockState.SECTIONED]
    assert room.ask(archivist, contract.CountLoans()) == contract.LoanCounts(out=0, overdue=0)


def test_overdue_comes_with_the_day_and_goes_with_an_extension(room: Room, archivist: Caller) -> None:
    _, blocks, _ = archived(room, archivist)
    loan = lend(room, archivist, blocks)
    with room.database.write() as uow:
        uow.session.execute(update(LoanRow).values(due_day=date.today() - timedelta(days=3)))
    assert room.ask(archivist, contract.GetLoan(loan_id=loan.id)).state is LoanState.OVERDUE
    assert room.ask(archivist, contract.CountLoans()) == contract.LoanCounts(out=1, overdue=1)
    overdue = contract.ListLoans(filter=contract.LoanFilter(states=(LoanState.OVERDUE,)))
    assert len(room.ask(archivist, overdue)) == 1
    later = date.today() + timedelta(days=7)
    extended = room.ask(archivist, contract.ExtendLoan(loan_id=loan.id, version=loan.version, due_day=later))
    assert extended.state is LoanState.LENT and "延期" in extended.note
    again = contract.ExtendLoan(loan_id=loan.id, version=extended.version, due_day=later)
    assert refused(room, archivist, again) is ErrorCode.INVALID


def test_what_is_lost_is_blocked_and_its_case_is_marked(room: Room, archivist: Caller) -> None:
    case_id, blocks, _ = archived(room, archivist)
    loan = lend(room, archivist, blocks)
    request = contract.ReportLost(
        loan_id=loan.id, version=loan.version, item_ids=(loan.items[0].id,), reason="快递途中遗失"
    )
    partly = room.ask(archivist, request)
    assert partly.state is LoanState.LENT and block_states(room, case_id)[0] is BlockState.LOST
    flags = room.ask(room.user("pathology_admin"), OpenCase(case_id=case_id)).case.flags
    assert CaseFlag.LOST_MATERIAL in flags
    done = room.ask(
        archivist,
        contract.ReturnItems(loan_id=loan.id, version=partly.version, item_ids=(loan.items[1].id,)),
    )
    assert done.state is LoanState.LOST and done.closed_at is not None


def test_destruction_needs_time_a_sent_report_a_reason_and_a_second_person(room: Room, archivist: Caller) -> None:
    case_id, blocks, _ = archived(room, archivist, 1)
    room.user("pathology_archivist", "witness")

    def request(**more: str) -> contract.DestroyObjects:
        told = {"reason": "保存期满", "witness_login": "witness", "witness_password": PASSWORD}
        return contract.DestroyObjects(kind=KeptKind.BLOCK, object_ids=blocks, **{**told, **more})

    assert refused(room, archivist, request(witness_login="archivist")) is ErrorCode.INVALID
    assert refused(room, archivist, request(witness_password="wrong")) is ErrorCode.WRONG_PASSWORD
    assert refused(room, archivist, request(reason=" ")) is ErrorCode.INVALID
    assert room.ask(archivist, request()).done == 0
    with room.database.write() as uow:
        uow.session.execute(update(KeptRow).values(archived_at=datetime.now(UTC) - timedelta(days=15 * 366)))
    assert room.ask(archivist, request()).done == 0, "the report was never sent"
    room.put_state(case_id, CaseState.SENT)
    assert room.ask(archivist, request()).done == 1
    assert room.ask(archivist, contract.ListKept(kind=KeptKind.BLOCK)) == ()


def test_papers_are_kept_with_their_case(room: Room, archivist: Caller) -> None:
    case_id, _ = sectioned(room, 1)
    place_id = a_place(room, kind=KeptKind.PAPER, name="档案架")
    report = room.ask(archivist, contract.ArchiveObjects(kind=KeptKind.PAPER, object_ids=(case_id,), place_id=place_id))
    assert report.done == 1
    item = LoanItemEntry(kind=KeptKind.PAPER, object_id=case_id)
    loan = lend(room, archivist, (), items=(item,))
    assert [(one.kind, one.state) for one in loan.items] == [(KeptKind.PAPER, LoanState.LENT)]


def test_the_receipt_names_everything_in_both_languages(room: Room, archivist: Caller, tmp_path: Path) -> None:
    _, blocks, _ = archived(room, archivist)
    loan = lend(room, archivist, blocks)
    for language, words in (
        ("zh", ["借阅回执", "李明", "省肿瘤医院", "欧阳𠮷祥", "¥ 500.00", "外院会诊"]),
        ("en", ["Receipt", "Block", "On loan"]),
    ):
        document = room.ask(archivist, contract.DrawReceipt(loan_id=loan.id, language=language))
        path = tmp_path / f"{language}.pdf"
        path.write_bytes(room.document(document.id))
        text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
        assert all(word in text for word in [*words, loan.number, loan.items[0].number]), text


def test_the_list_of_loans_is_printed_as_it_was_found(room: Room, archivist: Caller, tmp_path: Path) -> None:
    _, blocks, _ = archived(room, archivist)
    loan = lend(room, archivist, blocks)
    wanted = contract.LoanFilter(borrower="李")
    for language, words in (
        ("zh", ["病理材料借阅清单", "李明", "省肿瘤医院", f"借阅 1 份 材料 {len(blocks)} 件 未归还 1 份"]),
        ("en", ["Loans of pathology material", "On loan", f"1 loans {len(blocks)} items 1 not returned"]),
    ):
        document = room.ask(archivist, contract.DrawLoanList(filter=wanted, language=language))
        assert document.kind == "pathology_loan_list"
        path = tmp_path / f"{language}.pdf"
        path.write_bytes(room.document(document.id))
        text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
        said = " ".join(text.split())
        assert all(word in said for word in [*words, loan.number, loan.due_day.isoformat()]), said
    nobody = contract.LoanFilter(borrower="无此人")
    with pytest.raises(Refusal, match="没有符合条件的借阅"):
        room.ask(archivist, contract.DrawLoanList(filter=nobody))
