"""Slips of every kind, each in a report of its own; the general rules behind them."""

from __future__ import annotations

import pytest

from server.reporting.checker import Subject, check

WRONG = [
    ("typo", "左侧腓骨近端骨质连续，胭窝未见肿块。", "未见异常。", ""),
    ("typo", "肾孟未见扩张，输尿管通畅。", "未见异常。", ""),
    ("typo", "脾脏实质未见坏破。", "未见异常。", ""),
    ("typo", "肝内外胆管扩张张明显，胆总管宽约15mm。", "胆管扩张。", ""),
    ("template", "胆囊壁（光滑/毛糙），腔内未见结石。", "胆囊未见异常。", ""),
    ("template", "双肾未见积水。", "建议[1/3/6]个月复查。", ""),
    ("template", "L_椎体变扁。", "压缩性骨折。", ""),
    ("missing", "左室射血分数，LVEF约 %，心包未见积液。", "左室收缩功能正常。", ""),
    ("missing", "右肾下盏结石，较大者约 ，后伴声影。", "右肾结石。", ""),
    ("missing", "肿瘤下缘距肛缘约 cm，肠壁增厚。", "直肠癌。", ""),
    ("unit", "左房内径约36cm，左室不大。", "心脏未见异常。", ""),
    ("unit", "胎心率约145mm，胎盘位于后壁。", "单活胎。", ""),
    ("unit", "甲状腺左叶大小约4.6cm×15cm×14cm。", "甲状腺未见异常。", ""),
    ("unit", "右肾结石，大小约7m×5m。", "右肾结石。", ""),
    ("side", "右侧附睾头见无回声区，大小约5mm×4mm。左侧附睾未见异常。", "左侧附睾囊肿。", ""),
    ("side", "鼻中隔向左侧偏曲。", "鼻中隔右偏。", ""),
    ("side", "左肾缺如，右肾代偿性增大。", "右肾切除术后。", ""),
    ("conflict", "L3/4椎间盘向后突出，硬膜囊受压。", "L5/S1椎间盘突出。", ""),
    ("conflict", "左肺下叶见一实性结节，大小约7mm×6mm。", "左肺上叶结节。", ""),
    ("conflict", "降结肠肠壁不规则增厚，肠腔狭窄。", "升结肠癌。", ""),
    ("conflict", "膈下未见游离气体。", "膈下游离气体，消化道穿孔。", ""),
    ("conflict", "中线结构居中，脑实质密度均匀。", "中线结构左移。", ""),
    ("conflict", "心包腔未见积液。左室不大。", "心包少量积液。", ""),
    (
        "prior",
        "肝右叶血管瘤，大小约20mm×18mm。",
        "肝右叶血管瘤，较2023-01-01增大。",
        "2023-01-01：肝右叶血管瘤，大小约32mm×25mm。",
    ),
    ("prior", "肝右叶囊肿，直径约15mm（前片约29mm）。", "肝右叶囊肿，较前缩小。", "肝右叶囊肿，直径约21mm。"),
    ("prior", "右侧胸腔少量积液，较前减少。", "右侧胸腔积液，较前增多。", "右侧胸腔大量积液。"),
    ("removed-organ", "肝、胆、胰、脾未见异常。", "上腹部未见异常。", "胆囊切除术后。"),
]


@pytest.mark.parametrize(("kind", "findings", "impression", "prior"), WRONG)
def test_a_slip_is_found(kind: str, findings: str, impression: str, prior: str) -> None:
    alarms = check(Subject(findings, impression, prior=prior))
    assert kind in {str(alarm.kind) for alarm in alarms}
