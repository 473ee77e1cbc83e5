"""Complete, short by n, unknown: by procedure steps, commitment requests, manifests and stated counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydicom.dataset import Dataset
from sqlalchemy import select, update

from server.archive import manifests
from server.archive.completeness import COMMITMENT, MANIFEST, MPPS, OTHER, REJECTED, Promise
from server.archive.tables import Expectation
from server.kernel.errors import Refusal
from shared.contract.archive import CompletenessView
from shared.contract.errors import ErrorCode
from shared.dicomkit.headers import to_bytes
from tests.server.archive.archive_house import House, a_series, an_object

KOS = "1.2.840.10008.5.1.4.1.1.88.59"


def standing(house: House, study_uid: str) -> tuple[str, int]:
    with house.database.read() as uow:
        return house.service.states_of(uow, [study_uid])[study_uid]


def promised(house: House, study_uid: str, uids: list[str], **parts: Any) -> None:
    with house.database.write() as uow:
        promise = Promise(study_uid, parts.pop("source", MPPS), parts.pop("reference", "1.2.3"), uids, **parts)
        house.service.completeness.promise(uow, promise)


def view(house: House, study_uid: str) -> CompletenessView:
    with house.database.read() as uow:
        return house.service.completeness.view(uow, study_uid)


def sent(house: House, objects: list[Dataset]) -> None:
    for one in objects:
        house.send(one)
    assert house.indexer.wait_until_idle()


def uids_of(objects: list[Dataset]) -> list[str]:
    return [str(one.SOPInstanceUID) for one in objects]


def a_manifest(of: list[Dataset], title: str = "113030") -> Dataset:
    """A key object selection in a study of its own series that names objects."""
    made = an_object(StudyInstanceUID=of[0].StudyInstanceUID, Modality="KO")
    made.SeriesInstanceUID = str(made.SeriesInstanceUID) + ".9"
    made.SOPInstanceUID = str(made.SOPInstanceUID) + ".9"
    made.SOPClassUID = KOS
    made.file_meta.MediaStorageSOPClassUID = KOS
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated"):
        delattr(made, keyword)
    name = Dataset()
    name.CodeValue, name.CodingSchemeDesignator, name.CodeMeaning = title, "DCM", "Manifest"
    made.ConceptNameCodeSequence = [name]
    study, series = Dataset(), Dataset()
    items = []
    for one in of:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = one.SOPClassUID, one.SOPInstanceUID
        items.append(item)
    series.SeriesInstanceUID, series.ReferencedSOPSequence = of[0].SeriesInstanceUID, items
    study.StudyInstanceUID, study.ReferencedSeriesSequence = of[0].StudyInstanceUID, [series]
    made.CurrentRequestedProcedureEvidenceSequence = [study]
    return made


def test_a_study_of_which_nobody_said_anything_is_unknown(house: House) -> None:
    slices = a_series(2)
    sent(house, slices)
    assert standing(house, slices[0].StudyInstanceUID) == ("unknown", 0)


def test_what_a_step_made_is_awaited_until_the_last_object(house: House) -> None:
    slices = a_series(4)
    study = str(slices[0].StudyInstanceUID)
    promised(house, study, uids_of(slices), sender="CT1")  # the step ends before the images come
    sent(house, slices[:1])
    assert standing(house, study) == ("short", 3)
    sent(house, slices[1:3])
    assert standing(house, study) == ("short", 1)
    seen = view(house, study)
    assert seen.missing_uids == (str(slices[3].SOPInstanceUID),)
    assert [(e.source, e.sender, e.expected, e.missing) for e in seen.expectations] == [("mpps", "CT1", 4, 1)]
    sent(house, slices[3:])
    assert standing(house, study) == ("complete", 0)


def test_a_step_that_still_runs_makes_nothing_complete(house: House) -> None:
    slices = a_series(2)
    study = str(slices[0].StudyInstanceUID)
    sent(house, slices)
    promised(house, study, uids_of(slices[:1]), is_final=False)
    assert standing(house, study) == ("unknown", 0)
    promised(house, study, uids_of(slices))
    assert standing(house, study) == ("complete", 0)


def test_a_later_word_of_the_same_step_replaces_the_first(house: House) -> None:
    slices = a_series(2)
    study = str(slices[0].StudyInstanceUID)
    sent(house, slices)
    promised(house, study, [*uids_of(slices), "1.2.3.4"])
    assert standing(house, study) == ("short", 1)
    promised(house, study, uids_of(slices))
    assert standing(house, study) == ("complete", 0)


def test_more_than_five_hundred_are_counted_until_the_numbers_meet(house: House) -> None:
    slices = a_series(2)
    study = str(slices[0].StudyInstanceUID)
    sent(house, slices)
    promised(house, study, [*uids_of(slices), *(f"1.2.{n}" for n in range(600))])
    assert standing(house, study) == ("short", 600)


def test_a_commitment_request_promises_what_is_not_here(house: House) -> None:
    slices, other = a_series(3), a_series(1)
    sent(house, [*slices[:2], *other])
    with house.database.write() as uow:
        house.service.completeness.committed(uow, [*uids_of(slices), *uids_of(other)], "CT1")
    assert standing(house, slices[0].StudyInstanceUID) == ("short", 1)
    assert standing(house, other[0].StudyInstanceUID) == ("complete", 0)
    with house.database.write() as uow:  # asked for image by image
        house.service.completeness.committed(uow, ["1.9.9", str(slices[0].SOPInstanceUID)], "CT1")
    assert standing(house, slices[0].StudyInstanceUID) == ("short", 2)
    sent(house, slices[2:])
    assert standing(house, slices[0].StudyInstanceUID) == ("short", 1)
    assert [e.source for e in view(house, slices[0].StudyInstanceUID).expectations] == [COMMITMENT]


def test_a_manifest_that_arrives_is_read_and_kept_to(house: House) -> None:
    slices = a_series(3)
    study = str(slices[0].StudyInstanceUID)
    sent(house, [a_manifest(slices), slices[0]])
    assert standing(house, study) == ("short", 2)
    sent(house, slices[1:])
    assert standing(house, study) == ("complete", 0)
    assert [e.source for e in view(house, study).expectations] == [MANIFEST]


def test_rejected_objects_are_not_awaited(house: House) -> None:
    slices = a_series(3)
    study = str(slices[0].StudyInstanceUID)
    promised(house, study, uids_of(slices))
    sent(house, slices[:2])
    assert standing(house, study) == ("short", 1)
    sent(house, [a_manifest(slices[2:], title="113001")])
    assert standing(house, study) == ("complete", 0)


def test_stated_numbers_count_unless_they_are_plainly_wrong(house: House) -> None:
    slices = a_series(3)
    study = str(slices[0].StudyInstanceUID)
    for one in slices:
        one.NumberOfSeriesRelatedInstances = 3
    sent(house, slices[:2])
    assert standing(house, study) == ("short", 1)
    sent(house, slices[2:])
    assert standing(house, study) == ("complete", 0)
    wrong = a_series(3)
    for one in wrong:
        one.NumberOfStudyRelatedInstances = 1
    sent(house, wrong)
    assert standing(house, wrong[0].StudyInstanceUID) == ("unknown", 0)


def test_a_promise_for_a_study_that_is_called_otherwise_finds_it(house: House) -> None:
    slices = a_series(2)
    promised(house, "1.2.3.999", uids_of(slices))  # the device gave its images another Study Instance UID
    sent(house, slices[:1])
    assert standing(house, slices[0].StudyInstanceUID) == ("unknown", 0)
    with house.database.write() as uow:
        assert house.service.completeness.review_open(uow) == 1
    assert standing(house, slices[0].StudyInstanceUID) == ("short", 1)


def test_a_person_can_say_that_the_rest_will_not_come(house: House) -> None:
    slices = a_series(2)
    study = str(slices[0].StudyInstanceUID)
    promised(house, study, uids_of(slices))
    sent(house, slices[:1])
    with house.database.write() as uow:
        with pytest.raises(Refusal) as refused:
            house.service.completeness.drop(uow, study, " ")
        assert refused.value.body.code is ErrorCode.INVALID
        after = house.service.completeness.drop(uow, study, "设备已删除")
    assert (after.completeness, after.missing_count, after.expectations) == ("unknown", 0, ())


@pytest.mark.parametrize("data", [b"", b"nonsense" * 40, bytes(200)])
def test_a_broken_manifest_promises_nothing(data: bytes) -> None:
    assert [p.source for p in manifests.promises_of(data, "1.2", "1.3")] == [OTHER]


def test_what_is_no_manifest_is_read_once(house: House) -> None:
    slices = a_series(2)
    sent(house, [a_manifest(slices, title="113000"), *slices])
    with house.database.read() as uow:
        rows = uow.session.execute(select(Expectation.source)).scalars().all()
        assert rows == [OTHER]
        assert manifests.unread(uow.session, [1, 2, 3]) == []
    assert standing(house, slices[0].StudyInstanceUID) == ("unknown", 0)


def test_a_rejection_names_its_objects() -> None:
    slices = a_series(2)
    found = manifests.promises_of(to_bytes(a_manifest(slices, title="113037")), "1.2", str(slices[0].StudyInstanceUID))
    assert [(p.source, list(p.uids)) for p in found] == [(REJECTED, uids_of(slices))]


def test_the_names_of_what_came_are_forgotten_after_some_days(house: House) -> None:
    slices = a_series(2)
    study = str(slices[0].StudyInstanceUID)
    sent(house, slices)
    promised(house, study, uids_of(slices))
    long_ago = datetime.now(UTC) - timedelta(days=8)
    with house.database.write() as uow:
        uow.session.execute(update(Expectation).values(changed_at=long_ago))
    with house.database.write() as uow:
        house.service.completeness.review_open(uow)
    with house.database.read() as uow:
        assert uow.session.execute(select(Expectation.uids)).scalars().all() == [None]
    sent(house, a_series(3, study_uid=study)[2:])
    with house.database.write() as uow:
        house.service.completeness.review(uow, study)
    assert standing(house, study) == ("complete", 0)
