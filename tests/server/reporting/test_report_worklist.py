"""The diagnosis list: order, filters, counts, saved queries; and templates."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from server.kernel.dispatch import Caller, collect
from server.kernel.errors import Refusal
from server.reporting.auditing_rpc import AuditingRpc
from server.reporting.rpc import ReportingRpc
from shared.contract.base import Page
from shared.contract.errors import ErrorCode
from shared.contract.reporting import ReportFilter, SaveTemplate
from shared.domain.permissions import Permission
from shared.domain.states import PatientType, ReportState
from tests.server.reporting.reporting_world import LI, NOON, WANG, World, an_exam


@pytest.fixture
def filled(world: World) -> World:
    for number, name, kind, patient_type, days in (
        (1, "张三丰", "CT", PatientType.ORDINARY, 0),
        (2, "李四", "MR", PatientType.VIP, 0),
        (3, "王五", "CT", PatientType.EMERGENCY, 0),
        (4, "张三", "DR", PatientType.ORDINARY, 1),
        (5, "赵六", "CT", PatientType.ORDINARY, 9),
    ):
        world.a_report(
            an_exam(
                number,
                patient_id=number,
                name=name,
                exam_type=kind,
                patient_type=patient_type,
                finished_at=NOON - timedelta(days=days),
                room_id=number % 2 + 1,
            )
        )
    with world.database.write() as uow:
        world.reports.write(uow, LI, 4)
    return world


def exam_ids(world: World, conditions: ReportFilter, page: Page | None = None) -> list[int]:
    with world.database.read() as uow:
        return [row.exam_id for row in world.worklist.page(uow, LI, conditions, page or Page()).rows]


def test_emergency_then_vip_then_the_oldest(filled: World) -> None:
    assert exam_ids(filled, ReportFilter()) == [3, 2, 5, 4, 1]


def test_pages_join_to_the_whole(filled: World) -> None:
    whole = exam_ids(filled, ReportFilter())
    for limit in (1, 2, 3):
        pages = [exam_ids(filled, ReportFilter(), Page(offset=offset, limit=limit)) for offset in range(0, 6, limit)]
        assert [one for page in pages for one in page] == whole


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (ReportFilter(states=(ReportState.WRITING,)), [4]),
        (ReportFilter(states=(ReportState.WRITING, ReportState.AWAITING)), [3, 2, 5, 4, 1]),
        (ReportFilter(examined_from=date(2026, 3, 2), examined_to=date(2026, 3, 2)), [3, 2, 1]),
        (ReportFilter(examined_to=date(2026, 3, 1)), [5, 4]),
        (ReportFilter(exam_types=("CT",)), [3, 5, 1]),
        (ReportFilter(patient_name="张三"), [4, 1]),
        (ReportFilter(patient_name="ZSF"), [1]),
        (ReportFilter(patient_name="wangwu"), [3]),
        (ReportFilter(patient_name="%"), []),
        (ReportFilter(accession_number="A0000002"), [2]),
        (ReportFilter(image_number="CT000005"), [5]),
        (ReportFilter(patient_number="P000001"), [1]),
        (ReportFilter(patient_types=(PatientType.VIP,)), [2]),
        (ReportFilter(diagnosing_doctor="李"), [4]),
        (ReportFilter(requesting_department="呼吸"), [3, 2, 5, 4, 1]),
        (ReportFilter(body_part="头"), []),
        (ReportFilter(campus_id=2), []),
        (ReportFilter(room_id=1), [2, 4]),
        (ReportFilter(diagnosed_from=date(2026, 3, 2)), []),
    ],
)
def test_filters(filled: World, conditions: ReportFilter, expected: list[int]) -> None:
    assert exam_ids(filled, conditions) == expected


def test_counts_ignore_the_states_chosen_and_nothing_else(filled: World) -> None:
    with filled.database.read() as uow:
        found = filled.worklist.page(
            uow, LI, ReportFilter(states=(ReportState.WRITING,), exam_types=("CT", "DR")), Page()
        )
    assert found.total == 1
    assert found.counts["awaiting"] == 3
    assert found.counts["writing"] == 1
    assert found.counts["printed"] == 0


def test_a_senseless_page_is_refused(filled: World) -> None:
    for page in (Page(limit=0), Page(limit=501), Page(offset=-1)):
        with pytest.raises(Refusal):
            exam_ids(filled, ReportFilter(), page)


def test_saved_queries_belong_to_their_account_and_one_is_the_default(world: World) -> None:
    conditions = ReportFilter(exam_types=("CT",))
    with world.database.write() as uow:
        first = world.worklist.save_query(uow, LI, None, "CT", conditions, today_only=True, is_default=True)
        second = world.worklist.save_query(uow, LI, None, "MR", conditions, today_only=False, is_default=True)
    with world.database.write() as uow:
        mine = world.worklist.saved_queries(uow, LI)
        assert [(query.name, query.is_default) for query in mine] == [("CT", False), ("MR", True)]
        assert mine[0].filter == conditions
        assert world.worklist.saved_queries(uow, WANG) == ()
        with pytest.raises(Refusal):
            world.worklist.save_query(uow, WANG, first.id, "x", conditions, today_only=True, is_default=False)
        with pytest.raises(Refusal) as nameless:
            world.worklist.save_query(uow, LI, None, " ", conditions, today_only=True, is_default=False)
        assert nameless.value.body.field == "name"
        world.worklist.delete_query(uow, LI, second.id)
    with world.database.read() as uow:
        assert len(world.worklist.saved_queries(uow, LI)) == 1


def test_public_templates_are_installed_once_and_not_changed_by_doctors(world: World) -> None:
    with world.database.write() as uow:
        assert world.templates.install(uow) >= 12
    with world.database.write() as uow:
        assert world.templates.install(uow) == 0
        public = world.templates.find(uow, LI, "肺结节")
        assert [template.name for template in public] == ["肺结节"]
        change = SaveTemplate(id=public[0].id, folder="x", name="x", findings="x")
        for attempt in (
            lambda: world.templates.save(uow, LI, change),
            lambda: world.templates.delete(uow, LI, public[0].id),
        ):
            with pytest.raises(Refusal) as refused:
                attempt()
            assert refused.value.body.code is ErrorCode.PERMISSION_MISSING
        chief = Caller(user_id=1, login="a", name="a", permissions=frozenset({Permission.ADMINISTER}))
        assert world.templates.save(uow, chief, change).owner_id == 0


def test_own_templates_and_phrases_are_private(world: World) -> None:
    with world.database.write() as uow:
        mine = world.templates.save(
            uow, LI, SaveTemplate(folder="知识库", name="我的", findings="<p onclick=x>a</p>", impression="b")
        )
        phrase = world.templates.save(
            uow, LI, SaveTemplate(is_phrase=True, folder="常用词条", name="短语", findings="建议复查")
        )
        assert mine.findings == "<p>a</p>"
        assert {one.id for one in world.templates.find(uow, LI)} == {mine.id, phrase.id}
        assert world.templates.find(uow, WANG) == ()
        with pytest.raises(Refusal):
            world.templates.delete(uow, WANG, mine.id)
        with pytest.raises(Refusal):
            world.templates.save(uow, LI, SaveTemplate(folder="", name="空", findings=" "))
        world.templates.delete(uow, LI, mine.id)
        assert [one.id for one in world.templates.find(uow, LI)] == [phrase.id]


def test_every_request_of_the_area_has_a_handler_with_the_right_reply(world: World) -> None:
    from shared.contract.base import all_requests

    handlers = collect(
        ReportingRpc(world.reports, world.worklist, world.templates), AuditingRpc(world.database, world.reports)
    )
    assert set(handlers) == {method for method in all_requests() if method.startswith("reporting.")}
