"""Routing and corrections with a whole server and other people's programs: Orthanc, dcmtk, pynetdicom, dciodvfy."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from receivers import DICOMWEB, ORTHANC, Counting, Orthanc, an_orthanc, free_port
from server_process import ServerProcess, running_server, start_server

from shared.contract.archive import GetStudy, ListExamStudies, ListUnmatched
from shared.contract.corrections import (
    AcceptPatientCorrection,
    CorrectStudy,
    GetOriginal,
    ListCorrections,
    MergeStudies,
    OfferPatientCorrection,
    RejectInstances,
    TagValue,
    UndoCorrection,
)
from shared.contract.exams import ItemEntry, PatientEntry, RegisterExam
from shared.contract.exchange import AnonymiseOption, AnonymisePlan
from shared.contract.organisation import GetHospital, SavePeer
from shared.contract.routing import (
    Conditions,
    ForwardState,
    ForwardView,
    ListForwards,
    Moment,
    ResendForward,
    SaveRule,
    SaveTarget,
    SendStudy,
    TargetKind,
    TestTarget,
)
from shared.dicomkit.content_items import Code
from shared.dicomkit.headers import InstanceReference, PatientFacts, StudyFacts
from shared.dicomkit.keyobject import key_object_selection
from shared.dicomkit.synthetic import ct_series
from shared.dicomkit.uids import new_uid
from shared.domain.states import Sex
from shared.rpc.client import RpcClient

pytestmark = pytest.mark.skipif(
    shutil.which("storescu") is None or not ORTHANC, reason="dcmtk or Orthanc is not installed"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("hospital")) as running:
        yield running


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with an_orthanc(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


@pytest.fixture
def client(server: ServerProcess) -> Iterator[RpcClient]:
    client = server.client()
    yield client
    client.close()


def tool(name: str, *arguments: str) -> str:
    done = subprocess.run(
        [name, *arguments], capture_output=True, text=True, errors="replace", timeout=120, check=False
    )
    assert done.returncode == 0, f"{name}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout + done.stderr


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.05)


def a_study(folder: Path, slices: int, rows: int = 16, **attributes: str) -> list[Dataset]:
    """A new study, as files in `folder` and as data sets."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [deepcopy(one) for one in ct_series(None, slices, rows, study_uid=new_uid(), series_uid=new_uid())]
    for number, dataset in enumerate(made):
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        dataset.save_as(folder / f"{number:04}.dcm", enforce_file_format=True)
    return made


def store(server: ServerProcess, folder: Path, calling: str = "CT1") -> None:
    tool("storescu", "-aet", calling, "-aec", "MINGJING", "127.0.0.1", str(server.dicom_port), "+sd", str(folder))


def uid_of(study: list[Dataset]) -> str:
    return str(study[0].StudyInstanceUID)


def indexed(client: RpcClient, uid: str, count: int) -> None:
    wait_for(
        lambda: any(one.study_uid == uid and one.instance_count == count for one in client.call(ListUnmatched()).rows),
        "the index",
    )


def a_target(client: RpcClient, name: str, port: int, **given: object) -> int:
    client.call(SavePeer(ae_title=name, host="127.0.0.1", port=port))
    request = SaveTarget(**{"name": name, "kind": TargetKind.DICOM, "ae_title": name, **given})
    return client.call(request).id


def forward_of(client: RpcClient, uid: str, target: int) -> ForwardView | None:
    rows = client.call(ListForwards(study_uid=uid, target_id=target)).rows
    return rows[0] if rows else None


def is_sent(client: RpcClient, uid: str, target: int) -> bool:
    forward = forward_of(client, uid, target)
    return forward is not None and forward.state is ForwardState.SENT


def test_rules_send_to_orthanc_by_dicom_and_by_dicomweb(
    server: ServerProcess, client: RpcClient, orthanc: Orthanc, tmp_path: Path
) -> None:
    dicom = a_target(client, "ORTHANC", orthanc.dicom_port)
    assert client.call(TestTarget(id=dicom)) == ""
    only = Conditions(moment=Moment.QUIET, quiet_s=1, patient_ids=("ROUTE-*",))
    client.call(SaveRule(name="Orthanc", target_id=dicom, conditions=only))
    before = orthanc.instances()
    study = a_study(tmp_path / "one", 5, PatientID="ROUTE-1")
    other = a_study(tmp_path / "two", 2, PatientID="ELSEWHERE")
    store(server, tmp_path / "one")
    store(server, tmp_path / "two")
    wait_for(lambda: is_sent(client, uid_of(study), dicom), "the study at Orthanc")
    assert orthanc.instances() == before + 5
    assert forward_of(client, uid_of(other), dicom) is None
    if DICOMWEB is None:
        return
    web = client.call(SaveTarget(name="DICOMweb", kind=TargetKind.STOW, url=orthanc.stow_url)).id
    assert client.call(TestTarget(id=web)) == ""
    client.call(SendStudy(study_uid=uid_of(other), target_id=web))
    wait_for(lambda: is_sent(client, uid_of(other), web), "the study by STOW-RS")
    assert orthanc.instances() == before + 7


def test_a_target_that_was_down_gets_everything(server: ServerProcess, client: RpcClient, tmp_path: Path) -> None:
    port = free_port()
    target = a_target(client, "DOWN", port)
    study = a_study(tmp_path / "study", 4, PatientID="LATER")
    store(server, tmp_path / "study")
    indexed(client, uid_of(study), 4)
    client.call(SendStudy(study_uid=uid_of(study), target_id=target))

    def failed() -> bool:
        forward = forward_of(client, uid_of(study), target)
        return forward is not None and "no connection" in forward.sentence

    wait_for(failed, "the sentence about the dead target")
    with Counting(port) as counting:
        forward = forward_of(client, uid_of(study), target)
        assert forward is not None
        client.call(ResendForward(forward_id=forward.id))
        wait_for(lambda: is_sent(client, uid_of(study), target), "the study at last")
    assert counting.arrived == {str(one.SOPInstanceUID): 1 for one in study}


def test_nothing_is_lost_when_the_server_is_killed_while_forwarding(tmp_path: Path) -> None:
    port = free_port()
    data = tmp_path / "hospital"
    study = a_study(tmp_path / "study", 200, rows=8, PatientID="KILL")
    server = start_server(data)
    with Counting(port, pause_s=0.005) as counting:
        client = server.client()
        target = a_target(client, "COUNTING", port)
        only = Conditions(moment=Moment.QUIET, quiet_s=1, patient_ids=("KILL",))
        client.call(SaveRule(name="kill", target_id=target, conditions=only))
        store(server, tmp_path / "study")
        wait_for(lambda: counting.objects >= 40, "the first objects")
        server.kill()
        client.close()
        at_kill = counting.objects
        assert at_kill < 200
        server = start_server(data)
        try:
            client = server.client()
            wait_for(lambda: is_sent(client, uid_of(study), target), "the rest")
            forward = forward_of(client, uid_of(study), target)
            client.close()
        finally:
            server.stop()
    assert forward is not None and (forward.sent, forward.total) == (200, 200)
    assert set(counting.arrived) == {str(one.SOPInstanceUID) for one in study}
    assert sum(counting.arrived.values()) - 200 <= 51  # what was acknowledged and not yet written down


@contextlib.contextmanager
def a_storescp(folder: Path) -> Iterator[int]:
    """dcmtk's storescp, which writes what it receives bit by bit into `folder`; its port."""
    folder.mkdir()
    port = free_port()
    process = subprocess.Popen(["storescp", "+B", "-od", str(folder), str(port)])
    try:
        wait_for(lambda: subprocess.run(["echoscu", "127.0.0.1", str(port)], check=False).returncode == 0, "storescp")
        yield port
    finally:
        process.kill()
        process.wait()


def test_a_rule_sends_without_identity(server: ServerProcess, client: RpcClient, tmp_path: Path) -> None:
    name = "Shangguan^Wener=上官^婉儿"
    study = a_study(
        tmp_path / "study", 3, PatientID="SECRET-4711", PatientName=name, AccessionNumber="ACC99881",
        PatientBirthDate="19610203", InstitutionName="东方医院分院", SpecificCharacterSet="GB18030",
    )  # fmt: skip
    with a_storescp(tmp_path / "trial") as port:
        target = a_target(client, "TRIAL", port)
        only = Conditions(moment=Moment.QUIET, quiet_s=1, patient_ids=("SECRET-*",))
        plan = AnonymisePlan(project="TRIAL", options=(AnonymiseOption.RETAIN_PATIENT_CHARACTERISTICS,))
        client.call(SaveRule(name="trial", target_id=target, conditions=only, anonymise=plan))
        store(server, tmp_path / "study")
        wait_for(lambda: is_sent(client, uid_of(study), target), "the study without identity")
        files = sorted((tmp_path / "trial").iterdir())
        received = [dcmread(file) for file in files]
        everything = b"".join(file.name.encode() + file.read_bytes() for file in files)
    uids = {uid_of(study), str(study[0].SeriesInstanceUID), *(str(one.SOPInstanceUID) for one in study)}
    texts = ["Shangguan", "Wener", "SECRET-4711", "ACC99881", "19610203", *uids]
    assert not [text for text in texts if text.encode() in everything]
    chinese = [text.encode(codec) for text in ("上官", "婉儿", "东方医院") for codec in ("utf-8", "gb18030")]
    assert not [text for text in chinese if text in everything]
    assert len(received) == 3 == len({one.SOPInstanceUID for one in received})
    assert len({(one.StudyInstanceUID, one.SeriesInstanceUID, one.FrameOfReferenceUID) for one in received}) == 1
    assert {one.file_meta.MediaStorageSOPInstanceUID for one in received} == {one.SOPInstanceUID for one in received}
    assert received[0].PatientIdentityRemoved == "YES"
    assert {one.PixelData for one in received} == {one.PixelData for one in study}
    forward = forward_of(client, uid_of(study), target)
    assert forward is not None and forward.is_anonymised


def got(server: ServerProcess, uid: str, folder: Path) -> list[Dataset]:
    """The study as getscu gets it."""
    folder.mkdir()
    keys = ["-k", "0008,0052=STUDY", "-k", f"0020,000d={uid}"]
    tool("getscu", "-S", "-aec", "MINGJING", "127.0.0.1", str(server.dicom_port), *keys, "-od", str(folder))
    return [dcmread(file) for file in sorted(folder.iterdir())]


def complaints(folder: Path) -> int:
    """Errors that dciodvfy finds in the first file of a folder."""
    file = sorted(folder.iterdir())[0]
    said = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, errors="replace", check=False)
    return sum(line.startswith("Error") for line in said.stderr.splitlines())


def test_a_corrected_study_leaves_with_its_new_identity(
    server: ServerProcess, client: RpcClient, tmp_path: Path
) -> None:
    study = a_study(tmp_path / "study", 2, PatientID="OLD", PatientName="Zhang^San=张^三")
    store(server, tmp_path / "study")
    indexed(client, uid_of(study), 2)
    before = got(server, uid_of(study), tmp_path / "before")
    row = client.call(GetStudy(study_uid=uid_of(study))).row
    values = (
        TagValue(keyword="PatientID", value="NEW"),
        TagValue(keyword="PatientName", value="Wang^Wu=王^五"),
        TagValue(keyword="PatientBirthDate", value="19800131"),
    )
    event = client.call(CorrectStudy(study_uid=uid_of(study), version=row.version, values=values, reason="选错了患者"))
    after = got(server, uid_of(study), tmp_path / "after")
    assert {(one.PatientID, str(one.PatientName), one.PatientBirthDate) for one in after} == {
        ("NEW", "Wang^Wu=王^五", "19800131")
    }
    assert {one.OriginalAttributesSequence[0].ModifiedAttributesSequence[0].PatientID for one in after} == {"OLD"}
    assert sorted(one.PixelData for one in after) == sorted(one.PixelData for one in before)
    if shutil.which("dciodvfy"):
        assert complaints(tmp_path / "after") <= complaints(tmp_path / "before")
    found = tool(
        "findscu", "-S", "-aec", "MINGJING", "127.0.0.1", str(server.dicom_port),
        "-k", "0008,0052=STUDY", "-k", "0010,0020=NEW", "-k", "0020,000d",
    )  # fmt: skip
    assert uid_of(study) in found
    original = client.call(GetOriginal(sop_instance_uid=str(study[0].SOPInstanceUID)))
    assert {one.keyword for one in original.differences} == {"PatientID", "PatientName", "PatientBirthDate"}
    client.call(UndoCorrection(event_id=event.id, reason="改回"))
    again = got(server, uid_of(study), tmp_path / "again")
    assert {one.PatientID for one in again} == {"OLD"} and "OriginalAttributesSequence" not in again[0]


def test_later_images_of_a_merged_study_arrive_in_the_other(
    server: ServerProcess, client: RpcClient, tmp_path: Path
) -> None:
    one = a_study(tmp_path / "one", 2, PatientID="M1")
    two = a_study(tmp_path / "two", 2, PatientID="M2")
    store(server, tmp_path / "one")
    store(server, tmp_path / "two")
    indexed(client, uid_of(one), 2)
    indexed(client, uid_of(two), 2)
    client.call(MergeStudies(study_uid=uid_of(one), into_study_uid=uid_of(two), reason="同一次检查"))
    late = deepcopy(one[0])
    late.SeriesInstanceUID, late.SOPInstanceUID = new_uid(), new_uid()
    late.file_meta.MediaStorageSOPInstanceUID = late.SOPInstanceUID
    (tmp_path / "late").mkdir()
    late.save_as(tmp_path / "late" / "late.dcm", enforce_file_format=True)
    store(server, tmp_path / "late")
    indexed(client, uid_of(two), 5)
    assert {one.PatientID for one in got(server, uid_of(two), tmp_path / "got")} == {"M2"}


def test_a_rejection_note_by_c_store_takes_the_images_away(
    server: ServerProcess, client: RpcClient, tmp_path: Path
) -> None:
    study = a_study(tmp_path / "study", 3, PatientID="REJECT")
    store(server, tmp_path / "study")
    indexed(client, uid_of(study), 3)
    references = [
        InstanceReference(uid_of(study), str(one.SeriesInstanceUID), str(one.SOPClassUID), str(one.SOPInstanceUID))
        for one in study
    ]
    note = key_object_selection(
        PatientFacts("REJECT", "X"),
        StudyFacts(study_uid=uid_of(study)),
        references[:2],
        made_at=datetime.now(UTC),
        title=Code("113001", "DCM", "Rejected for Quality Reasons"),
    )
    (tmp_path / "note").mkdir()
    note.save_as(tmp_path / "note" / "note.dcm", enforce_file_format=True)
    store(server, tmp_path / "note")
    wait_for(lambda: client.call(GetStudy(study_uid=uid_of(study))).row.instance_count == 2, "the rejection")
    left = {str(one.SOPInstanceUID) for one in got(server, uid_of(study), tmp_path / "got")}
    assert left == {str(study[2].SOPInstanceUID), str(note.SOPInstanceUID)}
    (event,) = client.call(ListCorrections(study_uid=uid_of(study))).rows
    assert event.kind == "reject" and event.by == "DICOM CT1"


def test_a_rejection_by_hand_is_told_to_who_got_the_images(
    server: ServerProcess, client: RpcClient, tmp_path: Path
) -> None:
    study = a_study(tmp_path / "study", 3, PatientID="REJECT-2", PatientName="Li^Si=李^四")
    store(server, tmp_path / "study")
    indexed(client, uid_of(study), 3)
    with a_storescp(tmp_path / "other") as port:
        target = a_target(client, "OTHER", port)
        client.call(SendStudy(study_uid=uid_of(study), target_id=target))
        wait_for(lambda: is_sent(client, uid_of(study), target), "the images")
        rejected = (str(study[0].SOPInstanceUID),)
        request = RejectInstances(study_uid=uid_of(study), instance_uids=rejected, code="113001", reason="运动伪影")
        client.call(request)
        wait_for(lambda: len(list((tmp_path / "other").iterdir())) == 4, "the note at the target")
        wait_for(lambda: is_sent(client, uid_of(study), target), "the end of the forward")
        forward = forward_of(client, uid_of(study), target)
    (file,) = [one for one in (tmp_path / "other").iterdir() if dcmread(one).Modality == "KO"]
    note = dcmread(file)
    assert note.ConceptNameCodeSequence[0].CodeValue == "113001" and note.StudyInstanceUID == uid_of(study)
    evidence = note.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert tuple(one.ReferencedSOPInstanceUID for one in evidence) == rejected
    assert forward is not None and "运动伪影" in forward.why
    if shutil.which("dciodvfy"):
        said = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, errors="replace", check=False)
        assert not [line for line in said.stderr.splitlines() if line.startswith(("Error", "Warning"))], said.stderr
    left = {str(one.SOPInstanceUID) for one in got(server, uid_of(study), tmp_path / "got")}
    assert left == {*(str(one.SOPInstanceUID) for one in study[1:]), str(note.SOPInstanceUID)}


def test_what_the_counter_corrected_is_offered_for_the_images(
    server: ServerProcess, client: RpcClient, tmp_path: Path
) -> None:
    hospital = client.call(GetHospital())
    room = next(room for room in hospital.rooms if "CT" in room.exam_types)
    item = next(item for item in hospital.exam_items if item.exam_type == "CT")
    order = ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen)
    exam = client.call(
        RegisterExam(
            patient=PatientEntry(name="欧阳雪", sex=Sex.FEMALE),
            exam_type="CT",
            items=(order,),
            campus_id=room.campus_id,
            room_id=room.id,
        )
    )
    study = a_study(
        tmp_path / "study",
        1,
        PatientID=exam.patient.patient_number,
        PatientName="Ou^Yang",
        PatientSex="M",
        AccessionNumber=exam.row.accession_number,
    )
    store(server, tmp_path / "study")
    wait_for(lambda: bool(client.call(ListExamStudies(exam_id=exam.row.id))), "the match")
    (offered,) = client.call(OfferPatientCorrection(patient_id=exam.patient.id))
    assert {(one.keyword, one.after) for one in offered.changes} >= {("PatientSex", "F")}
    client.call(AcceptPatientCorrection(patient_id=exam.patient.id, study_uids=(uid_of(study),), reason="登记为准"))
    (sent,) = got(server, uid_of(study), tmp_path / "got")
    assert sent.PatientSex == "F" and "欧阳" in str(sent.PatientName)
