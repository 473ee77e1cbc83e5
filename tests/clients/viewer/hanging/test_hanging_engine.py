"""Hanging without windows: what headers mean, which protocol is taken, which image comes where."""

from __future__ import annotations

import random

import pytest

from clients.viewer.hanging import builtin, inference
from clients.viewer.hanging.engine import Candidate, Situation, fits, meets, place, selects
from clients.viewer.hanging.explaining import condition_words, set_words, why
from clients.viewer.hanging.facts import facts_of
from clients.viewer.hanging.turning import Sized, Turn, same_size, turn_to, wanted_of
from clients.viewer.viewport.transform import Geometry, project
from shared.contract.hanging import Cell, Condition, Definition, ImageSet, Protocol, Step
from tests.clients.viewer.hanging.hanging_builders import a_candidate, a_view, four_views, of


def best(situation: Situation) -> str:
    return fits(builtin.protocols(), situation)[0].protocol.name


def hung(situation: Situation, step: int = 0) -> list[str]:
    """Series descriptions of the cells of the best protocol; "-" for an empty one."""
    protocol = fits(builtin.protocols(), situation)[0].protocol
    placed = place(protocol, protocol.steps[step].cells, situation)
    return [one.candidate.facts.text if one.candidate else "-" for one in placed]


# --- facts


@pytest.mark.parametrize(
    ("texts", "attribute", "values"),
    [
        ({"Modality": "MG", "SeriesDescription": "R MLO"}, "view", {"MLO"}),
        ({"Modality": "MG", "SeriesDescription": "R MLO"}, "side", {"R"}),
        ({"Modality": "MG", "SeriesDescription": "RCCID"}, "displaced", {"yes"}),
        ({"Modality": "MG", "ViewPosition": "CC", "ViewModifiers": "R-102D5\\Implant Displaced"}, "displaced", {"yes"}),
        ({"Modality": "MG", "ViewPosition": "CC", "ViewModifiers": "R-102D7\\Spot Compression"}, "spot", {"yes"}),
        ({"Modality": "MG", "SeriesDescription": "左侧 头尾位 点压"}, "spot", {"yes"}),
        ({"Modality": "MG", "SeriesDescription": "左侧 头尾位"}, "view", {"CC"}),
        ({"Modality": "MG", "SeriesDescription": "左侧 头尾位"}, "side", {"L"}),
        ({"Modality": "MG", "ViewCode": "R-10226\\SNM3\\medio-lateral oblique"}, "view", {"MLO"}),
        ({"Modality": "MG", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.13.1.3", "ViewPosition": "CC"}, "kind", {"tomo"}),
        ({"Modality": "MG", "ImageType": "DERIVED\\PRIMARY\\TOMOSYNTHESIS\\GENERATED_2D"}, "kind", {"synthetic"}),
        ({"Modality": "MG"}, "body_part", {"breast"}),
        ({"Modality": "CT", "SeriesDescription": "胸部平扫 肺窗"}, "body_part", {"chest"}),
        ({"Modality": "CT", "SeriesDescription": "胸部平扫 肺窗"}, "kernel", {"lung"}),
        ({"Modality": "CT", "SeriesDescription": "胸部平扫 肺窗"}, "contrast", {"plain"}),
        ({"Modality": "CT", "ConvolutionKernel": "B70f"}, "kernel", {"lung"}),
        ({"Modality": "CT", "ConvolutionKernel": "B31f"}, "kernel", {"soft"}),
        ({"Modality": "CT", "SeriesDescription": "动脉期 1.0mm"}, "contrast", {"contrast", "arterial"}),
        ({"Modality": "CT", "ContrastBolusAgent": "OMNI"}, "contrast", {"contrast"}),
        ({"Modality": "CT", "ContrastBolusAgent": "NONE"}, "contrast", {"plain"}),
        ({"Modality": "CT", "ImageType": "ORIGINAL\\PRIMARY\\LOCALIZER"}, "kind", {"localizer"}),
        ({"Modality": "MR", "SeriesDescription": "BRAIN_STRYKER/t1_AX"}, "sequence", {"t1"}),
        ({"Modality": "MR", "SeriesDescription": "t2_tirm_tra_dark-fluid"}, "sequence", {"flair"}),
        ({"Modality": "MR", "SeriesDescription": "SAG T2 FS"}, "sequence", {"t2", "fatsat"}),
        ({"Modality": "MR", "SeriesDescription": "膝 矢状 PD 压脂"}, "plane", {"sagittal"}),
        ({"Modality": "MR", "Orientation": "0\\1\\0\\0\\0\\-1"}, "plane", {"sagittal"}),
        ({"Modality": "MR", "Orientation": "1\\0\\0\\0\\0.7071\\0.7071"}, "plane", {"oblique"}),
        ({"Modality": "MR", "RepetitionTime": "500", "EchoTime": "10"}, "sequence", {"t1"}),
        ({"Modality": "DX", "ViewPosition": "LL"}, "view", {"LAT"}),
        ({"Modality": "CR", "ViewPosition": "AP", "SeriesDescription": "Cervical LAT"}, "view", {"LAT"}),
        ({"Modality": "DX", "SeriesDescription": "胸部正位"}, "view", {"PA"}),
    ],
)
def test_what_headers_mean(texts: dict[str, str], attribute: str, values: set[str]) -> None:
    assert facts_of(texts).of(attribute) == values


def test_an_unknown_body_part_may_be_any_but_a_known_one_counts() -> None:
    chest = Condition(attribute="body_part", values=("CHEST",))
    assert meets(chest, facts_of({"Modality": "CT"}))
    assert meets(chest, facts_of({"Modality": "CT", "BodyPartExamined": "THORAX"}))
    assert not meets(chest, facts_of({"Modality": "CT", "BodyPartExamined": "HEAD"}))


# --- choosing and placing


def test_mammograms_stand_back_to_back_whatever_their_order() -> None:
    assert hung(of(*four_views())) == ["rcc", "lcc", "rmlo", "lmlo"]


def test_a_missing_view_leaves_its_place_empty() -> None:
    views = [one for one in four_views() if one.facts.text != "lcc"]
    assert hung(of(*views)) == ["rcc", "-", "rmlo", "lmlo"]


def test_displaced_spot_and_tomosynthesis_views_do_not_take_the_standard_places() -> None:
    others = [
        a_view(20, "RCC", SeriesDescription="RCCID"),
        a_view(21, "RCC", ViewModifiers="R-102D7\\Spot Compression", SeriesDescription="spot"),
        a_view(22, "RCC", SOPClassUID="1.2.840.10008.5.1.4.1.1.13.1.3", SeriesDescription="tomo", NumberOfFrames="60"),
    ]
    assert best(of(*others)) == "乳腺钼靶"
    situation = of(*others, *four_views())
    assert hung(situation) == ["rcc", "lcc", "rmlo", "lmlo"]
    assert hung(situation, 3)[0] == "rccid"
    assert hung(situation, 4)[0] == "tomo"
    assert hung(situation, 7)[0] == "spot"


def test_priors_stand_below() -> None:
    situation = of(*four_views(), *four_views(age=1))
    assert best(situation) == "乳腺钼靶与既往对比"
    protocol = fits(builtin.protocols(), situation)[0].protocol
    placed = place(protocol, protocol.steps[0].cells, situation)
    assert [one.candidate.age for one in placed if one.candidate] == [0, 0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("candidates", "name"),
    [
        ([{"Modality": "CT", "BodyPartExamined": "CHEST"}], "胸部 CT"),
        ([{"Modality": "CT", "StudyDescription": "头颅CT平扫"}], "头部 CT"),
        ([{"Modality": "DX", "BodyPartExamined": "CHEST", "ViewPosition": "PA"}], "胸片正位"),
        (
            [{"Modality": "DX", "SeriesDescription": "胸部正位"}, {"Modality": "DX", "SeriesDescription": "胸部侧位"}],
            "胸片正侧位",
        ),
        ([{"Modality": "US"}] * 4, "超声四幅"),
        ([{"Modality": "XA", "NumberOfFrames": "60"}] * 2, "造影二幅"),
        (
            [{"Modality": "MR", "SeriesDescription": f"{d} 膝"} for d in ("SAG PD FS", "COR PD FS", "AX PD FS")],
            "膝关节 MR",
        ),
        ([{"Modality": "MR", "SeriesDescription": f"腰椎 {d}"} for d in ("SAG T2", "SAG T1", "AX T2")], "脊柱 MR"),
    ],
)
def test_the_protocol_that_is_taken(candidates: list[dict[str, str]], name: str) -> None:
    assert best(of(*(a_candidate(n, **texts) for n, texts in enumerate(candidates)))) == name


def test_a_prior_of_the_same_kind_is_hung_beside() -> None:
    now = a_candidate(1, Modality="CT", BodyPartExamined="CHEST", SeriesDescription="now")
    before = a_candidate(1, 1, Modality="CT", BodyPartExamined="CHEST", SeriesDescription="before")
    assert best(of(now, before)) == "胸部 CT 与既往对比"
    assert hung(of(now, before)) == ["now", "before"]


def test_the_lung_series_stands_in_the_lung_window() -> None:
    lung = a_candidate(3, count=300, Modality="CT", BodyPartExamined="CHEST", SeriesDescription="lung 1mm")
    soft = a_candidate(2, count=60, Modality="CT", BodyPartExamined="CHEST", SeriesDescription="soft 5mm")
    scout = a_candidate(1, Modality="CT", BodyPartExamined="CHEST", ImageType="ORIGINAL\\PRIMARY\\LOCALIZER")
    assert hung(of(scout, soft, lung)) == ["lung 1mm", "soft 5mm"]


def test_own_protocols_go_before_and_nothing_fits_strange_studies() -> None:
    own = Protocol(
        uid="1.2.3", name="mine", definitions=(Definition(modalities=("MG",)),), level="user",
        sets=(ImageSet(name="all", conditions=(Condition(attribute="modality", values=("MG",)),)),),
        steps=(Step(name="one", columns=1, rows=1, cells=(Cell(image_set=0),)),),
    )  # fmt: skip
    found = fits((*builtin.protocols(), own), of(*four_views()))
    assert found[0].protocol is own
    assert "个人方案" in why(found[0])
    assert fits(builtin.protocols(), of(a_candidate(1, Modality="SM"))) == []


def random_candidate(chance: random.Random, n: int) -> Candidate:
    texts = {
        "Modality": chance.choice(["MG", "CT", "MR", "DX", "US"]),
        "ImageLaterality": chance.choice(["", "L", "R"]),
        "ViewPosition": chance.choice(["", "CC", "MLO", "PA", "LL"]),
        "BodyPartExamined": chance.choice(["", "CHEST", "HEAD", "KNEE"]),
        "SeriesDescription": chance.choice(["", "T1 AX", "SAG T2", "肺窗", "scout", "COR PD", "动脉期", "FLAIR"]),
        "SliceThickness": chance.choice(["", "1", "5", "x"]),
    }
    return a_candidate(n, chance.choice([0, 0, 0, 1, 2]), chance.randint(1, 90), **texts)


@pytest.mark.parametrize("seed", range(25))
def test_each_cell_holds_only_what_its_set_selects_and_order_does_not_matter(seed: int) -> None:
    chance = random.Random(seed)
    candidates = [random_candidate(chance, n) for n in range(chance.randint(0, 14))]
    shuffled = candidates[:]
    chance.shuffle(shuffled)
    situation, other = of(*candidates), of(*shuffled)
    found = fits(builtin.protocols(), situation)
    assert [(one.protocol.uid, one.points) for one in found] == [
        (one.protocol.uid, one.points) for one in fits(builtin.protocols(), other)
    ]
    for protocol in builtin.protocols():
        for step in protocol.steps:
            placed = place(protocol, step.cells, situation)
            assert placed == place(protocol, step.cells, other)
            assert len(placed) == len(step.cells)
            ranks: dict[tuple[int, int], Candidate] = {}
            for cell, one in zip(step.cells, placed, strict=True):
                assert one.cell is cell
                if one.candidate is not None:
                    assert selects(protocol.sets[cell.image_set], one.candidate)
                    ranks[cell.image_set, cell.rank] = one.candidate
                else:
                    chosen = [c for c in candidates if selects(protocol.sets[cell.image_set], c)]
                    assert len(chosen) <= cell.rank
            for (image_set, _), candidate in ranks.items():  # a grid shows no image twice
                assert sum(c == candidate for (s, _), c in ranks.items() if s == image_set) == 1


# --- turning and sizes


@pytest.mark.parametrize(
    ("present", "side", "view", "turn"),
    [
        (("P", "L"), "R", "CC", Turn()),
        (("A", "L"), "R", "CC", Turn(True)),
        (("A", "R"), "L", "CC", Turn()),
        (("P", "FR"), "L", "MLO", Turn(True)),
        (("P", "H"), "L", "MLO", Turn(False, 180)),
        ((), "L", "MLO", Turn()),
    ],
)
def test_the_chest_wall_comes_to_the_middle(present: tuple[str, ...], side: str, view: str, turn: Turn) -> None:
    assert turn_to(present, wanted_of(("auto", "auto"), side, view)) == turn


def test_a_quarter_turn_is_found() -> None:
    assert turn_to(("F", "R"), ("L", "F")) == Turn(False, 90)
    assert turn_to(("F", "L"), ("L", "F")) == Turn(True, 270)


def test_images_lie_at_the_edge_and_are_equally_large() -> None:
    right = Geometry(justify="right")
    sizes = [Sized(400, 600, 200, 300, 0.1, 0.1, right), Sized(400, 600, 100, 300, 0.2, 0.2, Geometry())]
    first, second = same_size(sizes)
    maps = [
        project(first, columns=200, rows=300, aspect=1, width=400, height=600),
        project(second, columns=100, rows=300, aspect=1, width=400, height=600),
    ]
    assert maps[0].scale / 0.1 == pytest.approx(maps[1].scale / 0.2)
    assert max(place.x for place in maps[0].corners()) == pytest.approx(400)
    left = project(Geometry(justify="left", zoom=0.5), columns=200, rows=300, aspect=1, width=400, height=600)
    assert min(place.x for place in left.corners()) == pytest.approx(0)


# --- hang by showing


def a_brain() -> list[Candidate]:
    names = ("AX T1", "AX T2", "AX FLAIR", "SAG T1", "AX T1 POST", "localizer")
    return [a_candidate(n, count=20, Modality="MR", BodyPartExamined="HEAD", SeriesDescription=name)
            for n, name in enumerate(names)]  # fmt: skip


def shown(*candidates: Candidate | None) -> list[inference.ShownCell]:
    return [inference.ShownCell(one, Cell(image_set=-1)) for one in candidates]


def test_rules_are_learnt_from_what_is_shown_against_the_rest() -> None:
    brain = a_brain()
    learnt = inference.infer("1.2.3", "x", 2, 1, shown(brain[4], brain[3]), of(*brain))
    assert learnt.unsure == ()
    placed = place(learnt.protocol, learnt.protocol.steps[0].cells, of(*brain))
    assert [one.candidate for one in placed] == [brain[4], brain[3]]
    assert [one.rivals for one in placed] == [0, 0]
    said = set_words(learnt.protocol.sets[0])
    assert "增强" in said
    assert "横断" in said
    assert not any(condition.attribute == "words" for one in learnt.protocol.sets for condition in one.conditions)


def test_the_same_series_twice_and_an_empty_place() -> None:
    brain = a_brain()
    learnt = inference.infer("1.2.3", "x", 3, 1, shown(brain[1], None, brain[1]), of(*brain))
    assert [cell.image_set for cell in learnt.protocol.steps[0].cells] == [0, -1, 0]


def test_nothing_shown_is_refused_and_twins_are_told() -> None:
    with pytest.raises(ValueError, match="nothing"):
        inference.infer("1.2.3", "x", 1, 1, shown(None), of(*a_brain()))
    twins = [a_candidate(n, Modality="CT", SeriesDescription="same") for n in range(2)]
    assert inference.infer("1.2.3", "x", 1, 1, shown(twins[0]), of(*twins)).unsure == (0,)


def test_a_trial_tells_right_ambiguous_missing_and_not_meant() -> None:
    brain = a_brain()
    learnt = inference.infer("1.2.3", "x", 2, 1, shown(brain[1], brain[2]), of(*brain)).protocol
    without_flair = [one for one in brain if "flair" not in one.facts.text]
    twice = [*brain, a_candidate(9, count=20, Modality="MR", BodyPartExamined="HEAD", SeriesDescription="AX T2")]
    outcomes = [
        inference.try_on(learnt, of(*one), "1", "n", "d").outcome for one in (brain, twice, without_flair, four_views())
    ]
    assert outcomes == ["ok", "ambiguous", "missing", "none"]


def test_a_condition_can_be_taken_off() -> None:
    brain = a_brain()
    learnt = inference.infer("1.2.3", "x", 1, 1, shown(brain[1]), of(*brain)).protocol
    condition = next(one for one in learnt.sets[0].conditions if one.attribute == "sequence")
    assert condition_words(condition) == "扫描序列：T2"
    less = inference.without(learnt, 0, condition)
    assert condition not in less.sets[0].conditions
    assert inference.try_on(less, of(*brain), "1", "n", "d").outcome == "ambiguous"
