"""From the container to the graded slide, with what every step refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from server.kernel.errors import Refusal
from shared.contract import pathology as contract
from shared.contract import pathology_preparation as preparation
from shared.contract import pathology_technique as technique
from shared.contract import pathology_trail as trail
from shared.contract.errors import ErrorCode
from shared.domain.pathology import (
    BlockState,
    CaseState,
    ObjectKind,
    ScanVerdict,
    SlideGrade,
    SlideState,
    SpecimenState,
    Station,
    TaskSource,
    TissueState,
)
from tests.server.pathology.pathology_world import (
    BOSS,
    CHIEF,
    CLERK,
    GROSSER,
    OTHER_TECHNICIAN,
    TECHNICIAN,
    PathologyWorld,
)


def test_a_case_goes_from_the_hatch_to_the_diagnosis_room(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    case = world.handed_over("A", "B", sections=2)
    details = world.details(case.case_id)
    assert details.case.state is CaseState.PREPARED
    assert details.specimens[0].state is SpecimenState.GROSSED
    assert details.specimens[0].tissue is TissueState.AT_BENCH
    assert [block.number for block in details.grossing.blocks] == [f"{case.number}-A", f"{case.number}-B"]
    assert {block.state for block in details.grossing.blocks} == {BlockState.SECTIONED}
    assert (details.grossing.block_total, details.grossing.piece_total) == (2, 4)
    assert [slide.number for slide in details.slides] == [
        f"{case.number}-A-01",
        f"{case.number}-A-02",
        f"{case.number}-B-01",
        f"{case.number}-B-02",
    ]
    assert {slide.state for slide in details.slides} == {SlideState.HANDED_OVER}
    assert details.slides[0].place == "诊断室"


def test_nothing_is_grossed_without_an_accepted_specimen(world: PathologyWorld) -> None:
    case = world.register()
    rows = (technique.BlockEntry(),)
    with pytest.raises(Refusal, match="没有已确认的标本"):
        world.ask(GROSSER, technique.AddBlocks(case_id=case.case.id, rows=rows))
    world.ask(CLERK, technique.RejectSpecimens(specimen_ids=(case.specimens[0].id,), reason="无标签"))
    with pytest.raises(Refusal, match="没有已确认的标本"):
        world.ask(GROSSER, technique.AddBlocks(case_id=case.case.id, rows=rows))
    assert world.details(case.case.id).case.state is CaseState.REGISTERED


def test_serials_are_digits_for_one_specimen_and_letters_for_several(world: PathologyWorld) -> None:
    one = world.received()
    rows = (technique.BlockEntry(), technique.BlockEntry())
    grossing = world.ask(GROSSER, technique.AddBlocks(case_id=one.case_id, rows=rows))
    assert [block.serial for block in grossing.blocks] == ["1", "2"]
    two = world.received(name="李四")
    more = (technique.SpecimenEntry(name="胃体"),)
    [second] = world.ask(CLERK, technique.RegisterSpecimens(case_id=two.case_id, entries=more))
    world.ask(CLERK, technique.AcceptSpecimens(specimen_ids=(second.id,)))
    with pytest.raises(Refusal, match="多件标本"):
        world.ask(GROSSER, technique.AddBlocks(case_id=two.case_id, rows=rows))
    grossing = world.ask(GROSSER, technique.AddBlocks(case_id=two.case_id, rows=rows, specimen_code=second.code))
    assert [(block.serial, block.specimen_id) for block in grossing.blocks] == [("A", second.id), ("B", second.id)]


def test_a_duplicate_serial_adds_no_row_at_all(world: PathologyWorld) -> None:
    case = world.grossed("A")
    rows = (technique.BlockEntry(serial="B"), technique.BlockEntry(serial="a"))
    with pytest.raises(Refusal) as refused:
        world.ask(GROSSER, technique.AddBlocks(case_id=case.case_id, rows=rows))
    assert refused.value.body.code is ErrorCode.DUPLICATE
    assert [block.serial for block in world.details(case.case_id).grossing.blocks] == ["A"]


def test_a_container_of_another_case_stops_the_grossing(world: PathologyWorld) -> None:
    case, other = world.received(), world.register(name="李四")
    request = technique.AddBlocks(
        case_id=case.case_id, rows=(technique.BlockEntry(),), specimen_code=other.specimens[0].code
    )
    with pytest.raises(Refusal, match="不是本病例"):
        world.ask(GROSSER, request)
    with pytest.raises(Refusal, match="不是本病例"):
        world.ask(
            GROSSER,
            technique.AddBlocks(case_id=case.case_id, rows=(technique.BlockEntry(),), specimen_code=other.case.code),
        )


def test_who_grossed_does_not_verify_and_a_wrong_count_stops_the_row(world: PathologyWorld) -> None:
    case = world.grossed("A", "B")
    first, second = case.blocks
    both = GROSSER.__class__(user_id=GROSSER.user_id, login="qc", name=GROSSER.name, permissions=TECHNICIAN.permissions)
    report = world.ask(both, technique.VerifyBlocks(checks=(technique.PieceCheck(block_id=first.id),)))
    assert report.done == 0 and "双人核对" in report.lines[0].message
    checks = (technique.PieceCheck(block_id=first.id, pieces=3), technique.PieceCheck(block_id=second.id, pieces=2))
    report = world.ask(TECHNICIAN, technique.VerifyBlocks(checks=checks))
    assert [line.is_done for line in report.lines] == [False, True]
    view = world.ask(TECHNICIAN, trail.GetTrail(kind=ObjectKind.BLOCK, object_id=first.id))
    assert [event.action for event in view.events if event.object_id == first.id][-1] == "mismatch"
    report = world.ask(TECHNICIAN, technique.EmbedBlocks(block_ids=(first.id, second.id)))
    assert [line.is_done for line in report.lines] == [False, True]
    assert [block.state for block in world.details(case.case_id).grossing.blocks] == [
        BlockState.TO_VERIFY,
        BlockState.TO_SECTION,
    ]


def test_only_rows_that_are_not_verified_are_deleted_and_their_serial_is_free_again(world: PathologyWorld) -> None:
    case = world.grossed("A", "B")
    first, second = case.blocks
    world.ask(TECHNICIAN, technique.VerifyBlocks(checks=(technique.PieceCheck(block_id=second.id),)))
    report = world.ask(GROSSER, technique.DeleteBlocks(block_ids=(first.id, second.id)))
    assert [line.is_done for line in report.lines] == [True, False]
    again = technique.AddBlocks(case_id=case.case_id, rows=(technique.BlockEntry(serial="A"),))
    blocks = world.ask(GROSSER, again).blocks
    assert [block.serial for block in blocks] == ["A", "B"] and blocks[0].id != first.id


def test_a_confirmation_is_taken_back_by_its_own_hand_until_the_next_step(world: PathologyWorld) -> None:
    case = world.embedded("A")
    block = case.blocks[0]
    with pytest.raises(Refusal, match="自己的确认"):
        world.ask(OTHER_TECHNICIAN, technique.UndoBlock(block_id=block.id, version=block.version))
    undone = world.ask(TECHNICIAN, technique.UndoBlock(block_id=block.id, version=block.version))
    assert (undone.state, undone.number) == (BlockState.TO_EMBED, "")
    undone = world.ask(TECHNICIAN, technique.UndoBlock(block_id=block.id, version=undone.version))
    assert undone.state is BlockState.TO_VERIFY
    cut = world.cut("A", name="李四").blocks[0]
    with pytest.raises(Refusal, match="已切片"):
        world.ask(TECHNICIAN, technique.UndoBlock(block_id=cut.id, version=cut.version))


def test_labels_are_released_only_for_scanned_blocks(world: PathologyWorld) -> None:
    case, other = world.cut("A", "B"), world.cut("A", name="李四")
    first, second = case.slides
    ids = (first.id, second.id)
    report = world.ask(TECHNICIAN, preparation.ReleaseLabels(slide_ids=ids))
    assert report.done == 0 and "请先扫描" in report.lines[0].message
    report = world.ask(
        TECHNICIAN, preparation.ReleaseLabels(slide_ids=ids, block_codes=(case.blocks[0].code, other.blocks[0].code))
    )
    assert [line.is_done for line in report.lines] == [True, False]
    report = world.ask(TECHNICIAN, preparation.ReleaseLabels(slide_ids=(first.id,), block_codes=(case.blocks[0].code,)))
    assert report.done == 0 and "重打" in report.lines[0].message
    report = world.ask(
        TECHNICIAN,
        preparation.ReleaseLabels(slide_ids=(first.id,), block_codes=(case.blocks[0].code,), reprint=True, copies=2),
    )
    assert report.done == 1 and world.details(case.case_id).slides[0].label_prints == 3
    report = world.ask(TECHNICIAN, preparation.DeleteSlides(slide_ids=ids))
    assert [line.is_done for line in report.lines] == [False, True]


def test_a_slide_is_checked_by_its_own_code_and_its_own_block(world: PathologyWorld) -> None:
    case, other = world.labelled("A", "B"), world.labelled("A", name="李四")
    first, second = case.slides
    with pytest.raises(Refusal, match="不符") as refused:
        world.ask(TECHNICIAN, preparation.CheckSlide(slide_code=first.code, block_code=other.blocks[0].code))
    assert refused.value.body.field == "block_code"
    events = world.ask(TECHNICIAN, trail.GetTrail(kind=ObjectKind.SLIDE, object_id=first.id)).events
    assert events[-1].action == "mismatch" and events[-1].code == other.blocks[0].code
    with pytest.raises(Refusal, match="不是玻片条码"):
        world.ask(TECHNICIAN, preparation.CheckSlide(slide_code=case.blocks[0].code))
    with pytest.raises(Refusal, match="校验不符"):
        world.ask(TECHNICIAN, preparation.CheckSlide(slide_code=first.code[:-1] + "-"))
    checked = world.ask(TECHNICIAN, preparation.CheckSlide(slide_code=first.code, block_code=case.blocks[0].code))
    assert checked.slide.state is SlideState.CHECKED and checked.waiting == (second.number,)
    with pytest.raises(Refusal, match="已核对"):
        world.ask(TECHNICIAN, preparation.CheckSlide(slide_code=first.code))
    report = world.ask(TECHNICIAN, preparation.HandSlidesOver(slide_ids=(first.id,), receiver="诊断室"))
    assert [slide.number for slide in report.missing] == [second.number]


def test_slides_of_orders_and_by_hand_go_on_with_the_blocks_numbers(world: PathologyWorld) -> None:
    case = world.cut("A", sections=2)
    block = case.blocks[0]
    from server.pathology.technique.sections import Making

    making = Making(
        case_id=case.case_id, block_id=block.id, count=2, source=TaskSource.IMMUNO, stain="Ki-67", order_id=77
    )
    made = world.write(lambda uow: world.technique.make_slides(uow, TECHNICIAN, making))
    assert [(slide.number, slide.stain) for slide in made] == [
        (f"{block.number}-03", "Ki-67"),
        (f"{block.number}-04", "Ki-67"),
    ]
    today = world.time.today()
    by_hand = preparation.AddManualSlides(
        case_id=case.case_id, block_id=block.id, section_day=today, preparation_day=today - timedelta(days=1)
    )
    with pytest.raises(Refusal, match="不一致"):
        world.ask(TECHNICIAN, by_hand)
    by_hand = preparation.AddManualSlides(
        case_id=case.case_id, block_id=block.id, section_day=today, preparation_day=today
    )
    [slide] = world.ask(TECHNICIAN, by_hand)
    assert slide.number == f"{block.number}-05"


def test_a_deleted_slides_number_is_never_given_again(world: PathologyWorld) -> None:
    case = world.cut("A")
    world.ask(TECHNICIAN, preparation.DeleteSlides(slide_ids=(case.slides[0].id,)))
    today = world.time.today()
    [slide] = world.ask(
        TECHNICIAN,
        preparation.AddManualSlides(
            case_id=case.case_id, block_id=case.blocks[0].id, section_day=today, preparation_day=today
        ),
    )
    assert slide.number == f"{case.number}-A-02"


def test_smears_need_a_cytology_library_and_no_grossing(world: PathologyWorld) -> None:
    smear = world.received("细胞学")
    slides = world.ask(TECHNICIAN, preparation.MakeSmears(case_id=smear.case_id, count=2))
    assert [slide.number for slide in slides] == [f"{smear.number}-1-01", f"{smear.number}-1-02"]
    details = world.details(smear.case_id)
    assert details.case.state is CaseState.PREPARED and not details.grossing.blocks
    routine = world.received()
    with pytest.raises(Refusal, match="细胞学"):
        world.ask(TECHNICIAN, preparation.MakeSmears(case_id=routine.case_id))


def test_the_remainder_is_kept_regrossed_and_not_disposed_of_too_early(world: PathologyWorld) -> None:
    case = world.grossed("1")
    specimen = world.details(case.case_id).specimens[0]
    over = world.ask(GROSSER, technique.HandTissueOver(specimen_ids=(specimen.id,), receiver="技术员"))
    assert over.done == 1
    specimen = world.details(case.case_id).specimens[0]
    stored = world.ask(
        GROSSER,
        technique.StoreRemainder(specimen_id=specimen.id, version=specimen.version, handling="固定", place="柜3-2"),
    )
    assert (stored.state, stored.tissue, stored.place) == (SpecimenState.STORED, TissueState.HANDED_OVER, "柜3-2")
    rows = (technique.BlockEntry(),)
    again = world.ask(GROSSER, technique.AddBlocks(case_id=case.case_id, rows=rows, order_id=5))
    assert again.blocks[-1].source is TaskSource.REGROSSING and again.blocks[-1].serial == "2"
    specimen = world.details(case.case_id).specimens[0]
    assert (specimen.state, specimen.tissue) == (SpecimenState.GROSSED, TissueState.AT_BENCH)
    world.ask(
        GROSSER, technique.StoreRemainder(specimen_id=specimen.id, version=specimen.version, handling="", place="柜3")
    )
    witness = world.identity.create_user("jianzheng", "见证人", "Witness-2026-ok", ("pathology_technician",))
    assert witness.id
    report = world.ask(
        GROSSER,
        technique.DisposeSpecimens(
            specimen_ids=(specimen.id,), witness_login="jianzheng", witness_password="Witness-2026-ok"
        ),
    )
    assert report.done == 0 and "报告尚未发送" in report.lines[0].message
    with pytest.raises(Refusal) as refused:
        world.ask(
            GROSSER,
            technique.DisposeSpecimens(specimen_ids=(specimen.id,), witness_login="jianzheng", witness_password="x"),
        )
    assert refused.value.body.code is ErrorCode.WRONG_PASSWORD


def test_a_slide_is_read_and_graded_in_the_diagnosis_room(world: PathologyWorld) -> None:
    case = world.handed_over("A")
    slide = case.slides[0]
    result = world.ask(CHIEF, trail.Scan(code=slide.code, station=Station.DIAGNOSIS))
    assert result.verdict is ScanVerdict.OPENS and result.found is not None and result.found.case_id == case.case_id
    slide = world.details(case.case_id).slides[0]
    assert slide.read_at is not None
    graded = world.ask(
        CHIEF, preparation.GradeSlide(slide_id=slide.id, version=slide.version, grade=SlideGrade.B, note="刀痕")
    )
    assert (graded.grade, graded.graded_by) == (SlideGrade.B, CHIEF.name)


def test_lists_of_the_technical_room_show_what_waits(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    to_embed, to_section, cut = world.grossed("A"), world.embedded("A", name="李四"), world.cut("A", name="王五")
    page = world.ask(
        TECHNICIAN,
        technique.ListBlocks(filter=technique.BlockFilter(states=(BlockState.TO_VERIFY, BlockState.TO_EMBED))),
    )
    assert [row.block.case_id for row in page.rows] == [to_embed.case_id] and (page.total, page.pieces) == (1, 2)
    page = world.ask(TECHNICIAN, technique.ListBlocks(filter=technique.BlockFilter(states=(BlockState.TO_SECTION,))))
    assert [row.patient_name for row in page.rows] == ["李四"]
    assert page.rows[0].block.case_id == to_section.case_id
    today = world.time.today()
    slides = world.ask(
        TECHNICIAN, preparation.ListSlides(filter=preparation.SlideFilter(made_first=today, made_last=today))
    )
    assert [row.slide.number for row in slides.rows] == [cut.slides[0].number]
    by_name = world.ask(TECHNICIAN, preparation.ListSlides(filter=preparation.SlideFilter(text="ww")))
    assert [row.patient_name for row in by_name.rows] == ["王五"]
    by_number = world.ask(TECHNICIAN, technique.ListBlocks(filter=technique.BlockFilter(text=cut.number)))
    assert [row.block.case_id for row in by_number.rows] == [cut.case_id]
    specimens = world.ask(TECHNICIAN, technique.ListSpecimens(limit=2))
    assert [row.patient_name for row in specimens.rows] == ["王五", "李四"] and specimens.total == 3
    rest = world.ask(TECHNICIAN, technique.ListSpecimens(limit=2, cursor=specimens.next_cursor))
    assert [row.patient_name for row in rest.rows] == ["张三"] and rest.next_cursor == ""
    span = technique.SpecimenFilter(first_number=to_section.number, last_number=to_section.number)
    ranged = world.ask(TECHNICIAN, technique.ListSpecimens(filter=span))
    assert [row.blocks for row in ranged.rows] == [1]


def test_an_entry_of_another_case_is_refused_everywhere(world: PathologyWorld) -> None:
    case, other = world.received(), world.received(name="李四")
    rows = (technique.BlockEntry(specimen_id=other.specimen_id),)
    with pytest.raises(Refusal, match="不属于本病例"):
        world.ask(GROSSER, technique.AddBlocks(case_id=case.case_id, rows=rows))
    block = world.grossed("A", name="王五").blocks[0]
    today = world.time.today()
    with pytest.raises(Refusal, match="不属于本病例"):
        world.ask(
            TECHNICIAN,
            preparation.AddManualSlides(
                case_id=case.case_id, block_id=block.id, section_day=today, preparation_day=today
            ),
        )


def test_the_gross_text_is_saved_by_version(world: PathologyWorld) -> None:
    case = world.received()
    saved = world.ask(GROSSER, technique.SaveGrossing(case_id=case.case_id, version=1, description="灰白组织"))
    assert (saved.description, saved.recorder, saved.version) == ("灰白组织", GROSSER.name, 2)
    with pytest.raises(Refusal) as refused:
        world.ask(GROSSER, technique.SaveGrossing(case_id=case.case_id, version=1, description="覆盖"))
    assert refused.value.body.code is ErrorCode.CONFLICT
    assert isinstance(world.details(case.case_id), contract.CaseDetails)


def test_where_two_are_wanted_at_the_bench_nobody_records_his_own_grossing(world: PathologyWorld) -> None:
    routine = world.ask(BOSS, contract.ListLibraries())[0]
    entry = msgspec.structs.replace(routine.entry, two_at_grossing=True)
    world.ask(BOSS, contract.SaveLibrary(library_id=routine.id, version=routine.version, entry=entry))
    case = world.received()

    def add(serial: str, **more: Any) -> technique.GrossingView:
        row = technique.BlockEntry(serial=serial, site="胃窦", pieces=1, **more)
        return world.ask(GROSSER, technique.AddBlocks(case_id=case.case_id, rows=(row,)))

    for mine in ({}, {"grosser": GROSSER.name}):
        with pytest.raises(Refusal, match="双人取材") as refused:
            add("A", **mine)
        assert refused.value.body.field == "rows.0.grosser"
    (block,) = add("A", grosser="王医生").blocks
    own = technique.BlockEntry(serial="A", site="胃窦", pieces=2, grosser=GROSSER.name)
    with pytest.raises(Refusal, match="双人取材"):
        world.ask(GROSSER, technique.EditBlock(block_id=block.id, version=block.version, entry=own))
