"""Choices by exam type, the patient corrected from the report, other papers, the medical record's address."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from server.reporting.settings import ReportingSettings
from server.reporting.surroundings import medical_record
from shared.contract.errors import ErrorCode
from shared.contract.organisation import ExamTypeView
from shared.contract.patients import PatientView
from shared.contract.reporting import CorrectPatient, OtherOrder
from shared.domain.states import ReportState, Sex
from tests.databases import make_tables
from tests.hospital import CLERK, Hospital
from tests.server.reporting.reporting_world import FULL, LI, WANG, ZHAO, FakeMasterData, World, an_exam, changed

CHOICES = "造影剂反应: 无, 轻度, 重度; 备皮?: 合格, 不合格"


@pytest.fixture
def asking(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose CT asks for more, and that has types of pathology and laboratory."""
    usual = FakeMasterData().exam_types
    more = {
        **usual,
        "CT": msgspec.structs.replace(usual["CT"], choices=CHOICES),
        "BL": ExamTypeView(code="BL", name="病理检查", name_en="Pathology", hp_required=False, slot_minutes=10),
        "JY": ExamTypeView(code="JY", name="检验", name_en="Laboratory", hp_required=False, slot_minutes=10),
    }
    monkeypatch.setattr(FakeMasterData, "exam_types", property(lambda _self: more))
    return world


def test_the_hospitals_choices_are_asked_checked_and_kept(asking: World) -> None:
    report_id = asking.report_in(ReportState.WRITING)
    with asking.database.write() as uow:
        view = asking.reports.get(uow, LI, report_id)
        assert [one.key for one in view.choices] == ["critical_value", "造影剂反应", "备皮"]
    for chosen, why in (({}, "请选择造影剂反应。"), ({"造影剂反应": "很重"}, "没有这个选项")):
        with pytest.raises(Refusal, match=why) as refused, asking.database.write() as uow:
            asking.reports.submit(uow, LI, report_id, view.version, changed(FULL, choices=chosen))
        assert refused.value.body.field == "造影剂反应"
    content = changed(FULL, choices={"造影剂反应": "轻度"})
    with asking.database.write() as uow:
        assert asking.reports.submit(uow, LI, report_id, view.version, content).content == content
        version = asking.reports.audit(uow, ZHAO, report_id).version
        asking.reports.approve(uow, ZHAO, report_id, version, content)
    with asking.database.read() as uow:
        assert "真实有效" in asking.reports.verify(uow, asking.reports.verification_code(uow, report_id))


def test_too_many_or_too_long_choices_are_refused(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    for choices in ({str(n): "有" for n in range(9)}, {"造影": "长" * 41}):
        with pytest.raises(Refusal) as refused, world.database.write() as uow:
            world.reports.save(uow, LI, report_id, 2, changed(FULL, choices=choices))
        assert refused.value.body.field == "choices"


def test_scale_and_record_come_from_the_settings(tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path)
    make_tables(database)
    url = "https://emr.hospital/record?patient={patient}"
    settings = replace(ReportingSettings(), score_scale="points", medical_record_url=url)
    world = World(database, settings)
    report_id = world.a_report()
    with database.read() as uow:
        view = world.reports.get(uow, LI, report_id)
    assert (view.score_scale, view.medical_record_url) == ("points", "https://emr.hospital/record?patient=P000001")
    database.close()


def test_a_patient_number_cannot_write_the_address() -> None:
    template = "https://emr/record?patient={patient}&ward=1"
    assert (
        medical_record(template, "P 1/../?x=&#é")
        == "https://emr/record?patient=P%201%2F..%2F%3Fx%3D%26%23%C3%A9&ward=1"
    )
    assert medical_record("file:///etc/{patient}", "P1") == medical_record("", "P1") == ""


class FakePatients:
    """Holds one patient, as registration does."""

    def __init__(self, patient: PatientView) -> None:
        self.patient = patient

    def lock(self, uow: UnitOfWork, patient_id: int) -> PatientView:
        assert patient_id == self.patient.id
        return self.patient

    def correct(self, uow: UnitOfWork, caller: Caller, patient: PatientView, request: CorrectPatient) -> PatientView:
        self.patient = msgspec.structs.replace(
            patient, version=patient.version + 1, name=request.name, sex=request.sex, phone=request.phone
        )
        return self.patient

    def orders(self, uow: UnitOfWork, caller: Caller, patient_id: int, but_exam: int) -> tuple[OtherOrder, ...]:
        return ()


def a_correction(report_id: int, **parts: object) -> CorrectPatient:
    """Return a correction of the name."""
    request = CorrectPatient(
        report_id=report_id, patient_version=1, name="张三丰", sex=Sex.MALE, birth_date=None, card_number="K1"
    )
    return msgspec.structs.replace(request, **parts)


def test_only_the_holder_corrects_and_the_log_keeps_both(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    patients = world.reports.surroundings.patients = FakePatients(world.exams.exams[1].patient)
    for who in (WANG, ZHAO):
        with pytest.raises(Refusal) as refused, world.database.write() as uow:
            world.reports.correct_patient(uow, who, a_correction(report_id))
        assert refused.value.body.code is ErrorCode.HELD_BY_OTHER
    with pytest.raises(Refusal) as stale, world.database.write() as uow:
        world.reports.correct_patient(uow, LI, a_correction(report_id, patient_version=7))
    assert stale.value.body.code is ErrorCode.CONFLICT
    with world.database.write() as uow:
        world.reports.correct_patient(uow, LI, a_correction(report_id))
    assert patients.patient.name == "张三丰"
    with world.database.read() as uow:
        line = world.reports.log(uow, report_id).rows[0]
    assert (line.action, line.by) == ("patient_corrected", "李医生")
    assert "姓名：张三 → 张三丰" in line.note


@pytest.mark.parametrize("state", [ReportState.AWAITING, ReportState.SUBMITTED, ReportState.APPROVED])
def test_a_report_that_nobody_writes_corrects_no_patient(world: World, state: ReportState) -> None:
    report_id = world.report_in(state)
    world.reports.surroundings.patients = FakePatients(world.exams.exams[1].patient)
    with pytest.raises(Refusal) as refused, world.database.write() as uow:
        world.reports.correct_patient(uow, LI, a_correction(report_id))
    assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION


def test_pathology_and_laboratory_are_the_approved_reports_of_those_types(asking: World) -> None:
    report_id = asking.a_report(an_exam(1))
    others = [asking.a_report(an_exam(number, exam_type=kind)) for number, kind in ((2, "BL"), (3, "JY"), (4, "BL"))]
    stranger = asking.a_report(an_exam(5, patient_id=9, exam_type="BL"))
    for other in (others[0], others[1], stranger):
        with asking.database.write() as uow:
            version = asking.reports.write(uow, LI, other).version
            asking.reports.submit(uow, LI, other, version, FULL)
            version = asking.reports.audit(uow, ZHAO, other).version
            asking.reports.approve(uow, ZHAO, other, version, FULL)
    with asking.database.read() as uow:
        related = asking.reports.surroundings.related(uow, LI, report_id)
    assert [one.report_id for one in related.pathology] == [others[0]]
    assert [one.report_id for one in related.laboratory] == [others[1]]
    assert related.orders == ()


def test_orders_and_corrections_reach_registration(tmp_path: Path) -> None:
    from server.bootstrap.reporting import PatientsOfReports

    database = Database.in_folder(tmp_path)
    make_tables(database)
    hospital = Hospital(database)
    first, second = hospital.registered("张三"), hospital.registered("李四")
    adapter = PatientsOfReports(hospital.patients, hospital.exams, hospital.applications)
    with database.write() as uow:
        before = adapter.lock(uow, first.patient.id)
        request = a_correction(1, name="张三丰", phone="13800000000", sex=Sex.MALE)
        after = adapter.correct(uow, CLERK, before, request)
    assert (after.name, after.phone, after.id_number) == ("张三丰", "13800000000", before.id_number)
    with database.read() as uow:
        assert hospital.exams.view(uow, CLERK, first.row.id).row.patient_name == "张三丰"
        orders = adapter.orders(uow, CLERK, first.patient.id, 0)
        assert [one.accession_number for one in orders] == [first.row.accession_number]
        assert adapter.orders(uow, CLERK, first.patient.id, first.row.id) == ()
        assert [one.items for one in adapter.orders(uow, CLERK, second.patient.id, 0)] == [second.row.items]
    database.close()
