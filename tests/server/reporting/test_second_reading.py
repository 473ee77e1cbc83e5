"""What the hospital knows of a patient when a report is read a second time."""

from __future__ import annotations

import pytest

from server.kernel.errors import Refusal
from server.reporting import second_reading
from server.reporting.tables import Report
from shared.domain.states import ReportState
from tests.server.reporting.reporting_world import FULL, LI, World, an_exam, changed

NODULE = "<p>左肺上叶见结节，大小约8mm×6mm。</p>"


def subject_of(world: World, report_id: int, findings: str) -> second_reading.Subject:
    with world.database.read() as uow:
        report = uow.session.get_one(Report, report_id)
        return second_reading.subject(uow, report, changed(FULL, findings=findings))


def test_approved_reports_of_the_patient_are_its_prior(world: World) -> None:
    first = world.report_in(ReportState.APPROVED)
    second = world.a_report(an_exam(2))
    of_another = world.a_report(an_exam(3, patient_id=2))
    assert "未见异常" in subject_of(world, second, NODULE).prior
    assert subject_of(world, of_another, NODULE).prior == ""
    assert subject_of(world, first, NODULE).prior == ""


def test_the_side_is_the_one_of_the_items(world: World) -> None:
    report_id = world.a_report(an_exam(1))
    for items, side in (("左膝关节平扫", {"left"}), ("左膝关节平扫、右膝关节平扫", set()), ("胸部平扫", set())):
        with world.database.write() as uow:
            uow.session.get_one(Report, report_id).items = items
        assert subject_of(world, report_id, NODULE).side == side


@pytest.mark.parametrize(
    ("impression", "is_refused"),
    [
        ("<p>右肺上叶结节。</p>", True),
        ("<p>左肺上叶结节。</p>", False),
        ("<p>左肺上叶结节，较外院片无明显变化。</p>", False),
    ],
)
def test_a_slip_needs_a_reason(world: World, impression: str, is_refused: bool) -> None:
    report_id = world.a_report(an_exam(1))
    content = changed(FULL, findings=NODULE, impression=impression)
    with world.database.write() as uow:
        version = world.reports.write(uow, LI, report_id).version
        if is_refused:
            with pytest.raises(Refusal, match="右侧"):
                world.reports.submit(uow, LI, report_id, version, content)
        else:
            world.reports.submit(uow, LI, report_id, version, content)
