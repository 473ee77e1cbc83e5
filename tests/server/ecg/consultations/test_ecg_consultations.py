"""Consultations through the services: both sides, notices, lists, clocks, drafts that outlive an acceptance."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from shared.contract import ecg, ecg_statistics
from shared.contract import ecg_consultations as consultations
from shared.contract import ecg_reports as reports
from shared.contract.errors import ErrorCode
from shared.domain.ecg import ConsultationAction, ConsultationState, ExamState, QuickRange, ReportState, Urgency
from shared.domain.ecg_reports import Agreement, ClockColour
from shared.domain.states import VisitKind
from tests.server.ecg.network_world import NetworkWorld

S = ConsultationState


def test_a_doctor_marks_the_own_notices_only(network: NetworkWorld) -> None:
    world = network
    world.applied(world.acquired())
    [theirs] = world.ask(world.zhou, consultations.ListNotices())
    world.ask(world.li, consultations.MarkRead(notice_ids=(theirs.id,)))
    assert world.notices(world.zhou) == world.notices(world.li) == ["new_consultation"]
    world.ask(world.li, consultations.MarkRead())
    assert (world.notices(world.zhou), world.notices(world.li)) == (["new_consultation"], [])


def test_the_whole_way_with_notices_to_whom_it_concerns(network_of_kind: NetworkWorld) -> None:
    world = network_of_kind
    exam_id = world.acquired(clinical_diagnosis="胸痛待查")
    form = world.ask(world.local, consultations.GetApplicationForm(exam_id=exam_id))
    assert [one.name for one in form.teams] == ["心电会诊中心"] and not form.obstacle
    asked = world.applied(exam_id, urgency=Urgency.URGENT, phone="8001")
    assert (asked.state, asked.clinical_diagnosis, asked.from_hospital) == (S.WAITING, "胸痛待查", "东山镇卫生院")
    assert world.notices(world.li) == world.notices(world.zhou) == ["new_consultation"]
    assert world.notices(world.head) == [] == world.notices(world.local)
    assert world.ask(world.local, consultations.GetApplicationForm(exam_id=exam_id)).phone == "8001"
    row = world.ask(world.nurse, ecg.GetEcgExam(exam_id=exam_id)).row
    assert (row.consultation_id, row.consultation_state) == (asked.id, S.WAITING)
    accepted = world.ask(world.li, consultations.Accept(consultation_id=asked.id))
    assert accepted.state is S.ACCEPTED and set(accepted.allowed) == {
        ConsultationAction.GIVE_BACK,
        ConsultationAction.SAVE,
        ConsultationAction.PUBLISH,
    }
    assert world.ask(world.li, consultations.Accept(consultation_id=asked.id)).version == accepted.version
    assert world.notices(world.zhou) == []  # it is over for him
    with pytest.raises(Refusal, match="县人民医院 李主治"):
        world.ask(world.zhou, consultations.Accept(consultation_id=asked.id))
    with pytest.raises(Refusal, match="会诊中，由县人民医院 李主治"):
        world.submitted(world.local, exam_id)
    page = world.submitted(world.li, exam_id, "窦性心律")
    assert page.document_id and world.notices(world.local) == ["published"]
    [row] = world.ask(world.local, consultations.ListOutgoing()).rows
    assert (row.state, row.document_id, row.print_count) == (S.PUBLISHED, page.document_id, 0)
    world.ask(world.li, reports.Print(exam_id=exam_id))  # at the asked side: no signature
    assert world.ask(world.local, consultations.Get(consultation_id=asked.id)).consultation.state is S.PUBLISHED
    [printed] = world.ask(world.nurse, consultations.SignFor(consultation_ids=(asked.id,)))
    assert printed.done
    done = world.ask(world.local, consultations.Get(consultation_id=asked.id))
    assert (done.consultation.state, done.consultation.signed_by) == (S.COMPLETED, "王护士")
    assert {"viewed", "printed", "signed"} <= {one.action for one in done.lines}
    assert world.notices(world.local) == []
    world.ask(world.nurse, consultations.SignFor(consultation_ids=(asked.id,)))
    again = world.ask(world.local, consultations.Get(consultation_id=asked.id)).consultation
    assert (again.signed_at, again.print_count) == (done.consultation.signed_at, 3)


def test_what_cannot_be_applied_for(network: NetworkWorld) -> None:
    world = network
    exam_id = world.registered()
    with pytest.raises(Refusal, match="还没有采集"):
        world.applied(exam_id)
    check_up = world.acquired("体检人", visit_kind=VisitKind.HEALTH_CHECK, health_check_number="T1")
    with pytest.raises(Refusal, match="体检"):
        world.applied(check_up)
    world.upload(exam_id)
    with pytest.raises(Refusal, match="受邀团队"):
        world.ask(world.local, consultations.Apply(exam_id=exam_id, team_id=999))
    world.applied(exam_id)
    with pytest.raises(Refusal, match="不能重复申请"):
        world.applied(exam_id)
    with pytest.raises(Refusal, match="请先撤销会诊"):
        world.submitted(world.local, exam_id)
    reported = world.acquired("已报告")
    world.submitted(world.local, reported)
    with pytest.raises(Refusal, match="已报告"):
        world.applied(reported)


def test_refusal_and_withdrawal_tell_the_other_side(network: NetworkWorld) -> None:
    world = network
    exam_id = world.acquired()
    first = world.applied(exam_id)
    with pytest.raises(Refusal, match="原因") as refused:
        world.ask(world.li, consultations.Refuse(consultation_id=first.id, version=first.version, reason=""))
    assert refused.value.body.field == "reason"
    world.ask(world.li, consultations.Refuse(consultation_id=first.id, version=first.version, reason="图不清楚"))
    [notice] = world.ask(world.local, consultations.ListNotices())
    assert (notice.kind.value, notice.text, notice.page.value) == ("refused", "图不清楚", "outgoing")
    world.ask(world.local, consultations.MarkRead(notice_ids=(notice.id,)))
    assert world.notices(world.local) == []
    second = world.applied(exam_id)
    with pytest.raises(Refusal, match="申请医师本人"):
        world.ask(
            world.account("other", "别人", world.clinic, "ecg_doctor"),
            consultations.Withdraw(consultation_id=second.id, version=second.version),
        )
    with pytest.raises(Refusal) as stale:
        world.ask(world.local, consultations.Withdraw(consultation_id=second.id, version=99))
    assert stale.value.body.code is ErrorCode.CONFLICT
    world.ask(world.local, consultations.Withdraw(consultation_id=second.id, version=second.version))
    assert world.notices(world.zhou) == ["withdrawn"]
    assert (
        world.ask(
            world.li, consultations.ListIncoming(filter=consultations.ConsultationFilter(states=(S.WAITING,)))
        ).rows
        == ()
    )
    with pytest.raises(Refusal, match="不存在"):  # no longer open to the other hospital
        world.page(world.li, exam_id)


def test_a_draft_outlives_the_acceptance(network: NetworkWorld) -> None:
    world = network
    exam_id = world.acquired()
    asked = world.applied(exam_id)
    accepted = world.ask(world.li, consultations.Accept(consultation_id=asked.id))
    page = world.page(world.li, exam_id)
    body = reports.ReportBody(parameters=page.body.parameters, diagnosis="半份草稿")
    world.ask(world.li, reports.Save(exam_id=exam_id, version=page.version, body=body))
    assert world.page(world.local, exam_id).body.diagnosis == ""  # a draft of the other side is not shown
    with pytest.raises(Refusal, match="受理医师本人"):
        world.ask(world.zhou, consultations.GiveBack(consultation_id=asked.id, version=accepted.version))
    back = world.ask(world.head, consultations.GiveBack(consultation_id=asked.id, version=accepted.version))
    assert back.state is S.WAITING and "given_back" in world.notices(world.local)
    assert not world.page(world.li, exam_id).is_editable
    world.ask(world.zhou, consultations.Accept(consultation_id=asked.id))
    page = world.page(world.zhou, exam_id)
    assert page.body.diagnosis == "半份草稿" and page.is_editable
    world.submitted(world.zhou, exam_id, "窦性心律")
    with pytest.raises(Refusal, match="已发布"):
        world.ask(world.zhou, consultations.GiveBack(consultation_id=asked.id, version=99))


def test_a_withdrawn_report_gives_the_consultation_back_to_its_doctor(network: NetworkWorld) -> None:
    world = network
    exam_id = world.acquired()
    asked = world.applied(exam_id)
    world.ask(world.li, consultations.Accept(consultation_id=asked.id))
    world.submitted(world.li, exam_id)
    world.ask(world.nurse, consultations.SignFor(consultation_ids=(asked.id,)))
    version = world.page(world.li, exam_id).version
    world.ask(world.li, reports.Withdraw(exam_id=exam_id, version=version, reason="更正"))
    found = world.ask(world.local, consultations.Get(consultation_id=asked.id)).consultation
    assert (found.state, found.signed_at, found.document_id) == (S.ACCEPTED, None, 0)
    assert "report_withdrawn" in world.notices(world.local) and "report_withdrawn" in world.notices(world.nurse)
    page = world.submitted(world.li, exam_id, "窦性心律，更正")
    assert page.edition == 2 and "published" in world.notices(world.local)


def test_the_waiting_list_is_ordered_and_counts(network: NetworkWorld) -> None:
    world = network
    made = {}
    for name, urgency in (("甲", Urgency.ROUTINE), ("乙", Urgency.EMERGENCY), ("丙", Urgency.ROUTINE)):
        made[name] = world.applied(world.acquired(name), urgency=urgency)
        world.clock.forward(minutes=1)
    world.ask(world.li, consultations.Accept(consultation_id=made["丙"].id))
    found = world.ask(world.li, consultations.ListIncoming())
    assert [one.patient_name for one in found.rows] == ["乙", "甲", "丙"]
    assert found.counts == {S.WAITING: 2, S.ACCEPTED: 1}
    world.clock.forward(minutes=20)
    found = world.ask(world.zhou, consultations.ListIncoming())
    assert found.overdue == 2 and found.rows[0].clock.colour is ClockColour.RED
    wanted = consultations.ConsultationFilter(mine=True, quick=QuickRange.TODAY)
    assert [one.patient_name for one in world.ask(world.li, consultations.ListIncoming(filter=wanted)).rows] == ["丙"]
    by_name = consultations.ConsultationFilter(patient_name="乙", number=made["乙"].accession_number)
    assert world.ask(world.local, consultations.ListOutgoing(filter=by_name)).total == 1
    other = world.account("far", "远方", 0, "ecg_consultant")
    stranger = world.account("stranger", "外院", world._hospital("OTHER", "邻县医院"), "ecg_consultant")
    assert world.ask(other, consultations.ListIncoming()).total == 3  # limited to no hospital
    assert world.ask(stranger, consultations.ListIncoming()).total == 0
    with pytest.raises(Refusal, match="不存在"):
        world.ask(stranger, consultations.Accept(consultation_id=made["甲"].id))


def test_the_first_opinion_is_compared(network: NetworkWorld) -> None:
    world = network
    exam_id = world.acquired()
    page = world.page(world.local, exam_id)
    body = reports.ReportBody(parameters=page.body.parameters, diagnosis="心房颤动")
    world.ask(world.local, reports.Save(exam_id=exam_id, version=0, body=body))
    asked = world.applied(exam_id)
    world.ask(world.li, consultations.Accept(consultation_id=asked.id))
    page = world.page(world.li, exam_id)
    assert page.first_opinion == "心房颤动" and page.body.diagnosis == ""
    body = reports.ReportBody(parameters=page.body.parameters, diagnosis="窦性心律不齐", agreement=Agreement.DISAGREES)
    page = world.ask(world.li, reports.Submit(exam_id=exam_id, version=page.version, body=body))
    assert page.state is ReportState.SUBMITTED
    assert (
        world.ask(world.local, consultations.Get(consultation_id=asked.id)).consultation.agreement
        is Agreement.DISAGREES
    )
    today = world.areas.time.today()
    rows = world.ask(world.head, ecg_statistics.GetStatistics(first=today, last=today))
    [county] = [one for one in rows if one.hospital == "县人民医院"]
    assert (county.answered, county.compared, county.agreed, county.in_time) == (1, 1, 0, 1)
    [doctor] = world.ask(world.head, ecg_statistics.GetStatistics(first=today, last=today, by_doctor=True))
    assert (doctor.doctor, doctor.answered, doctor.reported) == ("李主治", 1, 1)
    everything = world.ask(world.admin, ecg_statistics.GetStatistics(first=today, last=today))
    [clinic] = [one for one in everything if one.hospital == "东山镇卫生院"]
    assert (clinic.registered, clinic.acquired, clinic.asked, clinic.reported) == (1, 1, 1, 0)
    made = world.ask(world.admin, ecg_statistics.ExportStatistics(first=today, last=today, file_format="csv"))
    assert made.content.startswith(b"\xef\xbb\xbf") and "东山镇卫生院" in made.content.decode()
    book = world.ask(world.admin, ecg_statistics.ExportStatistics(first=today, last=today, language="en"))
    assert book.name.endswith(".xlsx") and book.content[:2] == b"PK" and book.count == 2


def test_teams_hold_only_who_may_accept(network: NetworkWorld) -> None:
    world = network
    with pytest.raises(Refusal, match="没有受理会诊的权限"):
        members = (*world.team.members, consultations.MemberView(user_id=world.nurse.user_id, name=""))
        team = consultations.TeamView(
            id=world.team.id,
            version=world.team.version,
            name="中心",
            campus_id=world.county,
            hospital="",
            members=members,
        )
        world.ask(world.head, consultations.SaveTeam(team=team))
    elsewhere = consultations.TeamView(
        id=0, version=0, name="别院", campus_id=world.clinic, hospital="", members=world.team.members
    )
    with pytest.raises(Refusal, match="只能管理本院"):
        world.ask(world.head, consultations.SaveTeam(team=elsewhere))
    assert [one.hospital for one in world.ask(world.nurse, consultations.ListTeams())] == ["县人民医院"]


def test_a_consulted_exam_reports_in_two_levels_of_the_asked_hospital(network: NetworkWorld) -> None:
    world = network
    policy = reports.ReportPolicy(campus_id=world.county, two_level=True)
    world.ask(world.admin, reports.SavePolicy(policy=policy))
    exam_id = world.acquired()
    asked = world.applied(exam_id)
    accepted = world.ask(world.li, consultations.Accept(consultation_id=asked.id))
    page = world.submitted(world.li, exam_id)
    assert page.state is ReportState.PENDING and world.notices(world.local) == []
    with pytest.raises(Refusal, match="待审核"):
        world.ask(world.li, consultations.GiveBack(consultation_id=asked.id, version=accepted.version))
    page = world.ask(world.head, reports.Audit(exam_id=exam_id, version=page.version))
    assert (page.state, page.reader, page.auditor) == (ReportState.SUBMITTED, "李主治", "何主任")
    assert world.notices(world.local) == ["published"]
    assert world.ask(world.nurse, ecg.GetEcgExam(exam_id=exam_id)).row.state is ExamState.REPORTED


def test_of_many_who_accept_at_once_one_wins(network_of_kind: NetworkWorld) -> None:
    world = network_of_kind
    asked = world.applied(world.acquired())
    together = threading.Barrier(6)

    def accept(who: Caller) -> str:
        together.wait(20)
        try:
            world.ask(who, consultations.Accept(consultation_id=asked.id))
        except Refusal as refused:
            return refused.body.message
        return who.name

    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(accept, [world.li, world.zhou] * 3))
    winner = world.ask(world.local, consultations.Get(consultation_id=asked.id)).consultation.accepted_by
    assert said.count(winner) == 3 and winner in ("李主治", "周主治")  # the winner's repeats change nothing
    assert all(one == winner or f"已由县人民医院 {winner}受理" in one for one in said)
