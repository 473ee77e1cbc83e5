"""Two stations at one case at the same moment: one of them waits, none makes anything twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from server.kernel.errors import Refusal
from server.pathology.technique.sections import Making
from shared.contract import pathology_preparation as preparation
from shared.contract import pathology_technique as technique
from shared.domain.pathology import TaskSource
from tests.server.pathology.pathology_world import GROSSER, OTHER_TECHNICIAN, TECHNICIAN, PathologyWorld


def test_one_block_is_sectioned_once(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    case = world.embedded("A")
    plan = preparation.SectionPlan(block_id=case.blocks[0].id, sections=3)

    def section(place: int) -> int:
        caller = TECHNICIAN if place % 2 else OTHER_TECHNICIAN
        return len(world.ask(caller, preparation.SectionBlocks(plans=(plan,))).slides)

    with ThreadPoolExecutor(4) as stations:
        made = list(stations.map(section, range(4)))
    assert sorted(made) == [0, 0, 0, 3]
    assert [slide.serial for slide in world.details(case.case_id).slides] == [1, 2, 3]


def test_slides_of_orders_and_rows_of_two_benches_get_numbers_of_their_own(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    case = world.cut("A")
    block_id = case.blocks[0].id
    making = Making(case_id=case.case_id, block_id=block_id, count=2, source=TaskSource.IMMUNO, order_id=1)

    def work(place: int) -> None:
        if place % 2:
            world.write(lambda uow: world.technique.make_slides(uow, TECHNICIAN, making))
        else:
            world.ask(GROSSER, technique.AddBlocks(case_id=case.case_id, rows=(technique.BlockEntry(),)))

    with ThreadPoolExecutor(4) as stations:
        list(stations.map(work, range(12)))
    details = world.details(case.case_id)
    assert [slide.serial for slide in details.slides] == list(range(1, 14))
    assert [block.serial for block in details.grossing.blocks] == list("ABCDEFG")


def test_batches_over_the_same_cases_in_other_orders_do_not_wait_for_ever(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    ids = [world.grossed("A", name=f"病人{place}").blocks[0].id for place in range(6)]

    def verify(place: int) -> int:
        order = ids if place % 2 else list(reversed(ids))
        checks = tuple(technique.PieceCheck(block_id=one) for one in order)
        try:
            return world.ask(TECHNICIAN, technique.VerifyBlocks(checks=checks)).done
        except Refusal:
            return 0

    with ThreadPoolExecutor(4) as stations:
        assert sum(stations.map(verify, range(8))) == len(ids)
