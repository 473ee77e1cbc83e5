"""Use cases of corrections on both databases: what leaves, what is found, what can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from sqlalchemy import select, update

from server.archive.corrections.noting import NOTE_JOB, NoteWriter
from server.archive.corrections.placement import CorrectionPlacement
from server.archive.corrections.ports import RegisteredPatient
from server.archive.corrections.rejection import KEY_OBJECTS, Rejection
from server.archive.corrections.rpc import CorrectionsRpc
from server.archive.corrections.service import CorrectionService
from server.archive.find import find
from server.archive.keeping.bin import RecycleBin
from server.archive.keeping.ports import ExamFacts
from server.archive.receive import ObjectName
from server.archive.tables import ImagePatient, Series, Study
from server.bootstrap.corrections import BinOfRejected
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import SYSTEM
from server.kernel.errors import Refusal, not_found
from server.kernel.jobs import JobRunner
from shared.contract.base import Page
from shared.contract.corrections import (
    AcceptPatientCorrection,
    CorrectionView,
    GetOriginal,
    OfferPatientCorrection,
    RejectInstances,
    TagValue,
)
from shared.dicomkit.headers import InstanceReference, PatientFacts, StudyFacts
from shared.dicomkit.uids import new_uid
from tests.server.archive.archive_house import ZONE, House, a_series, encoded, eventually

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class BinExams:
    """What the recycle bin asks of exams."""

    def __init__(self, house: House) -> None:
        self._house = house

    def facts(self, uow: UnitOfWork, exam_id: int) -> ExamFacts | None:
        return ExamFacts("ordinary", exam_id in self._house.exams.approved)

    def images_arrived(self, uow: UnitOfWork, exam_id: int, study_uid: str, series: int, instances: int) -> None:
        self._house.exams.images_arrived(uow, exam_id, study_uid, series, instances)

    def images_withdrawn(self, uow: UnitOfWork, exam_id: int, study_uid: str) -> None:
        self._house.exams.images_withdrawn(uow, exam_id, study_uid)


class Desk:
    """An archive and the desk at which somebody corrects it."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.settled: list[int] = []
        self.house = House(folder, database, placement=CorrectionPlacement())
        self.database = database
        bin_port = BinOfRejected(RecycleBin(BinExams(self.house)))
        self.objects = self.house.service.objects
        self.service = CorrectionService(self.house.exams, bin_port)
        self.rejection = Rejection(database, self.objects, bin_port)
        self.house.start()

    def receive(self, *datasets: Dataset) -> None:
        for dataset in datasets:
            self.house.send(dataset)
        assert self.house.indexer.wait_until_idle()
        uids = {str(dataset.SOPInstanceUID) for dataset in datasets}
        eventually(lambda: len(self.house.service.objects.objects(instance_uids=list(uids))) == len(uids))

    def study(self, uid: str) -> Study | None:
        with self.database.read() as uow:
            return uow.session.execute(select(Study).where(Study.uid == uid)).scalar_one_or_none()

    def correct(self, uid: str, reason: str = "登记时写错", **values: str) -> CorrectionView:
        study = self.study(uid)
        assert study is not None
        asked = tuple(TagValue(keyword=keyword, value=value) for keyword, value in values.items())
        with self.database.write() as uow:
            return self.service.correct_study(uow, "王医生", uid, study.version, asked, reason)

    def undo(self, event_id: int) -> CorrectionView:
        with self.database.write() as uow:
            return self.service.undo(uow, "王医生", event_id, "改错了")

    def sent(self, dataset: Dataset) -> Dataset:
        """The object as a retrieval sends it; its file must say the same."""
        (found,) = self.objects.objects(instance_uids=[str(dataset.SOPInstanceUID)])
        whole = bytes(self.objects.part10(str(dataset.SOPInstanceUID)))
        with found.open() as data:
            assert whole.endswith(bytes(data))
        return dcmread(BytesIO(whole))

    def found(self, **keys: str) -> list[str]:
        tags = {"patient_id": 0x00100020, "accession": 0x00080050, "name": 0x00100010}
        asked = {tags[key]: value for key, value in keys.items()} | {0x0020000D: ""}
        return [str(answer[0x0020000D]) for answer in find(self.database, "STUDY", asked)]


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, database)
    yield made
    found = made.house.service.check(hashes=True)  # index and files agree whatever was corrected
    made.house.stop()
    assert found.findings == ()


def a_study(slices: int = 2, **attributes: str) -> list[Dataset]:
    """Slices of one new study."""
    made = [deepcopy(one) for one in a_series(slices, study_uid=new_uid(), series_uid=new_uid())]
    for dataset in made:
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
    return made


def uid_of(study: list[Dataset]) -> str:
    return str(study[0].StudyInstanceUID)


def test_a_corrected_study_leaves_and_is_found_under_its_new_identity(desk: Desk) -> None:
    slices = a_study(PatientID="P1", AccessionNumber="A1")
    desk.receive(*slices)
    desk.house.exams.by_accession["A9"] = 9
    event = desk.correct(uid_of(slices), PatientID="P2", PatientName="Wang^Wu=王^五", AccessionNumber="A9")
    assert {change.keyword: change.after for change in event.changes} == {
        "PatientID": "P2",
        "PatientName": "Wang^Wu=王^五",
        "AccessionNumber": "A9",
    }
    sent = desk.sent(slices[0])
    assert (sent.PatientID, str(sent.PatientName), sent.AccessionNumber) == ("P2", "Wang^Wu=王^五", "A9")
    assert sent.OriginalAttributesSequence[0].ModifiedAttributesSequence[0].PatientID == "P1"
    assert sent.PixelData == slices[0].PixelData
    assert desk.found(patient_id="P2") == desk.found(name="王五") == desk.found(accession="A9") == [uid_of(slices)]
    assert desk.found(patient_id="P1") == []
    study = desk.study(uid_of(slices))
    assert study is not None and study.exam_id == 9
    with desk.database.read() as uow:
        patients = uow.session.execute(select(ImagePatient.patient_id)).scalars().all()
    assert patients == ["P2"]


def test_workstations_are_told_that_the_objects_leave_changed(desk: Desk) -> None:
    """What they kept of an object counts only while its version is the same."""
    slices = a_study(PatientID="P1")
    desk.receive(*slices)

    def versions() -> list[str]:
        with desk.database.read() as uow:
            view = desk.house.service.get_study(uow, study_uid=uid_of(slices))
        return [instance.version for series in view.series for instance in series.instances]

    before = versions()
    event = desk.correct(uid_of(slices), PatientID="P2")
    corrected = versions()
    desk.undo(event.id)

    assert len(set(before)) == 2 and not set(before) & set(corrected) and all(corrected)
    assert versions() == before


def test_the_original_can_be_shown_and_restored(desk: Desk) -> None:
    slices = a_study(PatientID="P1")
    desk.receive(*slices)
    before = bytes(desk.objects.part10(str(slices[0].SOPInstanceUID)))
    event = desk.correct(uid_of(slices), PatientID="P2")
    rpc = CorrectionsRpc(desk.service, desk.rejection, desk.objects, _NoRegistration(), ZONE)
    shown = rpc.get_original(GetOriginal(sop_instance_uid=str(slices[0].SOPInstanceUID)), SYSTEM)
    assert [(one.keyword, one.before, one.after) for one in shown.differences] == [("PatientID", "P1", "P2")]
    assert dcmread(BytesIO(shown.header), stop_before_pixels=True).PatientID == "P1"
    desk.undo(event.id)
    assert bytes(desk.objects.part10(str(slices[0].SOPInstanceUID))) == before
    assert desk.found(patient_id="P1") == [uid_of(slices)]
    with desk.database.read() as uow:
        history = desk.service.list_events(uow, uid_of(slices), Page()).rows
    assert [one.kind for one in history] == ["undo", "correct_study"]
    assert history[1].undone_by == "王医生" and not history[1].can_undo


class _NoRegistration:
    def patient(self, uow: UnitOfWork, patient_id: int):  # type: ignore[no-untyped-def]
        raise AssertionError("not asked")


def test_later_images_of_a_corrected_study_follow(desk: Desk) -> None:
    slices = a_study(3, PatientID="P1")
    desk.receive(slices[0])
    desk.correct(uid_of(slices), PatientID="P2")
    slices[2].SeriesInstanceUID = new_uid()
    desk.receive(*slices[1:])
    assert [desk.sent(one).PatientID for one in slices] == ["P2"] * 3


def test_an_event_under_a_later_one_cannot_be_taken_back(desk: Desk) -> None:
    slices = a_study(PatientID="P1")
    desk.receive(*slices)
    first = desk.correct(uid_of(slices), PatientID="P2")
    desk.correct(uid_of(slices), PatientID="P3")
    with pytest.raises(Refusal, match="请先撤销"):
        desk.undo(first.id)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientBirthDate", "20261301"),
        ("PatientSex", "女"),
        ("PatientID", ""),
        ("PixelData", "x"),
        ("PatientName", "a\\b"),
    ],
)
def test_values_that_dicom_does_not_take_are_refused(desk: Desk, keyword: str, value: str) -> None:
    slices = a_study()
    desk.receive(*slices)
    with pytest.raises(Refusal):
        desk.correct(uid_of(slices), **{keyword: value})


def test_merged_patients_are_one_and_later_studies_follow(desk: Desk) -> None:
    old, new = a_study(PatientID="P1", PatientName="Li^Si"), a_study(PatientID="P2", PatientName="Li^Si=李^四")
    desk.receive(*old, *new)
    with desk.database.write() as uow:
        event = desk.service.merge_patients(uow, "王医生", ("P1", ""), ("P2", ""), "同一患者")
    later = a_study(PatientID="P1")
    desk.receive(*later)
    assert sorted(desk.found(patient_id="P2")) == sorted(map(uid_of, (old, new, later)))
    assert str(desk.sent(old[0]).PatientName) == "Li^Si=李^四"
    assert desk.sent(later[0]).PatientID == "P2"
    with desk.database.write() as uow:
        (coerced,) = desk.service.list_events(uow, uid_of(later), Page()).rows
    assert coerced.kind == "coerce"
    desk.undo(event.id)
    assert desk.found(patient_id="P1") == [uid_of(old)]
    last = a_study(PatientID="P1")
    desk.receive(*last)
    assert desk.sent(last[0]).PatientID == "P1"


def test_merged_studies_become_one_later_images_too_and_part_again(desk: Desk) -> None:
    one, two = a_study(3, PatientID="P1", AccessionNumber="A1"), a_study(2, PatientID="P2", AccessionNumber="A2")
    one[2].SeriesInstanceUID = new_uid()
    desk.receive(*one[:2], *two)
    with desk.database.write() as uow:
        event = desk.service.merge_studies(uow, "王医生", uid_of(one), uid_of(two), "同一检查发了两次")
    desk.receive(one[2])
    assert desk.study(uid_of(one)) is None
    study = desk.study(uid_of(two))
    assert study is not None and (study.series_count, study.instance_count) == (3, 5)
    for dataset in one:
        sent = desk.sent(dataset)
        assert (sent.StudyInstanceUID, sent.PatientID, sent.AccessionNumber) == (uid_of(two), "P2", "A2")
    desk.undo(event.id)
    study, other = desk.study(uid_of(one)), desk.study(uid_of(two))
    assert study is not None and (study.series_count, study.instance_count) == (2, 3)
    assert other is not None and other.instance_count == 2
    assert [desk.sent(dataset).StudyInstanceUID for dataset in one] == [uid_of(one)] * 3
    assert desk.sent(one[0]).PatientID == desk.sent(one[2]).PatientID == "P1"


def test_series_are_split_out_and_the_counts_are_right(desk: Desk) -> None:
    slices = a_study(4, PatientID="P1")
    wrong = new_uid()
    for dataset in slices[2:]:
        dataset.SeriesInstanceUID = wrong
    desk.receive(*slices)
    with desk.database.write() as uow:
        values = (TagValue(keyword="PatientID", value="P7"), TagValue(keyword="AccessionNumber", value="A7"))
        event = desk.service.move_series(uow, "王医生", [wrong], "", values, "扫描了下一位患者")
    made = event.study_uids[1]
    assert [desk.sent(one).StudyInstanceUID for one in slices] == [uid_of(slices)] * 2 + [made] * 2
    assert [desk.sent(one).PatientID for one in slices] == ["P1", "P1", "P7", "P7"]
    study, new = desk.study(uid_of(slices)), desk.study(made)
    assert study is not None and new is not None
    assert (study.instance_count, new.instance_count, new.accession) == (2, 2, "A7")
    desk.correct(made, PatientID="P8")
    assert desk.sent(slices[3]).PatientID == "P8"
    with pytest.raises(Refusal, match="请先撤销"):
        desk.undo(event.id)


def test_instances_get_a_series_of_their_own(desk: Desk) -> None:
    slices, other = a_study(3, PatientID="P1"), a_study(1, PatientID="P2")
    desk.receive(*slices, *other)
    with desk.database.write() as uow:
        event = desk.service.move_instances(
            uow, "王医生", [str(slices[2].SOPInstanceUID)], uid_of(other), "床位图像归错"
        )
    sent = desk.sent(slices[2])
    assert sent.StudyInstanceUID == uid_of(other) and sent.SeriesInstanceUID != slices[2].SeriesInstanceUID
    assert sent.PatientID == "P2" and sent.SOPInstanceUID == slices[2].SOPInstanceUID
    assert desk.house.service.check(hashes=True).findings == ()
    desk.undo(event.id)
    assert desk.sent(slices[2]).SeriesInstanceUID == slices[2].SeriesInstanceUID
    with desk.database.read() as uow:
        assert len(uow.session.execute(select(Series)).all()) == 2


def test_an_approved_report_keeps_its_images(desk: Desk) -> None:
    slices, other = a_study(2, AccessionNumber="A1"), a_study(2)
    desk.house.exams.by_accession["A1"] = 5
    desk.receive(*slices, *other)
    eventually(lambda: (desk.study(uid_of(slices)) or Study()).exam_id == 5)
    desk.house.exams.approved.add(5)
    with pytest.raises(Refusal), desk.database.write() as uow:
        desk.service.merge_studies(uow, "王医生", uid_of(slices), uid_of(other), "理由在此")
    assert desk.study(uid_of(slices)) is not None


def a_key_object(slices: list[Dataset], code: str) -> Dataset:
    """A note that names slices of one series."""
    from shared.dicomkit.content_items import Code
    from shared.dicomkit.keyobject import key_object_selection

    references = [
        InstanceReference(
            study_uid=str(one.StudyInstanceUID),
            series_uid=str(one.SeriesInstanceUID),
            sop_class_uid=str(one.SOPClassUID),
            sop_uid=str(one.SOPInstanceUID),
        )
        for one in slices
    ]
    return key_object_selection(
        PatientFacts(patient_id=str(slices[0].PatientID), name="X"),
        StudyFacts(study_uid=str(slices[0].StudyInstanceUID)),
        references,
        made_at=NOW,
        title=Code(code, "DCM", "Rejected for Quality Reasons"),
    )


def test_a_document_names_moved_images_where_they_are(desk: Desk) -> None:
    slices, other = a_study(4, PatientID="P1"), a_study(1, PatientID="P2")
    wrong = new_uid()
    for dataset in slices[2:]:
        dataset.SeriesInstanceUID = wrong
    note = a_key_object(slices, "113000")
    desk.receive(*slices, *other, note)
    with desk.database.write() as uow:
        desk.service.move_series(uow, "王医生", [wrong], uid_of(other), (), "归错患者")
    evidence = desk.sent(note).CurrentRequestedProcedureEvidenceSequence
    named = {
        (str(study.StudyInstanceUID), str(series.SeriesInstanceUID), str(one.ReferencedSOPInstanceUID))
        for study in evidence
        for series in study.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    }
    assert named == {(uid_of(slices), str(one.SeriesInstanceUID), str(one.SOPInstanceUID)) for one in slices[:2]} | {
        (uid_of(other), wrong, str(one.SOPInstanceUID)) for one in slices[2:]
    }
    assert desk.sent(note).PatientID == "P1"


def test_a_rejection_note_takes_images_into_the_bin_and_undo_brings_them_back(desk: Desk) -> None:
    slices = a_study(3, PatientID="P1")
    desk.receive(*slices)
    desk.receive(a_key_object(slices[:1], "113001"))
    study = desk.study(uid_of(slices))
    assert study is not None
    desk.rejection.settle([study.id])
    desk.rejection.settle([study.id])
    assert desk.objects.objects(instance_uids=[str(slices[0].SOPInstanceUID)]) == []
    with desk.database.read() as uow:
        (event,) = desk.service.list_events(uow, uid_of(slices), Page()).rows
    assert event.kind == "reject" and event.by == "DICOM CT1"
    desk.undo(event.id)
    assert len(desk.objects.objects(study_uids=[uid_of(slices)])) == 4


def test_images_that_come_after_their_rejection_note_are_rejected(desk: Desk) -> None:
    slices = a_study(2, PatientID="P1")
    desk.receive(slices[0], a_key_object(slices[1:], "113037"))
    study = desk.study(uid_of(slices))
    assert study is not None
    desk.rejection.settle([study.id])
    desk.receive(slices[1])
    desk.rejection.settle([study.id])
    left = [one.sop_instance_uid for one in desk.objects.objects(study_uids=[uid_of(slices)])]
    assert str(slices[1].SOPInstanceUID) not in left and len(left) == 2


def test_a_note_on_an_approved_report_is_not_followed_and_says_so(desk: Desk) -> None:
    slices = a_study(2, AccessionNumber="A1")
    desk.house.exams.by_accession["A1"] = 5
    desk.receive(*slices)
    eventually(lambda: (desk.study(uid_of(slices)) or Study()).exam_id == 5)
    desk.house.exams.approved.add(5)
    desk.receive(a_key_object(slices, "113001"))
    study = desk.study(uid_of(slices))
    assert study is not None
    desk.rejection.settle([study.id])
    assert len(desk.objects.objects(study_uids=[uid_of(slices)])) == 3
    with desk.database.read() as uow:
        (event,) = desk.service.list_events(uow, uid_of(slices), Page()).rows
    assert event.sentence.startswith("没有执行拒绝通知")


def test_a_person_rejects_a_series(desk: Desk) -> None:
    slices = a_study(3)
    slices[2].SeriesInstanceUID = new_uid()
    desk.receive(*slices)
    request = RejectInstances(
        study_uid=uid_of(slices), series_uids=(str(slices[2].SeriesInstanceUID),), code="113001", reason="运动伪影"
    )
    with desk.database.write() as uow:
        desk.rejection.reject(uow, "王医生", request)
    assert len(desk.objects.objects(study_uids=[uid_of(slices)])) == 2


def test_an_uncorrected_object_is_the_file_itself(desk: Desk) -> None:
    slices = a_study(1)
    desk.receive(*slices)
    (found,) = desk.objects.objects(study_uids=[uid_of(slices)])
    with found.open() as data:
        assert bytes(data) == encoded(slices[0])
        assert data.obj is not None and type(data.obj).__name__ == "mmap"


class Registered:
    """A registration with one patient, whose exam has number 9."""

    def patient(self, uow: UnitOfWork, patient_id: int) -> RegisteredPatient:
        if patient_id != 3:
            raise not_found("患者")
        values = {0x00100010: "Wang^Wu=王^五", 0x00100020: "P2", 0x00100030: "", 0x00100040: "F"}
        return RegisteredPatient(values, (9,))


def test_a_patient_corrected_at_the_counter_is_offered_for_his_images(desk: Desk) -> None:
    slices = a_study(PatientID="P1", AccessionNumber="A9", PatientSex="M", PatientBirthDate="19800101")
    desk.house.exams.by_accession["A9"] = 9
    desk.receive(*slices, *a_study(PatientID="P1"))
    eventually(lambda: (desk.study(uid_of(slices)) or Study()).exam_id == 9)
    rpc = CorrectionsRpc(desk.service, desk.rejection, desk.objects, Registered(), ZONE)
    with desk.database.write() as uow:
        (offered,) = rpc.offer_patient(OfferPatientCorrection(patient_id=3), SYSTEM, uow)
        assert offered.study.study_uid == uid_of(slices)
        assert {one.keyword: one.after for one in offered.changes} == {
            "PatientName": "Wang^Wu=王^五",
            "PatientID": "P2",
            "PatientSex": "F",
        }
        request = AcceptPatientCorrection(patient_id=3, study_uids=(uid_of(slices),), reason="登记更正")
        assert len(rpc.accept_patient(request, SYSTEM, uow)) == 1
    sent = desk.sent(slices[0])
    assert (sent.PatientID, sent.PatientSex, sent.PatientBirthDate) == ("P2", "F", "19800101")
    with desk.database.read() as uow:
        assert rpc.offer_patient(OfferPatientCorrection(patient_id=3), SYSTEM, uow) == ()


def test_a_correction_of_images_in_the_bin_is_not_taken_back_by_halves(desk: Desk) -> None:
    slices = a_study(2, PatientID="P1")
    desk.receive(*slices)
    event = desk.correct(uid_of(slices), PatientID="P2")
    with desk.database.write() as uow:
        entry = desk.service.recycle_bin.discard(uow, study_uid=uid_of(slices), reason="删除", by="王医生")
    with pytest.raises(Refusal, match="请先恢复"):
        desk.undo(event.id)
    with desk.database.write() as uow:
        desk.service.recycle_bin.restore(uow, entry)
    assert desk.sent(slices[0]).PatientID == "P2"
    desk.undo(event.id)
    assert desk.sent(slices[0]).PatientID == "P1"


def test_two_corrections_of_one_study_at_once_do_not_mix(desk: Desk) -> None:
    slices = a_study(PatientID="P1")
    desk.receive(*slices)
    study = desk.study(uid_of(slices))
    assert study is not None
    desk.correct(uid_of(slices), PatientID="P2")
    with pytest.raises(Refusal), desk.database.write() as uow:
        asked = (TagValue(keyword="PatientID", value="P3"),)
        desk.service.correct_study(uow, "李医生", uid_of(slices), study.version, asked, "另一处更正")
    assert desk.sent(slices[0]).PatientID == "P2"


def test_a_rejection_by_hand_leaves_a_note_that_undo_takes_away(desk: Desk) -> None:
    slices = a_study(3, PatientID="P1", AccessionNumber="A1")
    desk.receive(*slices)
    sent_on: list[tuple[str, list[str]]] = []
    writer = NoteWriter(
        desk.database,
        desk.house.receiver.receive,
        lambda _uow, study, uids, _why: sent_on.append((study, list(uids))),
        desk.service.recycle_bin,
        "MINGJING",
        ZONE,
    )
    runner = JobRunner(desk.database, writer.kinds())
    rejected = [str(one.SOPInstanceUID) for one in slices[:2]]
    request = RejectInstances(
        study_uid=uid_of(slices), instance_uids=tuple(rejected), code="113037", reason="对比剂外渗"
    )
    with desk.database.write() as uow:
        event = desk.rejection.reject(uow, "王医生", request)
    assert runner.run_one(NOTE_JOB)
    assert [(study, sorted(uids)) for study, uids in sent_on] == [(uid_of(slices), sorted(rejected))]
    (found,) = [one for one in desk.objects.objects(study_uids=[uid_of(slices)]) if one.sop_class_uid == KEY_OBJECTS]
    note = dcmread(BytesIO(bytes(desk.objects.part10(found.sop_instance_uid))))
    title = note.ConceptNameCodeSequence[0]
    assert (title.CodeValue, title.CodingSchemeDesignator) == ("113037", "DCM")
    named = note.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert sorted(one.ReferencedSOPInstanceUID for one in named) == sorted(rejected)
    assert (note.PatientID, note.AccessionNumber, note.StudyDate) == ("P1", "A1", slices[0].StudyDate)
    study = desk.study(uid_of(slices))
    assert study is not None and study.instance_count == 2
    desk.rejection.settle([study.id])  # our own note rejects nothing a second time
    with desk.database.read() as uow:
        assert [one.kind for one in desk.service.list_events(uow, uid_of(slices), Page()).rows] == ["reject"]
    desk.undo(event.id)
    assert runner.run_one(NOTE_JOB)
    left = {one.sop_instance_uid for one in desk.objects.objects(study_uids=[uid_of(slices)])}
    assert left == {str(one.SOPInstanceUID) for one in slices}


def test_a_whole_study_that_is_rejected_comes_back_whole(desk: Desk) -> None:
    slices = a_study(2, PatientID="P1")
    desk.receive(*slices)
    writer = NoteWriter(
        desk.database, desk.house.receiver.receive, lambda *_: None, desk.service.recycle_bin, "MINGJING", ZONE
    )
    runner = JobRunner(desk.database, writer.kinds())
    with desk.database.write() as uow:
        request = RejectInstances(study_uid=uid_of(slices), code="113001", reason="运动伪影")
        event = desk.rejection.reject(uow, "王医生", request)
    assert runner.run_one(NOTE_JOB)
    study = desk.study(uid_of(slices))
    assert study is not None and study.instance_count == 1
    desk.undo(event.id)
    assert runner.run_one(NOTE_JOB)
    left = {one.sop_instance_uid for one in desk.objects.objects(study_uids=[uid_of(slices)])}
    assert left == {str(one.SOPInstanceUID) for one in slices}


@pytest.mark.parametrize("name", ["Wang^Wu=王^五", "Kim^Minsu=김^민수"])  # in GB18030, and in UTF-8 as well
def test_a_character_set_chosen_by_hand_is_how_a_corrected_object_is_read(desk: Desk, name: str) -> None:
    (one,) = a_study(1, PatientID="P1", StudyDescription="头颅平扫", SpecificCharacterSet="GB18030")
    data = encoded(one).replace(b"GB18030 ", b"ISO_IR 6")  # what the device wrote, and what it says of it
    assert data != encoded(one)
    meta = one.file_meta
    what = ObjectName(str(meta.MediaStorageSOPClassUID), str(one.SOPInstanceUID), str(meta.TransferSyntaxUID))
    desk.house.receiver.receive(what, "CT1", memoryview(data))
    eventually(lambda: desk.study(uid_of([one])) is not None)
    assert desk.house.indexer.wait_until_idle()
    with desk.database.write() as uow:
        uow.session.execute(update(Study).values(forced_charset="GB18030"))
    desk.correct(uid_of([one]), PatientName=name)
    sent = desk.sent(one)
    assert (str(sent.PatientName), sent.StudyDescription) == (name, "头颅平扫")
    assert sent.SpecificCharacterSet in ("GB18030", "ISO_IR 192")
