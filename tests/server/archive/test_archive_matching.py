"""Studies find their exams by themselves and by hand (RIS-ESM-10, RIS-EX-05)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from server.archive.rpc import ArchiveHandlers
from server.kernel.dispatch import SYSTEM, collect
from server.kernel.errors import Refusal
from server.kernel.outbox import outbox
from shared.contract import archive as contract
from shared.contract.base import Page, Request
from shared.contract.errors import ErrorCode
from tests.server.archive.archive_house import House, a_series, an_object, eventually


def call(house: House, request: Request[Any]) -> Any:
    """Call a handler as the router does."""
    handler = collect(ArchiveHandlers(house.service))[type(request).method]
    if not handler.in_transaction:
        return handler.call(request, SYSTEM)
    with house.database.write() as uow:
        return handler.call(request, SYSTEM, uow)


def unmatched(house: House) -> list[contract.StudyRow]:
    return list(call(house, contract.ListUnmatched(page=Page())).rows)


def refusal(house: House, request: Request[Any]) -> ErrorCode:
    with pytest.raises(Refusal) as refused:
        call(house, request)
    return refused.value.body.code


def test_a_study_is_matched_by_accession_number_and_its_exam_told(house: House) -> None:
    house.exams.by_accession["A1"] = 7
    slices = a_series(3, accession="A1")
    for slice_ in slices:
        house.send(slice_)
    assert house.indexer.wait_until_idle()
    study = str(slices[0].StudyInstanceUID)
    assert house.exams.arrived[-1] == (7, study, 1, 3)
    (row,) = call(house, contract.ListExamStudies(exam_id=7))
    assert (row.study_uid, row.exam_id, row.instance_count, row.why_unmatched) == (study, 7, 3, "")
    assert row.study_at is not None
    assert row.study_at.astimezone(UTC) == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert unmatched(house) == []


def test_a_study_is_matched_by_its_worklist_uid(house: House) -> None:
    slice_ = an_object()
    house.exams.by_study[str(slice_.StudyInstanceUID)] = 9
    house.send(slice_)
    assert house.indexer.wait_until_idle()
    assert house.exams.arrived[-1][0] == 9


def test_later_images_are_told_with_new_counts(house: House) -> None:
    house.exams.by_accession["A1"] = 7
    slices = a_series(2, accession="A1")
    for slice_ in slices:
        house.send(slice_)
        assert house.indexer.wait_until_idle()
    assert [arrived[3] for arrived in house.exams.arrived] == [1, 2]


def test_an_unmatched_study_waits_with_a_reason_and_is_matched_by_hand(house: House) -> None:
    house.send(an_object(AccessionNumber="LOST"))
    assert house.indexer.wait_until_idle()
    (row,) = unmatched(house)
    assert "LOST" in row.why_unmatched
    matched = call(house, contract.MatchStudy(study_uid=row.study_uid, version=row.version, exam_id=5))
    assert (matched.exam_id, matched.version) == (5, row.version + 1)
    assert house.exams.arrived[-1][0] == 5
    assert unmatched(house) == []


def test_unmatching_by_hand_is_final_until_a_person_matches_again(house: House) -> None:
    house.exams.by_accession["A1"] = 7
    slices = a_series(2, accession="A1")
    house.send(slices[0])
    assert house.indexer.wait_until_idle()
    (row,) = call(house, contract.ListExamStudies(exam_id=7))
    call(house, contract.UnmatchStudy(study_uid=row.study_uid, version=row.version, reason="wrong patient"))
    house.send(slices[1])
    assert house.indexer.wait_until_idle()
    house.service.matching.rematch()
    (row,) = unmatched(house)
    assert (row.exam_id, row.instance_count) == (None, 2)
    assert "wrong patient" in row.why_unmatched
    assert call(house, contract.MatchStudy(study_uid=row.study_uid, version=row.version, exam_id=7)).exam_id == 7


def test_a_registration_after_the_images_is_found(house: House) -> None:
    house.send(an_object(AccessionNumber="LATE"))
    assert house.indexer.wait_until_idle()
    house.service.matching.rematch()
    assert len(unmatched(house)) == 1
    house.exams.by_accession["LATE"] = 3
    house.service.matching.rematch()
    assert unmatched(house) == []
    assert house.exams.arrived[-1][0] == 3


def test_an_exam_that_refuses_holds_up_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    arrived = house.exams.images_arrived

    def refuse(*_: object) -> None:
        raise Refusal(ErrorCode.BUSY, "忙")

    house.exams.by_accession["A1"] = 7
    monkeypatch.setattr(house.exams, "images_arrived", refuse)
    house.send(an_object(AccessionNumber="A1"))
    house.send(an_object(AccessionNumber="B1"))
    assert house.indexer.wait_until_idle()
    assert len(unmatched(house)) == 2
    monkeypatch.setattr(house.exams, "images_arrived", arrived)
    house.service.matching.rematch()
    assert len(unmatched(house)) == 1


def test_refusals_of_matching(house: House) -> None:
    house.exams.by_accession["A1"] = 7
    house.send(an_object(AccessionNumber="A1"))
    assert house.indexer.wait_until_idle()
    (row,) = call(house, contract.ListExamStudies(exam_id=7))
    uid, version = row.study_uid, row.version
    match, unmatch = contract.MatchStudy, contract.UnmatchStudy
    assert refusal(house, match(study_uid="1.2.3", version=1, exam_id=1)) == ErrorCode.NOT_FOUND
    assert refusal(house, match(study_uid=uid, version=version - 1, exam_id=8)) == ErrorCode.CONFLICT
    assert refusal(house, match(study_uid=uid, version=version, exam_id=8)) == ErrorCode.ILLEGAL_ACTION
    house.exams.approved.add(7)
    assert refusal(house, unmatch(study_uid=uid, version=version, reason="x")) == ErrorCode.ILLEGAL_ACTION
    assert call(house, contract.ListExamStudies(exam_id=7)) == (row,)


def test_workstations_are_told_of_a_study_but_not_of_every_image(quick_house: Callable[..., House]) -> None:
    house = quick_house()
    for slice_ in a_series(30):
        house.send(slice_)
        house.indexer.wait_until_idle(0.01)
    assert house.indexer.wait_until_idle()

    def notices() -> int:
        with house.database.read() as uow:
            return len(uow.session.execute(outbox.select()).all())

    eventually(lambda: notices() >= 1)
    assert notices() <= 4
    (row,) = unmatched(house)
    assert row.instance_count == 30


def test_the_list_of_unmatched_studies_is_paged_newest_first(house: House) -> None:
    for number in range(5):
        house.send(an_object(StudyDescription=f"study {number}"))
        assert house.indexer.wait_until_idle()
    page = call(house, contract.ListUnmatched(page=Page(offset=1, limit=2)))
    assert (page.total, [row.description for row in page.rows]) == (5, ["study 3", "study 2"])


def test_objects_without_patient_are_kept_and_matched_to_nothing(house: House) -> None:
    protocol = an_object(
        SOPClassUID="1.2.840.10008.5.1.4.38.1",
        StudyInstanceUID=None,
        SeriesInstanceUID=None,
        PatientID=None,
        PatientName=None,
        AccessionNumber=None,
        PixelData=None,
    )
    protocol.file_meta.MediaStorageSOPClassUID = protocol.SOPClassUID
    house.exams.by_accession[""] = 1  # an exam that would match anything without accession number
    house.send(protocol)
    assert house.indexer.wait_until_idle()
    assert unmatched(house) == []
    assert house.exams.arrived == []
    assert len(house.service.objects.objects(instance_uids=[str(protocol.SOPInstanceUID)])) == 1
    assert house.service.check(hashes=True).findings == ()
