"""pynetdicom as an independent client of every service: negotiation, counts, cancel, procedure steps, commitment."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    UID_dictionary,
    generate_uid,
)
from pynetdicom import AE, build_context, build_role, evt
from pynetdicom.dsutils import encode
from pynetdicom.pdu import A_ASSOCIATE_RJ

from server.doors.dicom.door import Door
from server.doors.dicom.ports import Attributes, DoorSettings, Peer, QueryRequest
from server.doors.dicom.requestor import NotAssociated, echo_peer
from tests.fakes.dicom_objects import CT, EXPLICIT_LE, ct_dataset, patient_rows, stored_objects, worklist_item
from tests.fakes.dicom_ports import FakeHospital, FakeStored

VERIFICATION = "1.2.840.10008.1.1"
STUDY_FIND, STUDY_MOVE, STUDY_GET = (f"1.2.840.10008.5.1.4.1.2.2.{n}" for n in (1, 2, 3))
WORKLIST = "1.2.840.10008.5.1.4.31"
MPPS = "1.2.840.10008.3.1.2.3.3"
COMMITMENT = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"


def associate(door: Door, *contexts: Any, title: str = "CLIENT", **more: Any) -> Any:
    ae = AE(ae_title=title)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 15
    for context in contexts:
        if isinstance(context, str):
            ae.add_requested_context(context)
        else:
            ae.add_requested_context(*context)
    association = ae.associate("127.0.0.1", door.port, **more)
    assert association.is_established, "the association was not established"
    _made.append((association, association.dul.socket.socket))
    return association


_made: list[tuple[Any, Any]] = []


@pytest.fixture(autouse=True)
def close_what_pynetdicom_leaves_open() -> Iterator[None]:
    """pynetdicom sometimes forgets its socket when a release and a message cross."""
    _made.clear()
    yield
    for association, sock in _made:
        association.join(5)
        sock.close()


def a_dataset(**values: Any) -> Dataset:
    dataset = Dataset()
    for key, value in values.items():
        setattr(dataset, key, value)
    return dataset


# Negotiation


def test_unknown_callers_are_rejected_by_name(door: Door, hospital: FakeHospital) -> None:
    hospital.peers.anyone = False
    ae = AE(ae_title="STRANGER")
    ae.add_requested_context(VERIFICATION)
    received: list[Any] = []
    # The PDU itself is looked at: where the refusal is read before the requesting thread wakes, pynetdicom finds the
    # transport closed by then, takes that for a connection that was never made, and is_rejected stays false.
    association = ae.associate(
        "127.0.0.1", door.port, evt_handlers=[(evt.EVT_PDU_RECV, lambda event: received.append(event.pdu))]
    )
    assert not association.is_established
    (refusal,) = received
    assert isinstance(refusal, A_ASSOCIATE_RJ)
    assert (refusal.result, refusal.source, refusal.reason_diagnostic) == (1, 1, 3)


def test_every_storage_class_is_accepted_and_other_unknown_services_are_not(door: Door) -> None:
    association = associate(
        door,
        CT,
        "1.2.840.10008.5.1.4.1.1.99999.1",  # a standard storage class of the future
        "1.2.840.113619.4.26",  # a private one
        "1.2.840.10008.5.1.1.9",  # basic grayscale print management
        "1.2.840.10008.5.1.4.34.6.1",  # unified procedure step
        "1.2.840.10008.5.1.4.1.1.201.2",  # inventory find
    )
    accepted = {c.abstract_syntax for c in association.accepted_contexts}
    rejected = {c.abstract_syntax: c.result for c in association.rejected_contexts}
    association.release()
    assert accepted == {CT, "1.2.840.10008.5.1.4.1.1.99999.1", "1.2.840.113619.4.26"}
    assert set(rejected.values()) == {3}


def test_the_requestors_first_transfer_syntax_is_taken_but_not_big_endian(door: Door) -> None:
    jpeg_ls = "1.2.840.10008.1.2.4.80"
    association = associate(
        door,
        (CT, [jpeg_ls, ExplicitVRLittleEndian]),
        ("1.2.840.10008.5.1.4.1.1.4", [ExplicitVRBigEndian, ImplicitVRLittleEndian]),
        ("1.2.840.10008.5.1.4.1.1.7", ["1.2.840.113619.5.2"]),
        (VERIFICATION, [ImplicitVRLittleEndian, ExplicitVRLittleEndian]),
    )
    chosen = {str(c.abstract_syntax): str(c.transfer_syntax[0]) for c in association.accepted_contexts}
    association.release()
    assert chosen == {
        CT: jpeg_ls,
        "1.2.840.10008.5.1.4.1.1.4": ImplicitVRLittleEndian,
        "1.2.840.10008.5.1.4.1.1.7": "1.2.840.113619.5.2",
        VERIFICATION: ExplicitVRLittleEndian,
    }


def test_a_peer_gets_only_the_services_it_may_use(door: Door, hospital: FakeHospital) -> None:
    hospital.peers.peers["CT1"] = Peer("CT1", "127.0.0.1", 0, may_query=False, may_retrieve=False)
    association = associate(door, VERIFICATION, CT, STUDY_FIND, STUDY_MOVE, WORKLIST, title="CT1")
    accepted = {c.abstract_syntax for c in association.accepted_contexts}
    association.release()
    assert accepted == {VERIFICATION, CT, WORKLIST}


def test_every_class_of_the_standard_that_is_stored_is_accepted(door: Door) -> None:
    names = [(uid, entry[0]) for uid, entry in UID_dictionary.items() if entry[1] == "SOP Class"]
    storage = [uid for uid, name in names if re.search(r" Storage\b(?! Commitment| Management)", name)]
    storage = [uid for uid in storage if not uid.startswith(("1.2.840.10008.1.20", "1.2.840.10008.1.3"))]
    assert len(storage) > 180
    refused = set()
    for at in range(0, len(storage), 128):
        association = associate(door, *((uid, [ExplicitVRLittleEndian]) for uid in storage[at : at + 128]))
        refused |= {str(context.abstract_syntax) for context in association.rejected_contexts}
        association.release()
    assert not refused


def test_an_operation_that_does_not_exist_is_answered_and_the_association_lives_on(door: Door) -> None:
    association = associate(door, VERIFICATION, MPPS)
    answer, _ = association.send_n_get([0x00100010], MPPS, "1.2.3")
    assert answer.Status == 0x0211
    assert association.send_c_echo().Status == 0
    association.release()


# Storage


def test_a_private_class_is_stored_as_it_came(door: Door, hospital: FakeHospital) -> None:
    association = associate(door, ("1.2.840.113619.4.26", [ExplicitVRLittleEndian]))
    dataset = a_dataset(SOPClassUID="1.2.840.113619.4.26", SOPInstanceUID="1.2.3.4", PatientName="A^B")
    dataset.file_meta = a_dataset(TransferSyntaxUID=ExplicitVRLittleEndian)  # type: ignore[assignment]
    assert association.send_c_store(dataset).Status == 0
    association.release()
    assert hospital.archive.objects["1.2.3.4"].data == encode(dataset, False, True)


def test_a_sink_that_fails_costs_one_answer_only(
    door: Door, hospital: FakeHospital, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = hospital.archive.receive

    def receive(received: Any) -> Any:
        if received.sop_instance_uid == "1.2.3.9":
            raise RuntimeError("the disk controller is on fire, patient Zhang")
        return real(received)

    monkeypatch.setattr(hospital.archive, "receive", receive)
    association = associate(door, (CT, [ExplicitVRLittleEndian]))
    dataset = a_dataset(SOPClassUID=CT, SOPInstanceUID="1.2.3.9", PatientName="A^B")
    dataset.file_meta = a_dataset(TransferSyntaxUID=ExplicitVRLittleEndian)  # type: ignore[assignment]
    answer = association.send_c_store(dataset)
    assert answer.Status == 0x0110
    assert "incident" in answer.ErrorComment
    assert "Zhang" not in answer.ErrorComment
    dataset.SOPInstanceUID = "1.2.3.10"
    assert association.send_c_store(dataset).Status == 0
    association.release()
    logged = [r.getMessage() for r in caplog.records if "incident" in r.getMessage()]
    assert len(logged) == 1
    assert "RuntimeError" in logged[0]
    assert "Zhang" not in caplog.text


# Query


def find_all(association: Any, identifier: Dataset, model: str = STUDY_FIND) -> tuple[list[Dataset], int]:
    answers, last = [], -1
    for code, answer in association.send_c_find(identifier, model):
        last = code.Status
        if answer is not None:
            answers.append(answer)
    return answers, last


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("charset", ["ISO_IR 192", "GB18030", "GBK", ""])
def test_chinese_names_are_matched_and_answered_in_the_peers_character_set(
    door: Door, hospital: FakeHospital, syntax: str, charset: str
) -> None:
    hospital.query.rows = patient_rows()
    association = associate(door, (STUDY_FIND, [syntax]))
    identifier = a_dataset(QueryRetrieveLevel="STUDY", StudyInstanceUID="")
    identifier.PatientName = "Wang*"
    if charset:
        identifier.SpecificCharacterSet = charset.split("\\")
        identifier.PatientName = "*=王^小*"
    identifier.PatientID = ""
    answers, last = find_all(association, identifier)
    association.release()
    assert last == 0
    assert hospital.query.asked[0].keys[0x00100010] == ("*=王^小*" if charset else "Wang*")
    names = [str(a.PatientName) for a in answers]
    assert "Wang^Xiao Ming=王^小明" in names
    terms = answers[0].SpecificCharacterSet
    sent = "\\".join(terms) if not isinstance(terms, str) else terms
    assert sent == (charset or "ISO_IR 192")


def test_a_name_outside_the_asked_character_set_is_answered_in_utf_8(door: Door, hospital: FakeHospital) -> None:
    hospital.query.rows = patient_rows()
    association = associate(door, STUDY_FIND)
    identifier = a_dataset(
        SpecificCharacterSet="ISO_IR 100", QueryRetrieveLevel="STUDY", PatientID="P1", PatientName=""
    )
    answers, _ = find_all(association, identifier)
    association.release()
    assert answers[0].SpecificCharacterSet == "ISO_IR 192"
    assert str(answers[0].PatientName) == "Zhang^San=张^三"


def test_a_peers_own_character_set_wins(door: Door, hospital: FakeHospital) -> None:
    hospital.query.rows = patient_rows()
    hospital.peers.peers["OLD"] = Peer("OLD", "127.0.0.1", 0, character_set="GB18030")
    association = associate(door, STUDY_FIND, title="OLD")
    answers, _ = find_all(association, a_dataset(QueryRetrieveLevel="STUDY", PatientID="P1", PatientName=""))
    association.release()
    assert answers[0].SpecificCharacterSet == "GB18030"
    assert str(answers[0].PatientName) == "Zhang^San=张^三"


def test_missing_attributes_come_with_zero_length(door: Door, hospital: FakeHospital) -> None:
    hospital.query.rows = patient_rows()
    association = associate(door, STUDY_FIND)
    identifier = a_dataset(QueryRetrieveLevel="STUDY", PatientID="P1", StudyDescription="", ReferringPhysicianName="")
    answers, _ = find_all(association, identifier)
    association.release()
    assert answers[0]["StudyDescription"].value == ""
    assert "ReferringPhysicianName" in answers[0]


def test_matches_warn_of_keys_that_were_not_compared(door: Door, hospital: FakeHospital) -> None:
    hospital.query.rows = patient_rows()
    association = associate(door, STUDY_FIND)
    codes = {}
    for mother in ("", "Li^Hua"):
        identifier = a_dataset(QueryRetrieveLevel="STUDY", PatientID="P1", PatientMotherBirthName=mother)
        codes[mother] = {code.Status for code, answer in association.send_c_find(identifier, STUDY_FIND) if answer}
    association.release()
    assert codes == {"": {0xFF00}, "Li^Hua": {0xFF01}}


def test_a_command_of_another_class_than_its_context_is_refused(door: Door, hospital: FakeHospital) -> None:
    hospital.query.rows = patient_rows()
    association = associate(door, STUDY_FIND, MPPS)
    for context in association.accepted_contexts:  # what our peer says it means, not what was agreed on
        context._abstract_syntax = {STUDY_FIND: UID("1.2.3"), MPPS: UID("1.2.4")}[context.abstract_syntax]
    found = list(association.send_c_find(a_dataset(QueryRetrieveLevel="STUDY"), "1.2.3"))
    created = association.send_n_create(a_step(), "1.2.4", "1.2.3.50")[0]
    association.release()
    assert [code.Status for code, _ in found] == [0x0122]
    assert created.Status == 0x0118
    assert not hospital.steps.steps and not hospital.query.asked


def test_a_query_can_be_cancelled(door: Door, hospital: FakeHospital) -> None:
    closed = threading.Event()

    class Endless:
        def find(self, request: QueryRequest) -> Iterator[Attributes]:
            try:
                number = 0
                while True:
                    number += 1
                    yield {0x0020000D: f"1.2.3.{number}", 0x00100010: "A" * 60}
            finally:
                closed.set()

        def ignores(self, request: QueryRequest) -> bool:
            return False

    object.__setattr__(door._listener._ports, "query", Endless())  # type: ignore[union-attr]
    association = associate(door, STUDY_FIND)
    codes = []
    identifier = a_dataset(QueryRetrieveLevel="STUDY", StudyInstanceUID="", PatientName="")
    for number, (code, _answer) in enumerate(association.send_c_find(identifier, STUDY_FIND, msg_id=7)):
        codes.append(code.Status)
        if number == 10:
            association.send_c_cancel(7, None, STUDY_FIND)
    assert codes[-1] == 0xFE00
    assert closed.wait(40)
    assert set(codes[:-1]) == {0xFF00}
    association.release()


# Worklist


def test_worklist_items_carry_only_what_was_asked(door: Door, hospital: FakeHospital) -> None:
    hospital.worklist.items = [worklist_item("A1", "CT")]
    association = associate(door, WORKLIST)
    step = a_dataset(
        Modality="CT", ScheduledProcedureStepStartDate="20260101-20261231", ScheduledPerformingPhysicianName=""
    )
    identifier = a_dataset(
        SpecificCharacterSet="GB18030", PatientName="", AccessionNumber="", ScheduledProcedureStepSequence=[step]
    )
    identifier.RequestedProcedureDescription = ""
    answers, last = find_all(association, identifier, WORKLIST)
    association.release()
    assert last == 0
    (item,) = answers
    assert str(item.PatientName) == "Zhang^San=张^三"
    assert item.RequestedProcedureDescription == "胸部平扫"
    (scheduled,) = item.ScheduledProcedureStepSequence
    assert {e.keyword for e in scheduled} == {
        "Modality",
        "ScheduledProcedureStepStartDate",
        "ScheduledPerformingPhysicianName",
    }
    assert "PatientID" not in item


# Retrieve


def on_store(kept: dict[str, Any], status: int = 0) -> Any:
    def handle(event: Any) -> int:
        kept[event.request.AffectedSOPInstanceUID] = event
        return status

    return (evt.EVT_C_STORE, handle)


def retrieve_identifier(**keys: Any) -> Dataset:
    return a_dataset(QueryRetrieveLevel="STUDY", **keys)


def test_c_get_reencodes_for_a_peer_that_takes_implicit_only(
    door: Door, hospital: FakeHospital, tmp_path: Path
) -> None:
    hospital.retrieve.stored = stored_objects(tmp_path)
    kept: dict[str, Any] = {}
    association = associate(
        door,
        STUDY_GET,
        (CT, [ImplicitVRLittleEndian]),
        ext_neg=[build_role(CT, scp_role=True)],
        evt_handlers=[on_store(kept)],
    )
    codes = [c for c, _ in association.send_c_get(retrieve_identifier(StudyInstanceUID="1.2.3.1"), STUDY_GET)]
    association.release()
    assert codes[-1].Status == 0
    assert codes[-1].NumberOfCompletedSuboperations == 3
    assert len(kept) == 3
    for event in kept.values():
        assert event.context.transfer_syntax == ImplicitVRLittleEndian
        assert event.dataset.Rows == 64
        assert str(event.dataset.PatientName) == "Zhang^San=张^三"
        assert event.dataset["PixelData"].VR == "OW"
        assert event.dataset.PixelData == bytes(range(256)) * 32


def test_c_get_counts_what_the_peer_cannot_take(door: Door, hospital: FakeHospital, tmp_path: Path) -> None:
    hospital.retrieve.stored = [
        *stored_objects(tmp_path)[:2],
        FakeStored("P1", "1.2.3.1", "1.2.3.1.9", "1.2.3.1.9.1", "1.2.840.10008.5.1.4.1.1.4", EXPLICIT_LE, b"x"),
    ]
    hospital.retrieve.broken = {"1.2.3.1.1.2"}
    kept: dict[str, Any] = {}
    association = associate(door, STUDY_GET, CT, ext_neg=[build_role(CT, scp_role=True)], evt_handlers=[on_store(kept)])
    answers = list(association.send_c_get(retrieve_identifier(StudyInstanceUID="1.2.3.1"), STUDY_GET))
    association.release()
    last, identifier = answers[-1]
    assert last.Status == 0xB000
    assert (last.NumberOfCompletedSuboperations, last.NumberOfFailedSuboperations) == (1, 2)
    assert sorted(identifier.FailedSOPInstanceUIDList) == ["1.2.3.1.1.2", "1.2.3.1.9.1"]


def test_c_get_of_nothing_is_a_success_with_zero_counts(door: Door) -> None:
    association = associate(door, STUDY_GET, CT, ext_neg=[build_role(CT, scp_role=True)])
    ((last, _),) = association.send_c_get(retrieve_identifier(StudyInstanceUID="9.9.9"), STUDY_GET)
    association.release()
    assert last.Status == 0
    assert last.NumberOfCompletedSuboperations == 0


@pytest.fixture
def destination() -> Iterator[tuple[int, dict[str, Any]]]:
    """A storage SCP of pynetdicom, named DEST."""
    kept: dict[str, Any] = {}
    ae = AE(ae_title="DEST")
    ae.require_called_aet = True
    ae.add_supported_context(CT, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[on_store(kept)])
    assert server is not None
    yield server.socket.getsockname()[1], kept
    server.shutdown()


def test_c_move_sends_to_the_destination_with_its_originator(
    door: Door, hospital: FakeHospital, tmp_path: Path, destination: tuple[int, dict[str, Any]]
) -> None:
    port, kept = destination
    hospital.retrieve.stored = stored_objects(tmp_path)
    hospital.peers.peers["DEST"] = Peer("DEST", "127.0.0.1", port)
    association = associate(door, STUDY_MOVE)
    answers = list(
        association.send_c_move(retrieve_identifier(StudyInstanceUID=["1.2.3.1", "1.2.3.2"]), "DEST", STUDY_MOVE)
    )
    association.release()
    last, _ = answers[-1]
    assert last.Status == 0
    assert last.NumberOfCompletedSuboperations == 4
    assert sorted(kept) == ["1.2.3.1.1.1", "1.2.3.1.1.2", "1.2.3.1.2.1", "1.2.3.2.1.1"]
    for event in kept.values():
        assert event.request.MoveOriginatorApplicationEntityTitle == "CLIENT"
        assert event.assoc.requestor.ae_title == "MINGJING"


def test_c_move_to_a_peer_that_does_not_listen_fails_with_counts(
    door: Door, hospital: FakeHospital, tmp_path: Path
) -> None:
    hospital.retrieve.stored = stored_objects(tmp_path)
    hospital.peers.peers["DEST"] = Peer("DEST", "127.0.0.1", 1)
    association = associate(door, STUDY_MOVE)
    answers = list(association.send_c_move(retrieve_identifier(StudyInstanceUID="1.2.3.1"), "DEST", STUDY_MOVE))
    last, identifier = answers[-1]
    assert last.Status == 0xA702
    assert last.NumberOfFailedSuboperations == 3
    assert len(identifier.FailedSOPInstanceUIDList) == 3
    answers = list(association.send_c_move(retrieve_identifier(StudyInstanceUID="1.2.3.1"), "WHO", STUDY_MOVE))
    assert answers[-1][0].Status == 0xA801
    association.release()


def test_c_move_can_be_cancelled(door: Door, hospital: FakeHospital, tmp_path: Path) -> None:
    template = ct_dataset("1.2.3.7.1")
    hospital.retrieve.stored = [
        FakeStored("P1", "1.2.3.7", "1.2.3.7.1", f"1.2.3.7.1.{n}", CT, EXPLICIT_LE, template) for n in range(2000)
    ]
    started = threading.Event()
    kept: list[str] = []

    def handle(event: Any) -> int:
        kept.append(event.request.AffectedSOPInstanceUID)
        started.set()
        return 0

    ae = AE(ae_title="DEST")
    ae.add_supported_context(CT, [ExplicitVRLittleEndian])
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, handle)])
    assert server is not None
    hospital.peers.peers["DEST"] = Peer("DEST", "127.0.0.1", server.socket.getsockname()[1])
    association = associate(door, STUDY_MOVE)
    codes = []
    try:
        for code, _ in association.send_c_move(
            retrieve_identifier(StudyInstanceUID="1.2.3.7"), "DEST", STUDY_MOVE, msg_id=3
        ):
            codes.append(code)
            if started.is_set() and len(codes) == 1:
                association.send_c_cancel(3, None, STUDY_MOVE)
    finally:
        association.release()
        server.shutdown()
    assert codes[-1].Status == 0xFE00
    assert codes[-1].NumberOfRemainingSuboperations > 0
    assert codes[-1].NumberOfCompletedSuboperations + codes[-1].NumberOfRemainingSuboperations == 2000


def test_a_retrieve_without_its_unique_key_is_refused(door: Door) -> None:
    association = associate(door, STUDY_MOVE)
    answers = list(association.send_c_move(retrieve_identifier(PatientID="P1"), "DEST", STUDY_MOVE))
    association.release()
    assert answers[-1][0].Status == 0xA900


def test_compressed_objects_are_decoded_by_the_transcoder(door: Door, hospital: FakeHospital, tmp_path: Path) -> None:
    import numpy as np
    from pydicom.uid import RLELossless

    from server.doors.dicom.part10 import dataset_of
    from server.doors.dicom.transcoding.frames import FrameTranscoder

    raw = tmp_path / "raw.dcm"
    from tests.fakes.dicom_objects import ct_file

    raw = ct_file(tmp_path, 0)
    native = dcmread(raw)
    pixels = np.frombuffer(native.PixelData, "<u2")
    native.compress(RLELossless, generate_instance_uid=False)
    native.save_as(tmp_path / "rle.dcm")
    data = bytes(dataset_of((tmp_path / "rle.dcm").read_bytes()))
    hospital.retrieve.stored = [FakeStored("P1", "1.2.3.1", "1.2.3.1.1", "1.2.3.1.1.1", CT, RLELossless, data)]

    def get_with(transcoder: object) -> tuple[Any, dict[str, Any]]:
        object.__setattr__(door._listener._ports, "transcoder", transcoder)  # type: ignore[union-attr]
        kept: dict[str, Any] = {}
        association = associate(
            door,
            STUDY_GET,
            (CT, [ExplicitVRLittleEndian]),
            ext_neg=[build_role(CT, scp_role=True)],
            evt_handlers=[on_store(kept)],
        )
        answers = list(association.send_c_get(retrieve_identifier(StudyInstanceUID="1.2.3.1"), STUDY_GET))
        association.release()
        return answers[-1][0], kept

    last, kept = get_with(FrameTranscoder())
    assert last.Status == 0
    (event,) = kept.values()
    assert (np.frombuffer(event.dataset.PixelData, "<u2") == pixels).all()
    last, kept = get_with(None)
    assert last.Status == 0xA702
    assert not kept


# Procedure steps


def a_step(status: str = "IN PROGRESS") -> Dataset:
    scheduled = a_dataset(AccessionNumber="A1", StudyInstanceUID="1.2.3.1", ScheduledProcedureStepID="SPS-A1")
    return a_dataset(
        SpecificCharacterSet="GB18030",
        PatientName="Zhang^San=张^三",
        PatientID="P1",
        PerformedProcedureStepID="PPS1",
        PerformedProcedureStepStatus=status,
        PerformedStationAETitle="CT1",
        Modality="CT",
        ScheduledStepAttributesSequence=[scheduled],
        PerformedSeriesSequence=[],
    )


def test_a_procedure_step_lives_from_creation_to_completion(door: Door, hospital: FakeHospital) -> None:
    association = associate(door, MPPS, title="CT1")
    assert association.send_n_create(a_step(), MPPS, "1.2.3.50")[0].Status == 0
    assert hospital.steps.steps["1.2.3.50"][0x00100010] == "Zhang^San=张^三"
    assert hospital.steps.steps["1.2.3.50"][0x00400270][0][0x00080050] == "A1"  # type: ignore[index]
    assert hospital.steps.calls[0][1].calling_ae == "CT1"
    assert association.send_n_create(a_step(), MPPS, "1.2.3.50")[0].Status == 0x0111
    done = a_dataset(PerformedProcedureStepStatus="COMPLETED")
    assert association.send_n_set(done, MPPS, "1.2.3.50")[0].Status == 0
    assert hospital.steps.steps["1.2.3.50"][0x00400252] == "COMPLETED"
    again = association.send_n_set(done, MPPS, "1.2.3.50")[0]
    assert (again.Status, again.ErrorID) == (0x0110, 0xA710)
    assert association.send_n_set(done, MPPS, "1.2.3.51")[0].Status == 0x0112
    association.release()


def test_a_step_must_begin_in_progress(door: Door, hospital: FakeHospital) -> None:
    association = associate(door, MPPS)
    assert association.send_n_create(a_step("COMPLETED"), MPPS, "1.2.3.52")[0].Status == 0x0106
    assert association.send_n_create(a_step(""), MPPS, "1.2.3.52")[0].Status == 0x0120
    assert association.send_n_create(None, MPPS, "1.2.3.52")[0].Status == 0x0120
    association.release()
    assert not hospital.steps.steps


def test_a_step_without_an_instance_uid_gets_one(door: Door, hospital: FakeHospital) -> None:
    association = associate(door, MPPS)
    answer, _ = association.send_n_create(a_step(), MPPS)
    association.release()
    assert answer.Status == 0
    (uid,) = hospital.steps.steps
    assert uid.startswith("2.25.")


# Storage commitment


def a_request(transaction: str, *instances: str) -> Dataset:
    return a_dataset(
        TransactionUID=transaction,
        ReferencedSOPSequence=[a_dataset(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=i) for i in instances],
    )


def store_some(door: Door) -> None:
    association = associate(door, (CT, [ExplicitVRLittleEndian]))
    for uid in ("1.2.3.60", "1.2.3.61"):
        dataset = a_dataset(SOPClassUID=CT, SOPInstanceUID=uid)
        dataset.file_meta = a_dataset(TransferSyntaxUID=ExplicitVRLittleEndian)  # type: ignore[assignment]
        assert association.send_c_store(dataset).Status == 0
    association.release()


class Reports:
    """Collects N-EVENT-REPORTs."""

    def __init__(self) -> None:
        self.got = threading.Event()
        self.event_type = 0
        self.information = Dataset()

    def handle(self, event: Any) -> tuple[int, None]:
        self.event_type = event.event_type
        self.information = event.event_information
        self.got.set()
        return 0, None


@pytest.mark.parametrize(("instances", "event_type"), [(("1.2.3.60", "1.2.3.61"), 1), (("1.2.3.60", "1.2.3.99"), 2)])
def test_commitment_is_reported_on_the_open_association(
    door: Door, instances: tuple[str, ...], event_type: int
) -> None:
    store_some(door)
    reports = Reports()
    association = associate(door, COMMITMENT, evt_handlers=[(evt.EVT_N_EVENT_REPORT, reports.handle)])
    transaction = generate_uid()
    answer, _ = association.send_n_action(a_request(transaction, *instances), 1, COMMITMENT, COMMITMENT_INSTANCE)
    assert answer.Status == 0
    assert reports.got.wait(10)
    association.release()
    assert reports.event_type == event_type
    assert transaction == reports.information.TransactionUID
    kept = [i.ReferencedSOPInstanceUID for i in reports.information.ReferencedSOPSequence]
    if event_type == 1:
        assert kept == list(instances)
    else:
        assert kept == ["1.2.3.60"]
        (failed,) = reports.information.FailedSOPSequence
        assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == ("1.2.3.99", 0x0112)


def test_commitment_is_reported_on_a_new_association_when_the_first_is_gone(door: Door, hospital: FakeHospital) -> None:
    store_some(door)
    reports = Reports()
    ae = AE(ae_title="CT1")
    context = build_context(COMMITMENT)
    ae.add_supported_context(context.abstract_syntax, scu_role=False, scp_role=True)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, reports.handle)])
    assert server is not None
    hospital.peers.peers["CT1"] = Peer("CT1", "127.0.0.1", server.socket.getsockname()[1])
    try:
        # a client that takes no report on its own association: its handler refuses
        association = associate(
            door, COMMITMENT, title="CT1", evt_handlers=[(evt.EVT_N_EVENT_REPORT, lambda _event: (0x0110, None))]
        )
        answer, _ = association.send_n_action(a_request("1.2.3.77", "1.2.3.60"), 1, COMMITMENT, COMMITMENT_INSTANCE)
        assert answer.Status == 0
        association.release()
        assert reports.got.wait(15)
    finally:
        server.shutdown()
    assert reports.event_type == 1
    assert reports.information.TransactionUID == "1.2.3.77"


def test_a_promised_report_is_sent_after_a_restart(hospital: FakeHospital, tmp_path: Path) -> None:
    hospital.peers.peers["CT1"] = Peer("CT1", "127.0.0.1", 1)  # nobody listens there for now
    settings = DoorSettings(port=0, drain_s=1.0, connect_s=2.0, spool_directory=tmp_path)
    door = Door(settings, hospital.ports())
    door.start()
    association = associate(
        door, COMMITMENT, title="CT1", evt_handlers=[(evt.EVT_N_EVENT_REPORT, lambda _event: (0x0110, None))]
    )
    answer, _ = association.send_n_action(a_request("1.2.3.79", "1.2.3.60"), 1, COMMITMENT, COMMITMENT_INSTANCE)
    assert answer.Status == 0
    association.release()
    door.stop()
    assert len(list(tmp_path.glob("commitment-*.json"))) == 1

    reports = Reports()
    ae = AE(ae_title="CT1")
    ae.add_supported_context(COMMITMENT, scu_role=False, scp_role=True)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, reports.handle)])
    assert server is not None
    hospital.peers.peers["CT1"] = Peer("CT1", "127.0.0.1", server.socket.getsockname()[1])
    (tmp_path / "commitment-broken.json").write_text("{")
    again = Door(settings, hospital.ports())
    again.start()
    try:
        assert reports.got.wait(15)
        end = time.monotonic() + 40
        while list(tmp_path.glob("commitment-*")):
            assert time.monotonic() < end, "the promise was kept but not forgotten"
            time.sleep(0.02)
    finally:
        again.stop()
        server.shutdown()
    assert reports.information.TransactionUID == "1.2.3.79"
    assert reports.event_type == 2
    assert list(tmp_path.iterdir()) == []


def test_a_commitment_check_that_fails_costs_neither_association_nor_silence_in_the_log(
    door: Door,
    hospital: FakeHospital,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    def check(_references: object, _calling_ae: str) -> Any:
        raise RuntimeError("the index is away")

    monkeypatch.setattr(hospital.archive, "check", check)
    association = associate(door, COMMITMENT, VERIFICATION)
    answer, _ = association.send_n_action(a_request("1.2.3.78", "1.2.3.60"), 1, COMMITMENT, COMMITMENT_INSTANCE)
    assert answer.Status == 0
    assert association.send_c_echo().Status == 0
    association.release()
    assert "incident" in caplog.text
    (promise,) = (tmp_path / "spool").glob("commitment-*.json")
    promise.unlink()  # it would be kept for the next start


def test_commitment_requests_that_make_no_sense_are_refused(door: Door) -> None:
    association = associate(door, COMMITMENT)
    request = a_request("1.2.3.77", "1.2.3.60")
    assert association.send_n_action(request, 2, COMMITMENT, COMMITMENT_INSTANCE)[0].Status == 0x0123
    assert association.send_n_action(request, 1, COMMITMENT, "1.2.3")[0].Status == 0x0112
    assert association.send_n_action(a_dataset(PatientID="P"), 1, COMMITMENT, COMMITMENT_INSTANCE)[0].Status == 0x0120
    association.release()


# The door


def test_stopping_the_door_ends_open_associations_and_closes_the_ports(hospital: FakeHospital) -> None:
    door = Door(DoorSettings(port=0, drain_s=2.0), hospital.ports())
    door.start()
    association = associate(door, VERIFICATION)
    assert association.send_c_echo().Status == 0
    door.stop()
    assert hospital.closed == 1
    association.join(5)
    assert association.is_aborted, "the peer shall hear an A-ABORT, not only lose its connection"


def test_too_many_associations_are_turned_away(hospital: FakeHospital) -> None:
    door = Door(DoorSettings(port=0, drain_s=1.0, max_associations=2), hospital.ports())
    door.start()
    try:
        first, second = associate(door, VERIFICATION), associate(door, VERIFICATION)
        with pytest.raises(NotAssociated, match="limit of associations"):
            echo_peer("127.0.0.1", door.port, called_ae="MINGJING", calling_ae="THIRD")
        assert first.send_c_echo().Status == 0
        first.release()
        second.release()
    finally:
        door.stop()
