"""Critical ECGs through the services: judged on arrival, alarm loop, acknowledged here and at the ward's screen."""

from __future__ import annotations

import msgspec
import pytest

from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from shared.contract import ecg
from shared.contract import ecg_consultations as consultations
from shared.contract import ecg_critical as alarms
from shared.contract.critical import AcknowledgeCritical
from shared.domain.critical import LoopState
from shared.domain.ecg_reports import Danger
from shared.domain.permissions import Permission
from shared.waveform import formats
from tests.server.ecg.critical.test_ecg_critical_rules import fibrillating
from tests.server.ecg.network_world import NetworkWorld


def a_file(seed: int = 1) -> bytes:
    return formats.write(fibrillating(seed), "dicom").main


def test_an_alarm_goes_its_way(network_of_kind: NetworkWorld) -> None:
    world = network_of_kind
    exam_id = world.acquired(data=a_file())
    assert world.ask(world.nurse, ecg.GetEcgExam(exam_id=exam_id)).row.is_critical
    [alarm] = world.ask(world.local, alarms.ListAlarms())
    assert (alarm.rule, alarm.loop_state, alarm.hospital) == ("vf", LoopState.OPEN, "东山镇卫生院")
    assert world.notices(world.local) == ["critical"] == world.notices(world.nurse)
    assert world.notices(world.li) == [] and world.ask(world.li, alarms.ListAlarms()) == ()  # another hospital's
    page = world.page(world.local, exam_id)
    assert page.danger is Danger.CRITICAL and page.alarms == (alarm,)
    world.upload(exam_id, a_file(2))  # another trace that says the same joins the open loop
    found = world.ask(world.local, alarms.ListAlarms(exam_id=exam_id))
    assert {one.loop_id for one in found} == {alarm.loop_id} and len(found) == 2
    with pytest.raises(Refusal, match="不存在"):
        world.ask(world.li, alarms.AcknowledgeAlarm(alarm_id=alarm.id))
    seen = world.ask(world.nurse, alarms.AcknowledgeAlarm(alarm_id=alarm.id, note="已电除颤"))
    assert (seen.acknowledged_by, seen.loop_state) == ("王护士", LoopState.ACKNOWLEDGED)
    assert world.ask(world.local, alarms.ListAlarms()) == ()  # the other trace's ended with the loop
    with pytest.raises(Refusal, match="王护士"):
        world.ask(world.nurse, alarms.AcknowledgeAlarm(alarm_id=alarm.id))


def test_the_wards_screen_ends_the_alarm_too(network: NetworkWorld) -> None:
    world = network
    exam_id = world.acquired(data=a_file())
    [alarm] = world.ask(world.local, alarms.ListAlarms(exam_id=exam_id))
    ward = Caller(77, "ward", "病区护士", frozenset({Permission.CRITICAL_VALUES}))
    critical = world.ecg.house.critical.service
    with world.database.write() as uow:
        critical.acknowledge(uow, ward, AcknowledgeCritical(loop_id=alarm.loop_id, version=1))
    [ended] = world.ask(world.local, alarms.ListAlarms(exam_id=exam_id, open_only=False))
    assert ended.acknowledged_by == "病区护士"


def test_nobody_answers_and_the_next_level_is_called(network: NetworkWorld) -> None:
    world = network
    exam_id = world.acquired(data=a_file())
    [alarm] = world.ask(world.local, alarms.ListAlarms(exam_id=exam_id))
    critical = world.ecg.house.critical.service
    world.clock.forward(hours=3)
    with world.database.write() as uow:
        assert alarm.loop_id in critical.due(uow)
        assert critical.escalate(uow, alarm.loop_id)


def test_a_new_trace_moves_the_waiting_consultation_up(network: NetworkWorld) -> None:
    world = network
    first, second = world.acquired("先来"), world.acquired("后到")
    world.applied(first)
    world.clock.forward(minutes=1)
    world.applied(second)
    names = [one.patient_name for one in world.ask(world.li, consultations.ListIncoming()).rows]
    assert names == ["先来", "后到"]
    world.upload(second, a_file())
    rows = world.ask(world.li, consultations.ListIncoming()).rows
    assert rows[0].patient_name == "后到" and rows[0].danger is Danger.CRITICAL
    assert "颤动" in rows[0].danger_reasons[0]


def test_the_list_is_configured(network: NetworkWorld) -> None:
    world = network
    settings = world.ask(world.admin, alarms.GetCriticalRules())
    off = tuple(msgspec.structs.replace(one, enabled=one.code != "vf") for one in settings.rules)
    saved = world.ask(world.admin, alarms.SaveCriticalRules(settings=alarms.CriticalSettings(version=0, rules=off)))
    assert saved.version == 1
    with pytest.raises(Refusal, match="他人修改"):
        world.ask(world.admin, alarms.SaveCriticalRules(settings=alarms.CriticalSettings(version=0, rules=off)))
    exam_id = world.acquired(data=a_file())
    assert "vf" not in {one.rule for one in world.ask(world.local, alarms.ListAlarms(exam_id=exam_id))}
