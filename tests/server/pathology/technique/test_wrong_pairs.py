"""Wrong pairs at the scanner: seeded, through every door by which a slide goes on."""

from __future__ import annotations

import random
from itertools import product

import pytest

from server.kernel.errors import Refusal
from server.pathology.technique.scanning import judge
from shared.contract import pathology_preparation as preparation
from shared.contract import pathology_technique as technique
from shared.contract import pathology_trail as trail
from shared.domain.pathology import GOOD_VERDICTS, ObjectKind, ScanVerdict, Station
from tests.server.pathology.pathology_world import GROSSER, TECHNICIAN, PathologyWorld, Prepared

_SEED = 20261122
_TIMES = 10_000


@pytest.fixture
def cases(world: PathologyWorld) -> list[Prepared]:
    """Cases that look alike: the same names and serials."""
    return [world.labelled("A", "B", "C", sections=2, name=name) for name in ("张三", "张三", "李四", "王五")]


def test_a_wrong_pair_passes_0_of_10000_times(world: PathologyWorld, cases: list[Prepared]) -> None:
    chance = random.Random(_SEED)
    codes = [slide.code for case in cases for slide in case.slides]
    codes += [block.code for case in cases for block in case.blocks]
    codes += [world.details(case.case_id).case.code for case in cases]
    codes += [world.details(case.case_id).specimens[0].code for case in cases]
    with world.database.read() as uow:
        found = {}
        for code in codes:
            row = world.technique.finder.by_code(uow, code)
            assert row is not None
            [found[code]] = world.technique.finder.facts(uow, [row])
    blocks = [block for case in cases for block in case.blocks]
    slides = [slide for case in cases for slide in case.slides]
    wrong = passed = right = 0
    while wrong < _TIMES:
        facts, block, slide = found[chance.choice(codes)], chance.choice(blocks), chance.choice(slides)
        expected, fits = chance.choice(
            [
                (trail.Expected(kinds=(ObjectKind.SLIDE,), block_id=block.id), facts.block_id == block.id),
                (trail.Expected(block_id=block.id, case_id=block.case_id), facts.block_id == block.id),
                (trail.Expected(slide_id=slide.id), facts.kind is ObjectKind.SLIDE and facts.id == slide.id),
                (trail.Expected(case_id=slide.case_id), facts.case_id == slide.case_id),
                (trail.Expected(specimen_id=block.specimen_id or 0), facts.specimen_id == block.specimen_id),
            ]
        )
        if expected.kinds and facts.kind not in expected.kinds:
            fits = False
        verdict, message = judge(facts, expected)
        assert message
        if fits:
            right += 1
            assert verdict is ScanVerdict.FITS
        else:
            wrong += 1
            passed += verdict in GOOD_VERDICTS
    assert passed == 0 and right > 100


def test_no_door_lets_a_wrong_pair_through(world: PathologyWorld, cases: list[Prepared]) -> None:
    chance = random.Random(_SEED)
    pairs = [
        (slide, block)
        for slide, block in product(
            [slide for case in cases for slide in case.slides], [block for case in cases for block in case.blocks]
        )
        if slide.block_id != block.id
    ]
    for slide, block in chance.sample(pairs, 60):
        expected = trail.Expected(kinds=(ObjectKind.SLIDE,), block_id=block.id)
        request = trail.Scan(code=slide.code, station=Station.PREPARATION, expected=expected)
        result = world.ask(TECHNICIAN, request)
        assert result.verdict in (ScanVerdict.WRONG_PARENT, ScanVerdict.WRONG_CASE), slide.number
        released = world.ask(
            TECHNICIAN,
            preparation.ReleaseLabels(slide_ids=(slide.id,), block_codes=(block.code,), reprint=True),
        )
        assert released.done == 0
        with pytest.raises(Refusal):
            world.ask(TECHNICIAN, preparation.CheckSlide(slide_code=slide.code, block_code=block.code))
    slides = [slide for case in cases for slide in world.details(case.case_id).slides]
    assert {(slide.state.value, slide.label_prints) for slide in slides} == {("labelled", 1)}
    for slide in slides:
        own = next(block for case in cases for block in case.blocks if block.id == slide.block_id)
        world.ask(TECHNICIAN, preparation.CheckSlide(slide_code=slide.code, block_code=own.code))


def test_a_wrong_cassette_stops_verification_and_sectioning(world: PathologyWorld) -> None:
    first, second = world.grossed("A"), world.grossed("A")
    wrong = technique.PieceCheck(block_id=first.blocks[0].id, code=second.blocks[0].code)
    report = world.ask(TECHNICIAN, technique.VerifyBlocks(checks=(wrong,)))
    assert not report.lines[0].is_done and "不符" in report.lines[0].message
    embedded = world.embedded("A")
    plan = preparation.SectionPlan(block_id=embedded.blocks[0].id, code=second.blocks[0].code)
    cut = world.ask(TECHNICIAN, preparation.SectionBlocks(plans=(plan,)))
    assert not cut.lines[0].is_done and not cut.slides
    assert not world.details(embedded.case_id).slides


def test_scans_are_answers_and_leave_their_trace(world: PathologyWorld) -> None:
    case = world.handed_over("A")
    for code, verdict in (
        ("http://x", ScanVerdict.UNREADABLE),
        ("2699999", ScanVerdict.UNKNOWN),
        (case.slides[0].code, ScanVerdict.OPENS),
        (case.blocks[0].label, ScanVerdict.OPENS),
    ):
        assert world.ask(TECHNICIAN, trail.Scan(code=code, station=Station.PREPARATION)).verdict is verdict
    wants_block = trail.Expected(kinds=(ObjectKind.BLOCK,))
    request = trail.Scan(code=case.slides[0].code, station=Station.PREPARATION, expected=wants_block)
    assert world.ask(TECHNICIAN, request).verdict is ScanVerdict.WRONG_KIND
    view = world.ask(GROSSER, trail.GetTrail(kind=ObjectKind.SLIDE, object_id=case.slides[0].id))
    assert [one.kind for one in view.ancestors] == [ObjectKind.CASE, ObjectKind.SPECIMEN, ObjectKind.BLOCK]
    assert [event.action for event in view.events if event.kind is ObjectKind.SLIDE] == [
        "make",
        "print_label",
        "check",
        "hand_over",
        "scanned",
        "mismatch",
    ]
    assert view.object.place == "制片工作站" and view.object.placed_by == TECHNICIAN.name
    whole = world.ask(GROSSER, trail.GetTrail(kind=ObjectKind.CASE, object_id=case.case_id))
    assert [one.kind for one in whole.descendants] == [ObjectKind.SPECIMEN, ObjectKind.BLOCK, ObjectKind.SLIDE]


def test_missing_pieces_are_named(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    late, fresh = world.grossed("A"), None
    world.clock.forward(hours=30)
    fresh = world.labelled("A", name="李四")
    found = world.ask(TECHNICIAN, trail.ListMissing(hours=24))
    assert {(piece.object.number, piece.is_reported) for piece in found} == {
        (late.blocks[0].label, False),
        (f"{late.number}/1", False),
    }
    slide = fresh.slides[0]
    report = trail.ReportMissing(kind=ObjectKind.SLIDE, object_id=slide.id, note="托盘里没有")
    assert world.ask(TECHNICIAN, report).is_missing
    found = world.ask(TECHNICIAN, trail.ListMissing(hours=24))
    assert [piece.object.number for piece in found if piece.is_reported] == [slide.number]
    moved = trail.MoveObjects(kind=ObjectKind.SLIDE, object_ids=(slide.id,), place="显微镜室3")
    assert world.ask(TECHNICIAN, moved).done == 1
    back = trail.ReportMissing(kind=ObjectKind.SLIDE, object_id=slide.id, is_missing=False)
    facts = world.ask(TECHNICIAN, back)
    assert not facts.is_missing and facts.place == "显微镜室3"
    by_number = world.ask(TECHNICIAN, trail.FindObjects(text=fresh.number))
    assert {one.kind for one in by_number} == set(ObjectKind)
