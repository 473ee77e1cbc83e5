"""发送云端 through the whole router: another hospital's doctor writes the report with its lock and versions."""

from __future__ import annotations

from shared.contract import remote as contract
from shared.contract.archive import GetStudy
from shared.contract.checking import CheckText
from shared.contract.critical import ListReportLoops
from shared.contract.errors import ErrorBody, ErrorCode
from shared.contract.reporting import (
    ApproveReport,
    AuditReport,
    CorrectPatient,
    GetHistory,
    GetReport,
    GetReportLog,
    GiveUpReport,
    ListReports,
    RejectReport,
    ReportRow,
    ReportView,
    SaveReport,
    SubmitReport,
    UnlockReport,
    WriteReport,
)
from shared.domain.remote import RemoteKind, RemoteNotice, RemoteState
from shared.domain.states import ReportAction, ReportState, Sex
from tests.server.remote.remote_world import FULL, RemoteWorld, uid_of

S, N = RemoteState, RemoteNotice
CLOUD = RemoteKind.REPORT


def sent(world: RemoteWorld) -> tuple[ReportView, contract.RemoteView]:
    report = world.examined()
    return report, world.asked(report, kind=CLOUD)


def row_at_home(world: RemoteWorld, report_id: int) -> ReportRow:
    return next(row for row in world.ask(world.asker, ListReports()).rows if row.id == report_id)


def state_of(world: RemoteWorld, view: contract.RemoteView) -> RemoteState:
    return world.seen(world.asker, view.row.id).row.state


def test_written_there_and_approved_at_home(world_of_kind: RemoteWorld) -> None:
    world = world_of_kind
    report, view = sent(world)
    number = report.row.id
    row = row_at_home(world, number)
    assert row.state is ReportState.AWAITING and row.away_to == "市中心医院·胸部影像组"
    assert ReportAction.WRITE not in row.allowed and ReportAction.VIEW_IMAGES in row.allowed
    refused = world.reply(world.asker, WriteReport(report_id=number))
    assert isinstance(refused, ErrorBody) and refused.code is ErrorCode.HELD_BY_OTHER
    assert refused.holder == row.away_to and "撤回" in refused.message
    assert world.code(world.expert, WriteReport(report_id=number)) is ErrorCode.PERMISSION_MISSING  # not accepted yet

    world.ask(world.expert, contract.Accept(request_id=view.row.id))
    assert world.code(world.second, WriteReport(report_id=number)) is ErrorCode.PERMISSION_MISSING
    written = world.ask(world.expert, WriteReport(report_id=number))
    assert written.row.diagnosing_doctor == "李教授" and state_of(world, view) is S.WRITING
    assert row_at_home(world, number).locked_by == "李教授"
    saved = world.ask(world.expert, SaveReport(report_id=number, version=written.version, content=FULL))
    beside = (ListReportLoops(report_id=number), CheckText(report_id=number, findings="左肺", impression="右肺"))
    for look in beside:  # what the panels of the page ask
        assert world.code(world.expert, look) is None
        assert world.code(world.second, look) is ErrorCode.PERMISSION_MISSING
    world.examined()  # another patient of the same name
    history = world.ask(world.expert, GetHistory(exam_id=report.row.exam_id))
    assert history.earlier == history.namesakes == ()
    assert len(world.ask(world.asker, GetHistory(exam_id=report.row.exam_id)).namesakes) == 1
    correct = CorrectPatient(report_id=number, patient_version=1, name="张三", sex=Sex.MALE, birth_date=None)
    assert world.code(world.expert, correct) is ErrorCode.PERMISSION_MISSING
    world.ask(world.expert, SubmitReport(report_id=number, version=saved.version, content=FULL))

    assert state_of(world, view) is S.SUBMITTED and world.notices(world.asker)[0] is N.SUBMITTED
    assert row_at_home(world, number).away_to == ""
    assert world.code(world.expert, AuditReport(report_id=number)) is ErrorCode.PERMISSION_MISSING
    entered = world.ask(world.chief, AuditReport(report_id=number))
    assert state_of(world, view) is S.AUDITING
    back = world.ask(world.chief, RejectReport(report_id=number, version=entered.version, reason="请描述大小"))
    assert back.row.away_to == "市中心医院·胸部影像组" and state_of(world, view) is S.REJECTED
    assert world.notices(world.expert)[0] is N.REJECTED
    assert world.code(world.colleague, WriteReport(report_id=number)) is ErrorCode.HELD_BY_OTHER

    again = world.ask(world.expert, WriteReport(report_id=number))
    assert again.content.impression == FULL.impression and state_of(world, view) is S.WRITING
    world.ask(world.expert, SubmitReport(report_id=number, version=again.version, content=FULL))
    entered = world.ask(world.chief, AuditReport(report_id=number))
    world.ask(world.chief, ApproveReport(report_id=number, version=entered.version, content=FULL))
    done = world.seen(world.expert, view.row.id)
    assert done.row.state is S.COMPLETED and done.row.confirmed_by == "郑主任"
    assert world.notices(world.expert)[0] is N.CONFIRMED
    assert world.code(world.expert, GetReport(report_id=number)) is ErrorCode.PERMISSION_MISSING
    log = [one.action for one in world.ask(world.asker, GetReportLog(report_id=number)).rows]
    assert log.count("sent_away") == 1 and log.count("brought_home") == 2


def test_audited_there_too_where_the_team_is_trusted(world: RemoteWorld) -> None:
    world.change_team(audits_reports=True)
    report, view = sent(world)
    number = report.row.id
    world.ask(world.expert, contract.Accept(request_id=view.row.id))
    written = world.ask(world.expert, WriteReport(report_id=number))
    assert world.code(world.head, GetReport(report_id=number)) is ErrorCode.PERMISSION_MISSING
    world.ask(world.expert, SubmitReport(report_id=number, version=written.version, content=FULL))
    assert world.notices(world.head)[0] is N.SUBMITTED
    assert world.code(world.chief, AuditReport(report_id=number)) is ErrorCode.HELD_BY_OTHER
    assert world.code(world.second, AuditReport(report_id=number)) is ErrorCode.PERMISSION_MISSING
    assert world.code(world.head, GetStudy(study_uid=uid_of(report.row.exam_id))) is None
    entered = world.ask(world.head, AuditReport(report_id=number))
    world.ask(world.head, RejectReport(report_id=number, version=entered.version, reason="请描述大小"))
    again = world.ask(world.expert, WriteReport(report_id=number))
    world.ask(world.expert, SubmitReport(report_id=number, version=again.version, content=FULL))
    entered = world.ask(world.head, AuditReport(report_id=number))
    world.ask(world.head, ApproveReport(report_id=number, version=entered.version, content=FULL))
    told = world.seen(world.asker, view.row.id)
    assert told.row.state is S.APPROVED and world.notices(world.asker)[0] is N.PUBLISHED
    row = row_at_home(world, number)
    assert row.state is ReportState.APPROVED and row.away_to == "" and ReportAction.PRINT in row.allowed
    item = contract.ConfirmItem(request_id=view.row.id, version=told.row.version)
    assert world.ask(world.asker, contract.Confirm(requests=(item,)))[0].is_confirmed


def test_called_back_while_it_is_written_nothing_is_lost(world: RemoteWorld) -> None:
    report, view = sent(world)
    number = report.row.id
    world.ask(world.expert, contract.Accept(request_id=view.row.id))
    written = world.ask(world.expert, WriteReport(report_id=number))
    world.ask(world.expert, SaveReport(report_id=number, version=written.version, content=FULL))
    now = world.seen(world.asker, view.row.id)
    world.ask(world.asker, contract.Withdraw(request_id=view.row.id, version=now.row.version, reason="患者急等"))
    assert world.notices(world.expert)[0] is N.WITHDRAWN
    row = row_at_home(world, number)
    assert row.away_to == row.locked_by == "" and row.state is ReportState.WRITING
    late = SaveReport(report_id=number, version=row.version, content=FULL)
    assert world.code(world.expert, late) is ErrorCode.PERMISSION_MISSING
    home = world.ask(world.asker, WriteReport(report_id=number))
    assert home.content.impression == FULL.impression and home.unlocked_by == "孙医生"
    assert state_of(world, view) is S.WITHDRAWN


def test_given_back_returned_and_given_up(world: RemoteWorld) -> None:
    report, view = sent(world)
    number = report.row.id
    world.ask(world.expert, contract.Accept(request_id=view.row.id))
    written = world.ask(world.expert, WriteReport(report_id=number))
    saved = world.ask(world.expert, SaveReport(report_id=number, version=written.version, content=FULL))
    world.ask(world.expert, GiveUpReport(report_id=number, version=saved.version))
    assert state_of(world, view) is S.ACCEPTED and row_at_home(world, number).state is ReportState.AWAITING
    world.ask(world.expert, WriteReport(report_id=number))
    now = world.seen(world.expert, view.row.id)
    world.ask(world.expert, contract.GiveBack(request_id=view.row.id, version=now.row.version))
    assert world.code(world.expert, WriteReport(report_id=number)) is ErrorCode.PERMISSION_MISSING
    assert row_at_home(world, number).locked_by == ""
    taken = world.ask(world.second, contract.Accept(request_id=view.row.id))
    world.ask(world.second, WriteReport(report_id=number))
    now = world.seen(world.second, taken.row.id)
    world.ask(world.second, contract.Return(request_id=view.row.id, version=now.row.version, reason="影像不全"))
    row = row_at_home(world, number)
    assert row.away_to == "" and ReportAction.WRITE in row.allowed
    assert world.notices(world.asker)[0] is N.RETURNED


def test_only_a_report_that_waits_can_be_sent(world: RemoteWorld) -> None:
    report = world.examined()
    world.ask(world.colleague, WriteReport(report_id=report.row.id))
    ask = contract.Ask(exam_id=report.row.exam_id, kind=CLOUD, team_id=world.team.id, history="x")
    refused = world.reply(world.asker, ask)
    assert isinstance(refused, ErrorBody) and refused.code is ErrorCode.ILLEGAL_ACTION and "诊断中" in refused.message
    report, view = sent(world)
    again = contract.Ask(exam_id=report.row.exam_id, kind=CLOUD, team_id=world.team.id, history="x")
    assert world.code(world.colleague, again) is ErrorCode.ILLEGAL_ACTION
    assert world.code(world.asker, UnlockReport(report_id=report.row.id)) is ErrorCode.ILLEGAL_ACTION
    assert view.row.state is S.PENDING


def test_an_opinion_can_run_beside_a_report_elsewhere(world: RemoteWorld) -> None:
    report, view = sent(world)
    opinion = world.asked(report)
    world.ask(world.second, contract.Accept(request_id=opinion.row.id))
    world.ask(world.second, contract.Write(request_id=opinion.row.id))
    assert state_of(world, view) is S.PENDING and state_of(world, opinion) is S.WRITING
    assert world.code(world.second, contract.Write(request_id=view.row.id)) is ErrorCode.ILLEGAL_ACTION
