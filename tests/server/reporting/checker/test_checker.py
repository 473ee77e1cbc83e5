"""The checker: what it finds, what it leaves in peace, and its measure on reports with mistakes put in."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingjing.report import answers, main
from server.reporting.checker import BadReport, Subject, check, subject_of
from server.reporting.template_catalogue import PUBLIC_TEMPLATES
from shared.domain.states import Sex
from tests.benchmarks.bench_checker import measure

CHEST = {"exam_type": "CT", "body_part": "胸部", "sex": "男", "age": 58}


def kinds(**fields: Any) -> set[str]:
    return {str(alarm.kind) for alarm in check(subject_of({**CHEST, **fields}))}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("side", {"findings": "左肺上叶见结节，大小约8mm×6mm。", "impression": "右肺上叶结节。"}),
        ("side", {"findings": "左肺中叶见条索影。", "impression": "左肺中叶慢性炎症。"}),
        (
            "side",
            {"body_part": "膝关节", "side": "左", "findings": "右膝关节间隙变窄。", "impression": "右膝退行性变。"},
        ),
        ("side", {"findings": "左侧胸腔见少量积液，右侧胸腔未见积液。", "impression": "双侧胸腔积液。"}),
        ("sex", {"findings": "子宫未见异常。", "impression": "未见异常。"}),
        ("sex", {"sex": "F", "findings": "前列腺不大。", "impression": "未见异常。"}),
        ("removed-organ", {"prior": "胆囊切除术后。", "findings": "胆囊不大，壁光滑。", "impression": "未见异常。"}),
        ("removed-organ", {"prior": "左肾切除术后。", "findings": "双肾形态正常。", "impression": "未见异常。"}),
        ("removed-organ", {"prior": "s/p cholecystectomy", "findings": "Gallbladder normal.", "impression": "Normal."}),
        ("unit", {"findings": "左肺上叶见结节，大小约8cm×6cm。", "impression": "左肺上叶结节。"}),
        ("unit", {"findings": "肝内见囊肿，直径约12mm，CT值约8mm。", "impression": "肝囊肿。"}),
        ("unit", {"findings": "肝内见囊肿，大小约12×10。", "impression": "肝囊肿。"}),
        ("unit", {"findings": "左肺上叶见结节，直径约8mm。", "impression": "左肺上叶结节，直径约8cm。"}),
        ("missing", {"findings": "左肺上叶见结节，大小约mm×mm。", "impression": "左肺上叶结节。"}),
        ("missing", {"findings": "左肺上叶见一结节影，边界清楚。", "impression": "左肺上叶结节。"}),
        ("missing", {"findings": "双肺清晰。", "impression": " "}),
        ("conflict", {"findings": "双侧胸腔未见积液。", "impression": "双侧胸腔积液。"}),
        ("conflict", {"findings": "左侧第5肋骨骨折。", "impression": "未见骨折。"}),
        ("conflict", {"findings": "左肺见斑片状高密度影。", "impression": "胸部CT平扫未见明显异常。"}),
        ("conflict", {"findings": "患者，男，38岁。双肺清晰。", "impression": "未见异常。"}),
        ("conflict", {"body_part": "膝关节", "findings": "双肺纹理清晰，心影不大。", "impression": "心肺未见异常。"}),
        (
            "prior",
            {
                "prior": "左肺上叶结节，大小约12mm。",
                "findings": "左肺上叶见结节，大小约8mm。",
                "impression": "左肺上叶结节，较前增大。",
            },
        ),
        ("prior", {"findings": "左肺上叶见结节，约8mm。", "impression": "左肺上叶结节，较前无明显变化。"}),
        ("template", {"findings": "左肺____叶见斑片影。", "impression": "左肺炎症。"}),
        ("template", {"findings": "左/右肺见斑片影。", "impression": "肺炎。"}),
        ("typo", {"findings": "双肺末见异常密渡影。", "impression": "未见异常。"}),
        ("typo", {"findings": "No pleural efusion.", "impression": "Normal."}),
    ],
)
def test_a_mistake_is_found_and_explained(kind: str, fields: dict[str, Any]) -> None:
    alarms = check(subject_of({**CHEST, **fields}))
    assert kind in {str(alarm.kind) for alarm in alarms}
    assert all(alarm.why.endswith("。") for alarm in alarms)


@pytest.mark.parametrize(
    "fields",
    [
        {"findings": "左肺上叶见结节，大小约8mm×6mm。右肺清晰。", "impression": "左肺上叶结节，建议复查。"},
        {
            "body_part": "腹部",
            "prior": "胆囊切除术后。",
            "findings": "胆囊术后缺如，胆囊窝未见积液。",
            "impression": "胆囊切除术后改变。",
        },
        {
            "body_part": "腹部",
            "prior": "右肾切除术后。",
            "findings": "左肾形态正常。右肾缺如。",
            "impression": "右肾切除术后。",
        },
        {
            "body_part": "盆腔",
            "prior": "子宫肌瘤剔除术后。",
            "sex": "女",
            "findings": "子宫大小正常。",
            "impression": "未见异常。",
        },
        {"body_part": "颈椎", "findings": "各椎体及附件骨质完整。", "impression": "颈椎未见异常。"},
        {
            "body_part": "头颅",
            "findings": "左侧侧脑室受压，中线结构向右侧移位约5mm。左侧颞叶见血肿，约32mm×20mm。",
            "impression": "左侧颞叶脑出血。",
        },
        {
            "body_part": "腰椎",
            "findings": "L4/5椎间盘向后突出约5mm，右侧侧隐窝变窄。",
            "impression": "L4/5椎间盘突出。",
        },
        {
            "body_part": "肋骨",
            "findings": "未见骨折，不除外隐匿性骨折。",
            "impression": "未见明显骨折，建议复查以排除骨折。",
        },
        {
            "prior": "左肺上叶结节，大小约8mm。",
            "findings": "左肺上叶结节，大小约12mm（前片8mm）。",
            "impression": "左肺上叶结节，较前增大。",
        },
        {"findings": "The lungs are clear. No pleural effusion.", "impression": "No acute abnormality."},
    ],
)
def test_a_right_report_is_left_in_peace(fields: dict[str, Any]) -> None:
    assert check(subject_of({**CHEST, **fields})) == ()


def test_the_supplied_normal_templates_raise_nothing() -> None:
    for template in PUBLIC_TEMPLATES:
        if "____" not in template.findings + template.impression:
            assert check(Subject(template.findings, template.impression, sex=Sex.OTHER)) == (), template.name


def test_recall_and_false_alarms_on_reports_with_mistakes_put_in() -> None:
    recall, false, others = measure(each=40, right=300, seed=11)
    assert len(recall) == 9
    assert min(recall.values()) >= 0.9, recall
    assert sum(recall.values()) / len(recall) >= 0.95, recall
    assert false <= 0.02
    assert others <= 0.1


@given(st.text(max_size=300), st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_answered(findings: str, impression: str, prior: str) -> None:
    check(Subject(findings, impression, prior=prior, side=frozenset({"left"}), sex=Sex.MALE, age=40.0))


def test_fields_are_read_in_many_forms() -> None:
    one = subject_of({"sex": "女性", "side": "双侧", "age": "6月", "prior": [{"findings": "a"}, "b"], "findings": None})
    assert (one.sex, one.side, one.age, one.prior) == (Sex.FEMALE, frozenset({"left", "right"}), 0.5, "a\nb")
    with pytest.raises(BadReport, match="findings"):
        subject_of({"findings": "x" * 300_000})


def test_the_command_prints_a_line_for_each(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "reports.jsonl"
    good = {"id": 7, "findings": "子宫不大。", "impression": "未见异常。", "sex": "M"}
    file.write_text(f"{json.dumps(good, ensure_ascii=False)}\n\nno json\n", encoding="utf-8")
    assert main(["check", str(file)]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["id"] == 7
    assert [alarm["kind"] for alarm in lines[0]["alarms"]] == ["sex"]
    assert set(lines[0]["alarms"][0]) == {"kind", "text", "why"}
    assert lines[1]["alarms"] == []
    assert "line 3" in lines[1]["error"]
    assert main(["check", str(tmp_path / "none")]) == 2


def test_a_line_without_end_is_bounded() -> None:
    endless = io.BytesIO(b'{"findings": "' + b"x" * (5 << 20) + b'"}\n{"id": 2}\n')
    long, after = answers(endless)
    assert "longer" in long["error"]
    assert after["id"] == 2
