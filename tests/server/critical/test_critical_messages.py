"""Critical values as HL7 messages: who gets them, what outside code reads in them, each step of a loop once."""

from __future__ import annotations

from dataclasses import replace

import hl7
import msgspec
import pytest
from sqlalchemy import func, select

from server.bootstrap.critical_results import CriticalToHospital
from server.bootstrap.results import PostOfResults
from server.critical.ports import LoopStep
from server.interfaces.connections import Connections
from server.interfaces.outgoing import Outgoing
from server.interfaces.tables import InterfaceMessage
from server.kernel.database import UnitOfWork
from server.results.rules import told_of_critical, wanted
from shared.contract.critical import AcknowledgeCritical, CancelCritical, CorrectCritical
from shared.contract.interfaces import InterfaceKind, SaveConnection, StatusForm
from shared.contract.results import ResultEvent, ResultKind, ResultRule, ResultSettingsView
from tests.server.critical.critical_world import LI, WARD, CriticalWorld


class FakeRules:
    def __init__(self) -> None:
        self.rules: tuple[ResultRule, ...] = ()

    def settings(self, uow: UnitOfWork) -> ResultSettingsView:
        return ResultSettingsView(version=1, rules=self.rules)


class Told:
    """A world whose critical values go to the journal of interfaces."""

    def __init__(self, world: CriticalWorld) -> None:
        self.world, self.rules = world, FakeRules()
        post = PostOfResults(Outgoing(world.time, world.exams, Connections()))  # type: ignore[arg-type]
        self.follower = CriticalToHospital(self.rules, world.exams, post, world.time)
        self.steps: list[LoopStep] = []
        world.critical.follow(self.follower)
        world.critical.follow(lambda _uow, _caller, step: self.steps.append(step))

    def connection(self, name: str, character_set: str = "") -> int:
        request = SaveConnection(
            name=name,
            kind=InterfaceKind.HL7_OUT,
            host="127.0.0.1",
            port=2575,
            form=StatusForm.RESULTS,
            character_set=character_set,
        )
        with self.world.database.write() as uow:
            return Connections().save(uow, request)[1].id

    def messages(self) -> list[tuple[int, hl7.Message]]:
        with self.world.database.read() as uow:
            rows = list(uow.session.scalars(select(InterfaceMessage).order_by(InterfaceMessage.id)))
            return [(row.connection_id, hl7.parse(row.body.decode(row.character_set))) for row in rows]


@pytest.fixture
def told(world: CriticalWorld) -> Told:
    return Told(world)


def observations(message: hl7.Message) -> list[tuple[str, str, str, str]]:
    """OBX-3.1, the text of OBX-5, OBX-8 and OBX-11."""
    return [(str(one[3]).split("^")[0], str(one[5]), str(one[8]), str(one[11])) for one in message.segments("OBX")]


def test_report_correction_and_cancellation_are_told_as_very_abnormal(told: Told) -> None:
    his = told.connection("HIS", "GB18030")
    told.connection("EMR")  # takes none
    told.rules.rules = (ResultRule(kind=ResultKind.CRITICAL, connection_id=his),)
    loop = told.world.a_loop(value="肺压缩 90%").loop
    with told.world.database.write() as uow:
        done = told.world.critical.acknowledge(uow, WARD, AcknowledgeCritical(loop_id=loop.id, version=loop.version))
        request = CorrectCritical(
            loop_id=loop.id, version=done.loop.version, name=loop.name, finding="左侧张力性气胸", reason="侧别写错"
        )
        again = told.world.critical.correct(uow, LI, request).loop
        told.world.critical.cancel(uow, LI, CancelCritical(loop_id=loop.id, version=again.version, reason="误报"))
    found = told.messages()
    assert [connection for connection, _ in found] == [his] * 3
    first, second, third = (message for _, message in found)
    for message, status in ((first, "F"), (second, "C"), (third, "X")):
        assert str(message.segment("MSH")[9]) == "ORU^R01^ORU_R01"
        obr = message.segment("OBR")
        assert str(obr[3]).split("^")[0] == f"{loop.accession_number}-CV{loop.id}"
        assert (str(obr[18]), str(obr[25])) == (loop.accession_number, status)
        name, *_ = observations(message)
        assert name == ("CRITICAL", "CH01^张力性气胸^99MJ", "AA", status)
    assert observations(first)[1:] == [
        ("CRITICAL-VALUE", "肺压缩 90%", "AA", "F"),
        ("59776-5", "右侧张力性气胸，纵隔左移", "AA", "F"),
        ("CRITICAL-DEPARTMENT", "呼吸科", "", "F"),
    ]
    assert ("59776-5", "左侧张力性气胸", "AA", "C") in observations(second)
    assert observations(second)[-1][:2] == ("CRITICAL-REASON", "侧别写错")
    assert observations(third)[-1][:2] == ("CRITICAL-REASON", "误报")
    assert str(first.segment("MSH")[18]) == "GB 18030-2000"


def test_the_same_step_is_queued_once(told: Told) -> None:
    his = told.connection("HIS")
    told.rules.rules = (ResultRule(kind=ResultKind.CRITICAL, connection_id=his),)
    loop = told.world.a_loop().loop
    with told.world.database.write() as uow:
        told.follower(uow, LI, told.steps[0])
    with told.world.database.read() as uow:
        assert uow.session.execute(select(func.count()).select_from(InterfaceMessage)).scalar_one() == 1
    with told.world.database.write() as uow:  # a later step of the loop is another one
        later = msgspec.structs.replace(loop, version=loop.version + 1)
        told.follower(uow, LI, replace(told.steps[0], action="cancel", loop=later))
    assert len(told.messages()) == 2


def test_nothing_is_told_where_no_rule_takes_it(told: Told) -> None:
    his = told.connection("HIS")
    told.rules.rules = (
        ResultRule(kind=ResultKind.ORU, connection_id=his),
        ResultRule(kind=ResultKind.CRITICAL, connection_id=his, enabled=False),
        ResultRule(kind=ResultKind.CRITICAL, connection_id=his, exam_types=("MR",)),
        ResultRule(kind=ResultKind.CRITICAL, connection_id=his, campus_ids=(99,)),
        ResultRule(kind=ResultKind.CRITICAL, connection_id=his + 1),  # removed
    )
    told.world.a_loop()
    assert told.messages() == []


def test_rules_of_critical_values_and_of_reports_do_not_mix() -> None:
    rules = (
        ResultRule(kind=ResultKind.CRITICAL, connection_id=1),
        ResultRule(kind=ResultKind.CRITICAL, connection_id=1, exam_types=("CT",)),
        ResultRule(kind=ResultKind.ORU, connection_id=2),
    )
    assert told_of_critical(rules, exam_type="CT", campus_id=1) == (1,)
    found = wanted(rules, ResultEvent.APPROVED, exam_type="CT", campus_id=1, has_key_images=True)
    assert [rule.kind for rule in found] == [ResultKind.ORU]
