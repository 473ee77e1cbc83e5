"""What the auditor is asked about critical values when approving, alone and in a batch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.kernel.errors import Refusal
from shared.contract.critical import CancelCritical
from shared.contract.errors import ErrorCode
from shared.contract.reporting import ReportContent
from shared.domain.states import CriticalValue, ReportState
from tests.server.critical.critical_world import LI, ZHAO, CriticalWorld
from tests.server.reporting.reporting_world import FULL, changed

PNEUMO = changed(FULL, findings="<p>右侧胸腔见大量气体，纵隔左移。</p>", impression="<p>右侧张力性气胸。</p>")
YES = changed(PNEUMO, critical_value=CriticalValue.YES)


def submitted(world: CriticalWorld, content: ReportContent, reason: str = "") -> int:
    report_id = world.a_report()
    with world.database.write() as uow:
        version = world.reports.write(uow, LI, report_id).version
        world.reports.submit(uow, LI, report_id, version, content, reason)
    return report_id


def approve(world: CriticalWorld, report_id: int, content: ReportContent, reason: str = "") -> str:
    with world.database.write() as uow:
        version = world.reports.audit(uow, ZHAO, report_id).version
    with world.database.write() as uow:
        view = world.reports.approve(uow, ZHAO, report_id, version, content, reason)
    return str(view.row.state)


def in_batch(world: CriticalWorld, report_id: int) -> None:
    with world.database.write() as uow:
        version = world.reports.get(uow, ZHAO, report_id).version
        world.reports.approve_unchanged(uow, replace(ZHAO, room_ids=None), report_id, version)


def asked(world: CriticalWorld, report_id: int, content: ReportContent) -> str:
    with pytest.raises(Refusal) as refused:
        approve(world, report_id, content)
    assert (refused.value.body.code, refused.value.body.field) == (ErrorCode.INVALID, "overrule_reason")
    return refused.value.body.message


def test_a_text_that_the_auditor_made_critical_is_asked_about(world: CriticalWorld) -> None:
    report_id = submitted(world, FULL)
    assert "右侧张力性气胸" in asked(world, report_id, PNEUMO)
    assert approve(world, report_id, PNEUMO, "急诊已处理，家属知情") == ReportState.APPROVED
    with world.database.read() as uow:
        note = "".join(row.note for row in world.reports.log(uow, report_id).rows)
    assert "忽略提示" in note and "急诊已处理，家属知情" in note


def test_the_doctors_reason_does_not_stand_for_the_auditors(world: CriticalWorld) -> None:
    report_id = submitted(world, PNEUMO, "已知")
    assert "“危急值”选择为“否”" in asked(world, report_id, PNEUMO)


def test_yes_without_a_standing_loop_is_asked_about(world: CriticalWorld) -> None:
    report_id = submitted(world, FULL)
    assert "没有有效的上报记录" in asked(world, report_id, YES)
    loop = world.a_loop(report_id).loop
    with world.database.write() as uow:
        world.critical.cancel(uow, LI, CancelCritical(loop_id=loop.id, version=loop.version, reason="误报"))
    assert "没有有效的上报记录" in asked(world, report_id, YES)
    world.a_loop(report_id)
    assert approve(world, report_id, YES) == ReportState.APPROVED


def test_a_plain_report_is_approved_without_a_question(world: CriticalWorld) -> None:
    assert approve(world, submitted(world, FULL), FULL) == ReportState.APPROVED
    in_batch(world, submitted(world, FULL))


def test_a_batch_refuses_what_the_auditor_would_be_asked(world: CriticalWorld) -> None:
    report_id = submitted(world, PNEUMO, "已知")
    with pytest.raises(Refusal, match=r"“危急值”选择为“否”.*请逐份审核") as refused:
        in_batch(world, report_id)
    assert refused.value.body.code is ErrorCode.INVALID
    with world.database.read() as uow:
        assert world.reports.get(uow, ZHAO, report_id).row.state is ReportState.SUBMITTED
