"""Waiting ECG exams as scheduled procedure steps: who gets them and what they say."""

from __future__ import annotations

from typing import Any

import pytest

from server.ecg.exams.worklist import BothWorklists, EcgWorklist
from shared.contract import ecg
from shared.contract import ecg_acquisition as acquisition
from shared.domain.ecg import AdapterKind, Urgency
from tests.server.ecg.ecg_world import ADMIN, REGISTRAR, EcgWorld

STEP, MODALITY, AE, ACCESSION, NAME = 0x00400100, 0x00080060, 0x00400001, 0x00080050, 0x00100010


class Malformed(Exception):
    """What the door would send."""


def worklist(world: EcgWorld) -> EcgWorklist:
    def refuse(status: int, sentence: str) -> Exception:
        return Malformed(f"{status:04X} {sentence}")

    return EcgWorklist(world.database, world.time, world.patients, world.traces.devices.campus_of_ae, refuse)


def asked(modality: str = "ECG", **step: Any) -> dict[int, Any]:
    return {STEP: [{MODALITY: modality, **{int(tag[1:], 16): value for tag, value in step.items()}}]}


def test_who_names_the_modality_gets_what_waits(world: EcgWorld) -> None:
    exam = world.registered("欧阳雪", urgency=Urgency.EMERGENCY, request_number="REQ1", height_cm=165)
    done = world.acquired("已采集")
    found = worklist(world).find(asked(), "CART1")
    ((step,), accession) = (found[0][STEP], found[0][ACCESSION])
    assert len(found) == 1 and accession == exam.row.accession_number != done.row.accession_number
    assert (step[MODALITY], step[AE], found[0][NAME]) == ("ECG", "CART1", "Ouyang^Xue=欧阳^雪")
    assert (found[0][0x00401003], found[0][0x00402016], found[0][0x00101020]) == ("STAT", "REQ1", "1.65")
    assert found[0][0x00101010] == "045Y" and found[0][0x0020000D] == exam.row.study_uid


def test_a_scanner_that_asks_for_everything_gets_no_ecg(world: EcgWorld) -> None:
    world.registered()
    asker = worklist(world)
    assert asker.find(asked(""), "CT1") == asker.find(asked("CT"), "CT1") == asker.find({}, "CT1") == []
    cart = acquisition.EcgDeviceEntry(serial="SN1", adapter=AdapterKind.DICOM, ae_title="CART1")
    world.ask(ADMIN, acquisition.SaveEcgDevice(entry=cart))
    assert len(asker.find(asked(""), "CART1")) == 1, "a cart that is known need not say what it is"


def test_a_cart_of_a_clinic_gets_its_own_patients(world: EcgWorld) -> None:
    clinic = world.second_campus()
    entry = acquisition.EcgDeviceEntry(serial="SN1", ae_title="CLINIC", campus_id=clinic)
    world.ask(ADMIN, acquisition.SaveEcgDevice(entry=entry))
    world.registered("县城人")
    own = world.registered("乡亲", campus_id=clinic)
    (item,) = worklist(world).find(asked(), "CLINIC")
    assert item[ACCESSION] == own.row.accession_number


def test_dates_and_names_narrow_and_old_ones_drop_out(world: EcgWorld) -> None:
    old = world.registered("张三")
    world.clock.forward(days=9)
    new = world.registered("李四")
    asker = worklist(world)
    names = lambda **keys: [item[ACCESSION] for item in asker.find({**asked(), **keys}, "C")]  # noqa: E731
    assert names() == [new.row.accession_number]
    dated = {STEP: [{MODALITY: "ECG", 0x00400002: "20260302"}]}
    assert [item[ACCESSION] for item in asker.find(dated, "C")] == [old.row.accession_number]
    assert asker.find({**asked(), NAME: "Zhang*"}, "C") == []
    with pytest.raises(Malformed, match="A900"):
        asker.find({STEP: [{MODALITY: "ECG", 0x00400002: "tomorrow"}]}, "C")


def test_a_cancelled_exam_is_scheduled_no_more(world: EcgWorld) -> None:
    exam = world.registered()
    world.ask(REGISTRAR, ecg.CancelEcgExam(exam_id=exam.row.id, version=exam.row.version, reason="错"))
    assert worklist(world).find(asked(), "C") == []


def test_both_worklists_answer_as_one(world: EcgWorld) -> None:
    world.registered()

    class Radiology:
        def find(self, _keys: Any, _ae: str) -> list[dict[int, Any]]:
            return [{ACCESSION: "CT"}]

    found = BothWorklists(Radiology(), worklist(world)).find(asked(), "C")
    assert found[0][ACCESSION] == "CT" and len(found) == 2
