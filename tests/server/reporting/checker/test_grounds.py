"""Each diagnosis stands on an appearance in the findings, and no grave finding is passed over."""

from __future__ import annotations

import pytest

from server.reporting.checker import check, subject_of

CHEST = (
    "右肺上叶见一实性结节，直径约8mm。余肺未见实变影。纵隔居中，未见肿大淋巴结。"
    "心影不大，心包未见积液。双侧胸腔未见积液。"
)
BELLY = (
    "肝实质未见异常密度影。胆囊不大，壁不厚，腔内见结节状高密度影，约7mm。脾脏不大。左肾见类圆形水样密度影，约15mm。"
    "腹腔未见积液。"
)


def kinds(findings: str, impression: str, **more: str) -> list[str]:
    return [alarm.kind.value for alarm in check(subject_of({"findings": findings, "impression": impression, **more}))]


@pytest.mark.parametrize(
    "impression", ["右肺上叶结节。", "右肺上叶实性小结节，建议随访。", "右肺结节，炎性肉芽肿可能。"]
)
def test_what_the_findings_show_is_left_in_peace(impression: str) -> None:
    assert kinds(CHEST, impression) == []


@pytest.mark.parametrize(
    ("findings", "impression"),
    [
        (CHEST, "右肺上叶结节；心影增大。"),
        (CHEST, "右肺上叶结节；心包积液。"),
        (BELLY, "胆囊结石；左肾囊肿；脂肪肝。"),
        (BELLY, "胆囊结石；左肾囊肿；肝血管瘤。"),
        (BELLY, "胆囊结石；左肾囊肿；脾大。"),
        (BELLY, "胆囊结石；左肾积水。"),
        (BELLY, "胆囊未见异常；左肾囊肿。"),
    ],
)
def test_a_diagnosis_without_its_appearance_is_doubted(findings: str, impression: str) -> None:
    assert kinds(findings, impression) == ["conflict"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("未见肿大淋巴结", "见多发肿大淋巴结"),
        ("心包未见积液", "心包见大量积液"),
        ("双侧胸腔未见积液", "右侧胸腔见大量积液"),
        ("双侧胸腔未见积液", "右侧第5肋骨骨折"),
    ],
)
def test_a_grave_finding_asks_for_a_word_in_the_impression(old: str, new: str) -> None:
    assert kinds(CHEST.replace(old, new), "右肺上叶结节。") == ["conflict"]


@pytest.mark.parametrize(
    ("findings", "impression", "doubted"),
    [
        ("左室射血分数65%，室壁运动正常。", "左室收缩功能明显减低。", True),
        ("左室射血分数38%，室壁运动弥漫性减低。", "左室收缩功能减低。", False),
        ("腰椎L1-L4骨密度0.752g/cm²，T值-2.8。", "骨密度正常。", True),
        ("腰椎L1-L4骨密度0.752g/cm²，T值-2.8。", "骨质疏松。", False),
        ("右髋：α角63°，β角52°，骨性顶发育良好。", "右侧髋关节Graf Ⅳ型。", True),
        ("右髋：α角63°，β角52°，骨性顶发育良好。", "右侧髋关节Graf Ⅰ型。", False),
        ("升主动脉至髂总动脉见内膜片，呈双腔改变，破口位于升主动脉。", "主动脉夹层（Stanford B型）。", True),
        ("升主动脉至髂总动脉见内膜片，呈双腔改变，破口位于升主动脉。", "主动脉夹层（Stanford A型）。", False),
        ("单胎，头位。羊水指数110mm，胎心140次/分。", "羊水过多。", True),
        ("肝回声均匀。脾厚52mm，肋下可及，回声均匀。", "脾脏大小正常。", True),
    ],
)
def test_a_number_settles_a_diagnosis(findings: str, impression: str, doubted: bool) -> None:
    assert ("conflict" in kinds(findings, impression)) is doubted


def test_a_diagnosis_shown_on_the_other_side_is_a_matter_of_side() -> None:
    findings = "左肾大小正常，下极见无回声区，约13mm。右肾大小正常，集合系统分离约11mm。"
    assert kinds(findings, "左肾囊肿；右肾轻度积水。") == []
    assert kinds(findings, "右肾囊肿；右肾轻度积水。") == ["side"]


def test_words_are_told_as_they_were_typed() -> None:
    report = {"findings": "左膝关节诸骨未见骨折,关节间隙正常.", "impression": "左膝关节未见骨折,间隙正常", "side": "右"}
    alarms = check(subject_of(report))
    assert alarms and all(alarm.text in report["findings"] + report["impression"] for alarm in alarms)
