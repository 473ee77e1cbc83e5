"""Asking another hospital's team, through the whole router: one winner, levels, rights, versions, notices, clocks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import openpyxl

from shared.contract import remote as contract
from shared.contract.archive import GetStudy
from shared.contract.errors import ErrorBody, ErrorCode
from shared.contract.exams import GetExam
from shared.contract.reporting import GetHistory, GetReport, SaveReport, WriteReport
from shared.domain.remote import RemoteAction, RemoteNotice, RemoteState, RemoteUrgency
from tests.server.remote.remote_world import FULL, OPINION, RemoteWorld, uid_of

S, N, A = RemoteState, RemoteNotice, RemoteAction


def test_the_form_is_filled_from_the_exam(world: RemoteWorld) -> None:
    report = world.examined()
    form = world.ask(world.asker, contract.GetForm(exam_id=report.row.exam_id))
    assert (form.body_part, form.scan, form.patient_name) == ("胸部", "平扫+增强", "赵大爷")
    assert [team.name for team in form.teams] == ["胸部影像组"] and form.teams[0].hospital == "市中心医院"
    assert form.obstacle_opinion == form.obstacle_report == ""
    assert world.ask(world.head, contract.ListTeams(for_exam_id=0))[0].is_own


def test_an_opinion_from_asking_to_confirming(world_of_kind: RemoteWorld) -> None:
    world = world_of_kind
    asked = world.asked(question="结节性质？")
    number = asked.row.id
    assert asked.row.state is S.PENDING and asked.row.from_hospital == "县人民医院"
    for one in (world.expert, world.second, world.head):
        assert world.notices(one) == [N.NEW]
    [row] = world.ask(world.expert, contract.ListIncoming()).rows
    assert row.id == number and A.ACCEPT in row.allowed and row.study_uids

    taken = world.ask(world.expert, contract.Accept(request_id=number))
    assert (taken.row.state, taken.row.holder) == (S.ACCEPTED, "李教授")
    late = world.reply(world.second, contract.Accept(request_id=number))
    assert isinstance(late, ErrorBody) and late.code is ErrorCode.ILLEGAL_ACTION and "李教授" in late.message
    assert world.notices(world.second) == [] and world.notices(world.asker) == [N.ACCEPTED]

    writing = world.ask(world.expert, contract.Write(request_id=number))
    saved = world.ask(
        world.expert, contract.Save(request_id=number, version=writing.row.version, content=OPINION, is_automatic=True)
    )
    hidden = world.seen(world.asker, number)
    assert hidden.content == contract.OpinionContent() and hidden.texts == ()
    world.ask(world.expert, contract.Submit(request_id=number, version=saved.row.version, content=OPINION))
    told = world.seen(world.colleague, number)  # a doctor of the same hospital reads it too
    assert told.row.state is S.APPROVED and told.content == OPINION and told.row.published_by == "李教授"
    assert world.notices(world.asker) == [N.PUBLISHED, N.ACCEPTED]
    item = contract.ConfirmItem(request_id=number, version=told.row.version)
    [outcome] = world.ask(world.asker, contract.Confirm(requests=(item,)))
    assert outcome.is_confirmed
    done = world.seen(world.expert, number)
    assert [one.action for one in done.lines] == ["ask", "accept", "write", "publish", "confirm"]
    assert [one.hospital for one in done.lines][:2] == ["县人民医院", "市中心医院"]
    assert done.row.state is S.COMPLETED and done.row.study_uids == ()


def test_of_many_who_accept_at_once_one_wins(world_of_kind: RemoteWorld) -> None:
    world = world_of_kind
    doctors = (world.expert, world.second, world.head) * 3
    for _ in range(3):
        number = world.asked(world.examined()).row.id
        with ThreadPoolExecutor(len(doctors)) as pool:
            replies = list(pool.map(world.reply, doctors, [contract.Accept(request_id=number)] * len(doctors)))
        winners = {one for one, reply in zip(doctors, replies, strict=True) if not isinstance(reply, ErrorBody)}
        holder = world.seen(world.asker, number).row.holder_id
        assert [world.id_of(one) for one in winners] == [holder]
        assert world.notices(world.asker).count(N.ACCEPTED) == 1
        world.ask(world.asker, contract.MarkRead())


def test_two_levels(world: RemoteWorld) -> None:
    world.change_team(two_level=True)
    submitted = world.in_state(S.SUBMITTED)
    number = submitted.row.id
    assert N.SUBMITTED in world.notices(world.head) and N.SUBMITTED not in world.notices(world.second)
    assert world.seen(world.asker, number).content == contract.OpinionContent()
    assert world.code(world.expert, contract.Audit(request_id=number)) is ErrorCode.PERMISSION_MISSING
    auditing = world.ask(world.head, contract.Audit(request_id=number))
    back = world.ask(world.head, contract.Reject(request_id=number, version=auditing.row.version, reason="请描述大小"))
    assert (back.row.state, back.row.reason) == (S.REJECTED, "请描述大小")
    assert world.notices(world.expert)[0] is N.REJECTED
    writing = world.ask(world.expert, contract.Write(request_id=number))
    assert N.REJECTED not in world.notices(world.expert)
    again = contract.OpinionContent(findings="<p>右肺上叶结节，8mm。</p>", impression="<p>建议随访。</p>")
    world.ask(world.expert, contract.Submit(request_id=number, version=writing.row.version, content=again))
    entered = world.ask(world.head, contract.Audit(request_id=number))
    final = contract.OpinionContent(findings=again.findings, impression="<p>低剂量CT三个月随访。</p>", is_critical=True)
    passed = world.ask(world.head, contract.Pass(request_id=number, version=entered.row.version, content=final))
    assert passed.row.state is S.APPROVED and passed.row.published_by == "何主任"
    told = world.seen(world.asker, number)
    assert told.content == final and told.row.is_critical
    assert [one.is_published for one in told.texts] == [True] and len(passed.texts) == 3


def test_a_published_opinion_is_sent_back_adjusted_and_keeps_every_version(world: RemoteWorld) -> None:
    view = world.in_state(S.SENT_BACK)
    number = view.row.id
    assert world.notices(world.expert)[0] is N.SENT_BACK and view.row.reason == "侧别不清"
    writing = world.ask(world.expert, contract.Write(request_id=number))
    left = contract.OpinionContent(findings="<p>左肺上叶结节。</p>", impression="<p>建议随访。</p>")
    world.ask(world.expert, contract.Submit(request_id=number, version=writing.row.version, content=left))
    shown = world.seen(world.expert, number)
    later = contract.OpinionContent(findings=left.findings, impression="<p>建议穿刺。</p>")
    refused = world.reply(
        world.expert, contract.Adjust(request_id=number, version=shown.row.version, content=left, reason="更正")
    )
    assert isinstance(refused, ErrorBody) and refused.message == "内容没有变化。"
    world.ask(
        world.expert, contract.Adjust(request_id=number, version=shown.row.version, content=later, reason="病理回报")
    )
    told = world.seen(world.asker, number)
    assert told.content == later and told.row.adjusted_at is not None
    assert [one.content.impression for one in told.texts] == [
        "<p>建议随访。</p>",
        "<p>建议随访。</p>",
        "<p>建议穿刺。</p>",
    ]
    assert world.notices(world.asker)[0] is N.ADJUSTED


def test_giving_back_keeps_what_was_written(world: RemoteWorld) -> None:
    view = world.in_state(S.WRITING)
    saved = world.ask(world.expert, contract.Save(request_id=view.row.id, version=view.row.version, content=OPINION))
    back = world.ask(world.expert, contract.GiveBack(request_id=view.row.id, version=saved.row.version, reason="下班"))
    assert back.row.state is S.PENDING and back.row.holder == ""
    assert world.notices(world.second)[0] is N.GIVEN_BACK
    taken = world.ask(world.second, contract.Accept(request_id=view.row.id))
    assert taken.content == OPINION and taken.row.holder == "周教授"
    assert N.GIVEN_BACK not in world.notices(world.head)
    lost = contract.Save(request_id=view.row.id, version=taken.row.version, content=OPINION)
    assert world.code(world.expert, lost) is ErrorCode.ILLEGAL_ACTION


def test_a_stale_save_is_refused_and_an_urgent_mark_makes_nothing_stale(world: RemoteWorld) -> None:
    view = world.in_state(S.WRITING)
    save = contract.Save(request_id=view.row.id, version=view.row.version, content=OPINION)
    urged = world.ask(world.colleague, contract.Urge(request_id=view.row.id))
    assert urged.row.urgency is RemoteUrgency.URGENT and world.notices(world.expert)[0] is N.URGED
    assert world.code(world.colleague, contract.Urge(request_id=view.row.id)) is ErrorCode.ILLEGAL_ACTION
    world.ask(world.expert, save)
    again = contract.Save(request_id=view.row.id, version=view.row.version, content=FULL_OPINION)
    assert world.code(world.expert, again) is ErrorCode.CONFLICT


FULL_OPINION = contract.OpinionContent(findings="<p>其他。</p>", impression="<p>其他。</p>")


def test_images_open_only_while_the_request_is_open_and_only_to_its_doctors(world: RemoteWorld) -> None:
    report = world.examined()
    exam_id = report.row.exam_id
    look = GetStudy(study_uid=uid_of(exam_id))
    everybody = (world.expert, world.second, world.head, world.outsider)
    assert {world.code(one, look) for one in everybody} == {ErrorCode.PERMISSION_MISSING}
    assert not any(world.sees_pixels(one, exam_id) for one in everybody)
    view = world.asked(report)
    assert [world.code(one, look) for one in everybody] == [None, None, None, ErrorCode.PERMISSION_MISSING]
    assert [world.sees_pixels(one, exam_id) for one in everybody] == [True, True, True, False]
    world.ask(world.expert, contract.Accept(request_id=view.row.id))
    # then the holder, and the head of the asked department
    assert [world.code(one, look) is None for one in everybody] == [True, False, True, False]
    assert [world.sees_pixels(one, exam_id) for one in everybody] == [True, False, True, False]
    # nothing else of the exam
    assert world.code(world.expert, GetExam(exam_id=exam_id)) is ErrorCode.PERMISSION_MISSING
    assert world.code(world.expert, GetReport(report_id=report.row.id)) is ErrorCode.PERMISSION_MISSING
    assert world.code(world.expert, GetHistory(exam_id=exam_id)) is ErrorCode.PERMISSION_MISSING
    version = world.seen(world.asker, view.row.id).row.version
    world.ask(world.asker, contract.Withdraw(request_id=view.row.id, version=version))
    assert {world.code(one, look) for one in everybody} == {ErrorCode.PERMISSION_MISSING}
    assert not any(world.sees_pixels(one, exam_id) for one in everybody)


def test_earlier_images_go_along_when_they_were_chosen(world: RemoteWorld) -> None:
    first = world.examined()
    patient = first.row.patient_id
    second = world.examined(patient_id=patient)
    form = world.ask(world.asker, contract.GetForm(exam_id=second.row.exam_id))
    assert [one.exam_id for one in form.priors] == [first.row.exam_id]
    strange = world.examined("钱大娘")
    wrong = contract.Ask(
        exam_id=second.row.exam_id,
        kind=contract.RemoteKind.OPINION,
        team_id=world.team.id,
        history="x",
        prior_exam_ids=(strange.row.exam_id,),
    )
    assert world.code(world.asker, wrong) is ErrorCode.INVALID
    view = world.asked(second, prior_exam_ids=(first.row.exam_id,))
    assert world.code(world.expert, GetStudy(study_uid=uid_of(first.row.exam_id))) is None
    assert world.code(world.expert, GetStudy(study_uid=uid_of(strange.row.exam_id))) is ErrorCode.PERMISSION_MISSING
    assert [one.exam_id for one in world.seen(world.expert, view.row.id).priors] == [first.row.exam_id]


def test_what_was_written_so_far_goes_along_unless_it_is_kept_back(world: RemoteWorld) -> None:
    report = world.examined()
    written = world.ask(world.asker, WriteReport(report_id=report.row.id))
    world.ask(world.asker, SaveReport(report_id=report.row.id, version=written.version, content=FULL))
    view = world.asked(report)
    assert world.seen(world.expert, view.row.id).first_impression == FULL.impression
    world.ask(world.asker, contract.Withdraw(request_id=view.row.id, version=view.row.version))
    other = world.asked(report, shares_report=False)
    assert world.seen(world.expert, other.row.id).first_impression == ""


def test_one_request_of_a_kind_runs_for_an_exam(world: RemoteWorld) -> None:
    report = world.examined()
    view = world.asked(report)
    again = contract.Ask(
        exam_id=report.row.exam_id, kind=contract.RemoteKind.OPINION, team_id=world.team.id, history="x"
    )
    assert world.code(world.colleague, again) is ErrorCode.ILLEGAL_ACTION
    form = world.ask(world.asker, contract.GetForm(exam_id=report.row.exam_id))
    assert "胸部影像组" in form.obstacle_opinion and form.obstacle_report == ""
    world.ask(world.expert, contract.Return(request_id=view.row.id, version=view.row.version, reason="影像不全"))
    assert world.notices(world.asker) == [N.RETURNED] and world.notices(world.second) == []
    assert world.ask(world.asker, again).row.state is S.PENDING
    assert [one.row.state for one in world.ask(world.asker, contract.ListOfExam(exam_id=report.row.exam_id))] == [
        S.PENDING,
        S.RETURNED,
    ]


def test_lists_order_counts_clocks_and_the_workbook(world: RemoteWorld) -> None:
    slow = world.asked(world.examined("甲"))
    world.clock.forward(minutes=20)
    urgent = world.asked(world.examined("乙"), urgency=RemoteUrgency.URGENT)
    taken = world.asked(world.examined("=丙"))
    world.ask(world.expert, contract.Accept(request_id=taken.row.id))
    world.clock.forward(minutes=16)
    listed = world.ask(world.expert, contract.ListIncoming())
    assert [row.id for row in listed.rows] == [urgent.row.id, slow.row.id, taken.row.id]
    assert listed.counts == {"pending": 2, "accepted": 1} and listed.overdue == 1
    clock = listed.rows[0].clock
    assert clock.is_running and clock.seconds == 16 * 60 > clock.limit_seconds == 15 * 60
    chosen = contract.RemoteFilter(states=(S.PENDING,), patient_name="甲")
    assert world.ask(world.expert, contract.ListIncoming(filter=chosen)).total == 1
    mine = contract.RemoteFilter(mine=True)
    assert [row.id for row in world.ask(world.expert, contract.ListIncoming(filter=mine)).rows] == [taken.row.id]
    assert world.ask(world.asker, contract.ListOutgoing()).total == 3
    assert world.ask(world.asker, contract.ListIncoming()).total == 0
    assert world.ask(world.expert, contract.ListOutgoing()).total == 0

    sheet = world.ask(world.asker, contract.ExportRequests(incoming=False, columns=("patient_name", "state", "holder")))
    lines = list(openpyxl.load_workbook(BytesIO(sheet.content)).active.iter_rows(values_only=True))
    assert lines[0] == ("姓名", "状态", "接单医生") and len(lines) == 4
    assert ("=丙", "诊断中", "李教授") in lines  # the hospital's word, and no formula
    whole = world.ask(world.expert, contract.ExportRequests(incoming=True, english=True))
    assert openpyxl.load_workbook(BytesIO(whole.content)).active.max_column > 20
    bad = contract.ExportRequests(incoming=True, columns=("patient_name", "phone"))
    assert world.code(world.expert, bad) is ErrorCode.INVALID


def test_many_answers_are_confirmed_each_by_itself(world: RemoteWorld) -> None:
    done, open_one = world.in_state(S.APPROVED), world.in_state(S.WRITING)
    version = world.seen(world.asker, done.row.id).row.version
    items = (
        contract.ConfirmItem(request_id=done.row.id, version=version),
        contract.ConfirmItem(request_id=open_one.row.id, version=open_one.row.version),
        contract.ConfirmItem(request_id=999, version=1),
    )
    found = world.ask(world.colleague, contract.Confirm(requests=items))
    assert [one.is_confirmed for one in found] == [True, False, False]
    assert "诊断中" in found[1].sentence
    assert world.code(world.asker, contract.Confirm(requests=())) is ErrorCode.INVALID


def test_teams_are_led_at_home_and_need_who_can_do_the_work(world: RemoteWorld) -> None:
    import msgspec

    team = msgspec.structs.replace(world.team, two_level=True, members=world.team.members[:2])
    refused = world.reply(world.head, contract.SaveTeam(team=team))
    assert isinstance(refused, ErrorBody) and "终审权限" in refused.message
    assert world.code(world.chief, contract.SaveTeam(team=world.team)) is ErrorCode.PERMISSION_MISSING
    assert world.code(world.expert, contract.SaveTeam(team=world.team)) is ErrorCode.PERMISSION_MISSING
    names = [one.name for one in world.ask(world.head, contract.ListCandidates(campus_id=world.city))]
    assert "李教授" in names and "孙医生" not in names
    assert world.code(world.head, contract.ListCandidates(campus_id=world.county)) is ErrorCode.PERMISSION_MISSING
    world.change_team(is_active=False)
    assert world.ask(world.asker, contract.GetForm(exam_id=world.examined().row.exam_id)).teams == ()


def test_limits_of_the_clocks_are_changed_and_checked(world: RemoteWorld) -> None:
    import msgspec

    policy = world.ask(world.asker, contract.GetPolicy())
    limits = tuple(msgspec.structs.replace(one, accept_minutes=5) for one in policy.limits)
    changed = world.ask(world.head, contract.SavePolicy(policy=msgspec.structs.replace(policy, limits=limits)))
    assert changed.limits == limits and changed.version == 1
    assert world.code(world.head, contract.SavePolicy(policy=policy)) is ErrorCode.CONFLICT
    wrong = msgspec.structs.replace(changed, limits=changed.limits[:1])
    assert world.code(world.head, contract.SavePolicy(policy=wrong)) is ErrorCode.INVALID


def test_notices_are_kept_until_they_are_read(world: RemoteWorld) -> None:
    world.asked(world.examined("甲"))
    world.asked(world.examined("乙"))
    notices = world.ask(world.expert, contract.ListNotices())
    assert [one.patient_name for one in notices] == ["乙", "甲"] and notices[0].hospital == "县人民医院"
    world.ask(world.expert, contract.MarkRead(notice_ids=(notices[0].id,)))
    assert len(world.notices(world.expert)) == 1 and len(world.notices(world.second)) == 2
    world.ask(world.expert, contract.MarkRead())
    assert world.notices(world.expert) == []
