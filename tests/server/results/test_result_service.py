"""Issues and results: which step sends what out, each once, in order; by hand again; the rules."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from server.kernel.errors import Refusal
from server.results import rules
from server.results.ports import Sent
from shared.contract.errors import ErrorCode
from shared.contract.interfaces import MessageState
from shared.contract.results import (
    ListResults,
    ResultEvent,
    ResultKind,
    ResultRule,
    ResultState,
    SaveResultSettings,
)
from shared.domain.states import ReportAction, ReportState
from tests.server.reporting.reporting_world import ZHAO
from tests.server.results.results_world import ResultsWorld

ORU = ResultRule(kind=ResultKind.ORU, connection_id=1, with_pdf=True)
SR = ResultRule(kind=ResultKind.SR)


def with_rules(world: ResultsWorld, *wanted: ResultRule) -> None:
    with world.database.write() as uow:
        version = world.results.settings(uow).version
        world.results.save_settings(uow, SaveResultSettings(version=version, rules=wanted))


def kinds(rows: tuple[Any, ...]) -> list[str]:
    return [f"{row.issue} {row.kind} {row.state}" for row in rows]


def test_an_approval_becomes_what_the_defaults_say(world: ResultsWorld) -> None:
    report_id = world.approved()
    assert kinds(world.rows(report_id)) == ["1 sr waiting", "1 pdf waiting", "1 cda waiting"]
    world.work()
    rows = world.rows(report_id)
    assert kinds(rows) == ["1 sr done", "1 pdf done", "1 cda done"]
    assert {str(one.SOPInstanceUID) for one in world.archive.stored} == {
        rows[0].sop_instance_uid,
        rows[1].sop_instance_uid,
    }
    assert rows[2].document_id == 1 and b"ClinicalDocument" in world.documents.kept[0]


def test_a_report_goes_on_through_all_events(world: ResultsWorld) -> None:
    with_rules(world, SR, ORU)
    report_id = world.approved()
    world.revised(report_id, "侧别写错")
    world.approved_again(report_id)
    world.added(report_id)
    world.work()
    rows = [row for row in world.rows(report_id) if row.kind is ResultKind.ORU]
    assert [row.event for row in rows] == [
        ResultEvent.APPROVED,
        ResultEvent.WITHDRAWN,
        ResultEvent.REVISED,
        ResultEvent.ADDED,
    ]
    assert [row.edition for row in rows] == [1, 1, 2, 3]
    sent = [body.decode("gb18030") for _, body in world.post.letters]
    assert ["侧别写错" in one for one in sent] == [False, True, False, False]
    assert "对照旧片" in sent[3] and "application^pdf" in sent[0] and "application^pdf" not in sent[1]
    documents = sorted(world.archive.stored, key=lambda one: int(one.InstanceNumber))
    assert [len(one.get("PredecessorDocumentsSequence", ())) for one in documents] == [0, 1, 1, 1]
    assert len({one.SeriesInstanceUID for one in documents}) == 1


def test_nothing_is_made_twice(world: ResultsWorld) -> None:
    with_rules(world, SR, ORU)
    report_id = world.approved()
    world.work()
    with world.database.write() as uow:
        from server.results.service import ask

        ask(uow, report_id)
    world.work()
    world.maker.look_after(None)  # type: ignore[arg-type]  # it asks nothing of its job
    world.work()
    assert len(world.post.letters) == 1 and len(world.archive.stored) == 1


@pytest.mark.parametrize("where", ["store", "queue"])
def test_a_job_that_dies_in_the_middle_is_done_once_in_the_end(
    world: ResultsWorld, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_rules(world, SR, ORU)
    report_id = world.approved()
    store, put = world.archive.store, world.post.put

    def dies_after_storing(made: Any) -> None:
        store(made)
        raise RuntimeError("killed")

    def dies_before_the_commit(uow: Any, letter: Any) -> int:
        put(uow, letter)
        world.post.letters.clear()  # its transaction is rolled back with the result's mark
        raise RuntimeError("killed")

    if where == "store":
        monkeypatch.setattr(world.archive, "store", dies_after_storing)
    else:
        monkeypatch.setattr(world.post, "put", dies_before_the_commit)
    world.work()
    assert ResultState.WAITING in {row.state for row in world.rows(report_id)}
    monkeypatch.undo()
    world.later()
    world.work()
    assert len(world.archive.stored) == 1 and len(world.post.letters) == 1
    assert world.rows(report_id)[0].state is ResultState.DONE


def test_a_full_archive_holds_up_only_what_is_for_it(world: ResultsWorld) -> None:
    with_rules(world, SR, ORU)
    world.archive.is_full = True
    report_id = world.approved()
    world.revised(report_id)
    world.work()
    assert kinds(world.rows(report_id)) == ["1 sr waiting", "1 oru waiting", "2 sr waiting", "2 oru waiting"]
    assert len(world.post.letters) == 2  # queued, and the other side's turn now
    assert "磁盘已满" in world.rows(report_id)[0].sentence
    world.archive.is_full = False
    world.later()
    world.work()
    assert [row.state for row in world.rows(report_id) if row.kind is ResultKind.SR] == [ResultState.DONE] * 2


def test_a_paper_that_is_not_ready_is_waited_for(world: ResultsWorld) -> None:
    with_rules(world, ORU)
    world.paper.is_ready = False
    report_id = world.approved()
    world.work()
    assert world.post.letters == [] and world.rows(report_id)[0].sentence == "签名报告正在生成。"
    world.paper.is_ready = True
    world.later()
    world.work()
    assert len(world.post.letters) == 1 and world.rows(report_id)[0].sentence == ""


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (MessageState.SENT, ResultState.DONE),
        (MessageState.DEAD, ResultState.FAILED),
        (MessageState.CANCELLED, ResultState.GIVEN_UP),
    ],
)
def test_what_the_other_side_answers_is_the_results_state(
    world: ResultsWorld, state: MessageState, expected: ResultState
) -> None:
    with_rules(world, ORU)
    report_id = world.approved()
    world.work()
    world.post.state[1] = Sent(state, 2, "对方返回 AR", "AR", None)
    with world.database.write() as uow:
        world.results.message_settled(uow, 1, state, "对方返回 AR", "AR")
    [row] = world.rows(report_id)
    assert (row.state, row.answer, row.attempts) == (expected, "AR", 2)
    with world.database.read() as uow:
        listed = world.results.listed(uow, ZHAO, ListResults(states=(expected,), text="A0000001"))
        assert (listed.total, listed.counts) == (1, {expected.value: 1})
    with world.database.write() as uow:
        assert world.results.resend(uow, row.id).state is ResultState.WAITING
    assert len(world.post.letters) == 1, "the same message goes again, not another one"


def test_who_is_limited_to_rooms_sees_only_theirs(world: ResultsWorld) -> None:
    report_id = world.approved()
    with world.database.read() as uow:
        for rooms, count in ((None, 3), (frozenset({1}), 3), (frozenset({2}), 0)):
            caller = dataclasses.replace(ZHAO, room_ids=rooms)
            assert world.results.listed(uow, caller, ListResults(report_id=report_id)).total == count


def test_a_waiting_result_is_given_up_with_a_reason(world: ResultsWorld) -> None:
    with_rules(world, ORU)
    report_id = world.approved()
    world.work()
    [row] = world.rows(report_id)
    with world.database.write() as uow, pytest.raises(Refusal) as refused:
        world.results.give_up(uow, row.id, " ")
    assert refused.value.body.code is ErrorCode.INVALID
    with world.database.write() as uow:
        given_up = world.results.give_up(uow, row.id, "对方系统已停用")
        assert (given_up.state, given_up.sentence) == (ResultState.GIVEN_UP, "对方系统已停用")
        world.results.message_settled(uow, 1, MessageState.CANCELLED, "", "")
    assert world.rows(report_id)[0].sentence == "对方系统已停用"
    with world.database.write() as uow, pytest.raises(Refusal, match="只有等待或失败"):
        world.results.give_up(uow, row.id, "再次")


def test_a_stored_result_that_was_sent_again_is_the_same_object(world: ResultsWorld) -> None:
    with_rules(world, SR)
    report_id = world.approved()
    world.work()
    [row] = world.rows(report_id)
    world.archive.stored.clear()  # deleted by hand
    with world.database.write() as uow:
        world.results.resend(uow, row.id)
    world.work()
    assert [str(one.SOPInstanceUID) for one in world.archive.stored] == [row.sop_instance_uid]
    assert kinds(world.rows(report_id)) == ["1 sr done"]


def test_a_report_of_before_is_given_out_when_it_is_printed(world: ResultsWorld) -> None:
    with_rules(world)
    report_id = world.approved()
    with world.database.write() as uow:
        from sqlalchemy import delete

        from server.results.tables import ResultIssue

        uow.session.execute(delete(ResultIssue))
    with_rules(world, SR)
    with world.database.write() as uow:
        world.reporting.reports.printed(uow, ZHAO, report_id)
        world.reporting.reports.printed(uow, ZHAO, report_id)
    assert kinds(world.rows(report_id)) == ["1 sr waiting"]


def test_a_removed_connection_fails_in_words(world: ResultsWorld) -> None:
    with_rules(world, ORU)
    report_id = world.approved()
    del world.post.known[1]
    world.work()
    [row] = world.rows(report_id)
    assert row.state is ResultState.FAILED and "接口连接已删除" in row.sentence
    with world.database.write() as uow, pytest.raises(Refusal, match="接口连接已删除"):
        world.results.resend(uow, row.id)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (ResultRule(kind=ResultKind.SR, connection_id=1), "不需要选择连接"),
        (ResultRule(kind=ResultKind.ORU), "请选择一个发出消息的连接"),
        (ResultRule(kind=ResultKind.ORU, connection_id=2), "HL7 连接"),
        (ResultRule(kind=ResultKind.FHIR, connection_id=1), "FHIR 连接"),
    ],
)
def test_rules_that_cannot_work_are_refused(world: ResultsWorld, rule: ResultRule, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        with_rules(world, rule)
    with_rules(world, SR)
    with world.database.write() as uow, pytest.raises(Refusal) as refused:
        world.results.save_settings(uow, SaveResultSettings(version=0, rules=(SR,)))
    assert refused.value.body.code is ErrorCode.CONFLICT


def test_rules_choose_by_type_and_campus() -> None:
    wanted = (
        ResultRule(kind=ResultKind.SR, exam_types=("MR",)),
        ResultRule(kind=ResultKind.CDA, campus_ids=(2,)),
        ResultRule(kind=ResultKind.PDF, enabled=False),
        ResultRule(kind=ResultKind.ORU, connection_id=1, exam_types=("CT",), campus_ids=(1, 2)),
        ResultRule(kind=ResultKind.ORU, connection_id=1),
        ResultRule(kind=ResultKind.KEY_OBJECTS),
    )

    def chosen(event: ResultEvent = ResultEvent.APPROVED, *, has_key_images: bool = False) -> list[str]:
        found = rules.wanted(wanted, event, exam_type="CT", campus_id=1, has_key_images=has_key_images)
        return [rule.kind.value for rule in found]

    assert chosen() == ["oru"]
    assert chosen(has_key_images=True) == ["oru", "key_objects"]
    assert chosen(ResultEvent.WITHDRAWN, has_key_images=True) == ["oru"]


@pytest.mark.parametrize("action", list(ReportAction))
@pytest.mark.parametrize("state", list(ReportState))
@pytest.mark.parametrize("was_issued", [False, True])
def test_only_approval_correction_and_a_first_print_send_out(
    action: ReportAction, state: ReportState, was_issued: bool
) -> None:
    event = rules.event_of(action, state, was_issued=was_issued)
    if action is ReportAction.REVISE:
        assert event is (ResultEvent.WITHDRAWN if was_issued else None)
    elif state not in (ReportState.APPROVED, ReportState.PRINTED):
        assert event is None
    elif action is ReportAction.APPROVE:
        assert event is (ResultEvent.REVISED if was_issued else ResultEvent.APPROVED)
    elif action is ReportAction.ADD:
        assert event is ResultEvent.ADDED
    elif action is ReportAction.PRINT:
        assert event is (None if was_issued else ResultEvent.APPROVED)
    else:
        assert event is None
