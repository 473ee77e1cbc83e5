"""A scanner says what it made and sends all but one; a tag is added meanwhile: through the doors of a whole server."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE
from server_process import ServerProcess, running_server

from shared.contract.archive import (
    AddCustomTag,
    GetCompleteness,
    ListCustomTags,
    ListStudies,
    SetStudyCharacterSet,
    StudyRow,
)
from shared.dicomkit.synthetic import ct_series
from shared.rpc.client import RpcClient

MPPS = "1.2.840.10008.3.1.2.3.3"
STUDY_ROOT_FIND, CT = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.1.2"
KVP = 0x00180060


def eventually(holds: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def reference(made: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = made.SOPClassUID, made.SOPInstanceUID
    return item


def perform(server: ServerProcess, slices: list[Dataset]) -> None:
    """N-CREATE, N-SET with all slices."""
    ae = AE("CT1")
    ae.add_requested_context(MPPS)
    association = ae.associate("127.0.0.1", server.dicom_port)
    assert association.is_established
    step, scheduled, series = Dataset(), Dataset(), Dataset()
    uid = generate_uid()
    scheduled.StudyInstanceUID, scheduled.AccessionNumber = slices[0].StudyInstanceUID, "A1"
    step.ScheduledStepAttributesSequence = [scheduled]
    step.PerformedProcedureStepStatus, step.PerformedStationAETitle, step.Modality = "IN PROGRESS", "CT1", "CT"
    status, _ = association.send_n_create(step, MPPS, uid)
    assert status.Status == 0
    series.SeriesInstanceUID = slices[0].SeriesInstanceUID
    series.ReferencedImageSequence = [reference(one) for one in slices]
    end = Dataset()
    end.PerformedProcedureStepStatus, end.PerformedSeriesSequence = "COMPLETED", [series]
    status, _ = association.send_n_set(end, MPPS, uid)
    assert status.Status == 0
    association.release()


def send(server: ServerProcess, slices: list[Dataset]) -> None:
    ae = AE("CT1")
    ae.add_requested_context(CT)
    association = ae.associate("127.0.0.1", server.dicom_port)
    assert association.is_established
    assert all(association.send_c_store(one).Status == 0 for one in slices)
    association.release()


def asked(server: ServerProcess, keys: Dataset) -> list[Dataset]:
    ae = AE("WS1")
    ae.add_requested_context(STUDY_ROOT_FIND)
    association = ae.associate("127.0.0.1", server.dicom_port)
    assert association.is_established
    answers = [answer for status, answer in association.send_c_find(keys, STUDY_ROOT_FIND) if answer is not None]
    association.release()
    return answers


def the_study(client: RpcClient, **conditions: str) -> StudyRow | None:
    return next(iter(client.call(ListStudies(**conditions)).rows), None)


def test_a_short_study_is_seen_and_becomes_complete(tmp_path: Path) -> None:
    slices = ct_series(None, 4, 16)
    for one in slices:
        one.KVP = "117"
    study = str(slices[0].StudyInstanceUID)
    with running_server(tmp_path) as server:
        client = server.client()
        try:
            perform(server, slices)
            send(server, slices[:3])
            eventually(lambda: the_study(client, completeness="short") is not None, "the study is not short")
            row = the_study(client, completeness="short")
            assert row is not None
            assert (row.study_uid, row.missing_count) == (study, 1)
            seen = client.call(GetCompleteness(study_uid=study))
            assert seen.missing_uids == (str(slices[3].SOPInstanceUID),)
            added = client.call(AddCustomTag(tag=KVP))
            eventually(lambda: client.call(ListCustomTags())[0].is_ready, "the custom tag is not filled")
            send(server, slices[3:])
            eventually(lambda: the_study(client, completeness="complete") is not None, "the study is not complete")
            keys = Dataset()
            keys.QueryRetrieveLevel, keys.StudyInstanceUID, keys.KVP = "STUDY", "", "117"
            assert [answer.StudyInstanceUID for answer in asked(server, keys)] == [study]
            keys.KVP = "80"
            assert asked(server, keys) == []
            found = client.call(ListStudies(custom={added.tag: "11*"})).rows
            assert [one.study_uid for one in found] == [study]
            forced = client.call(SetStudyCharacterSet(study_uid=study, character_set="ISO_IR 192"))
            assert "ISO_IR 192" in forced.charset_note
        finally:
            client.close()
