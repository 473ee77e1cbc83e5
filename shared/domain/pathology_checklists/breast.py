"""Invasive carcinoma and DCIS of the breast: elements after CAP and ICCR, anatomic stage of AJCC 8."""

from __future__ import annotations

from shared.domain.pathology_checklists.building import (
    AFTER_TREATMENT,
    DESCRIPTORS,
    EXAMINED,
    LVI,
    MARGIN,
    POSITIVE,
    Checklist,
    Stage,
    amount,
    choice,
    choices,
    m_of,
    number,
    picked,
    prefix_of,
    several,
    too_many_positive,
)
from shared.domain.structured_form import Filled

_T_GROUP = {"pT1mi": "T1", "pT1a": "T1", "pT1b": "T1", "pT1c": "T1"}


def _t(filled: Filled) -> str:
    if picked(filled, "type") == "dcis":
        return "pTis"
    extent = several(filled, "extension")
    if "inflammatory" in extent:
        return "pT4d"
    if {"skin", "wall"} <= extent:
        return "pT4c"
    if "skin" in extent:
        return "pT4b"
    if "wall" in extent:
        return "pT4a"
    size = amount(filled, "size")
    if size is None:
        return ""
    if size == 0:
        return "pT0"
    for limit, name in ((1, "pT1mi"), (5, "pT1a"), (10, "pT1b"), (20, "pT1c"), (50, "pT2")):
        if size <= limit:
            return name
    return "pT3"


def _n(filled: Filled) -> str:
    examined, positive = amount(filled, "nodes_examined"), amount(filled, "nodes_positive")
    if examined == 0:
        return "pNX"
    if examined is None or positive is None:
        return ""
    sites, deposit = several(filled, "other_nodes"), picked(filled, "deposit")
    if "supraclavicular" in sites:
        return "pN3c"
    if "infraclavicular" in sites:
        return "pN3a"
    if positive == 0:
        if "mammary" in sites:
            return "pN1b"
        return "pN0(i+)" if deposit == "cells" else "pN0"
    if not deposit:
        return ""
    if deposit == "micro":
        return "pN1mi"
    if "mammary" in sites and positive <= 3:
        return "pN1c"
    if "mammary" in sites:
        return "pN3b"
    return "pN1a" if positive <= 3 else "pN2a" if positive <= 9 else "pN3a"


def group_of(t: str, n: str, m: str) -> str:
    """Return the anatomic stage of AJCC 8, empty where the categories do not give one."""
    if m.startswith("pM1"):
        return "IV"
    if not t or not n or n == "pNX" or not m:
        return ""
    t, n = _T_GROUP.get(t, t.removeprefix("p")[:2] if t != "pTis" else "Tis"), n.removeprefix("p")
    node = "N0" if n.startswith("N0") else n if n == "N1mi" else n[:2]
    if node == "N3":
        return "IIIC"
    if t == "T4":
        return "IIIB"
    if node == "N2":
        return "IIIA"
    if t == "Tis":
        return "0" if node == "N0" else ""
    table = {
        ("T0", "N1mi"): "IB", ("T0", "N1"): "IIA",
        ("T1", "N0"): "IA", ("T1", "N1mi"): "IB", ("T1", "N1"): "IIA",
        ("T2", "N0"): "IIA", ("T2", "N1mi"): "IIB", ("T2", "N1"): "IIB",
        ("T3", "N0"): "IIB", ("T3", "N1mi"): "IIIA", ("T3", "N1"): "IIIA",
    }  # fmt: skip
    return table.get((t, node), "")


def _stage(filled: Filled) -> Stage:
    t, n, m, prefix = _t(filled), _n(filled), m_of(filled), prefix_of(filled)
    notes = () if "y" not in prefix else (AFTER_TREATMENT,)
    return Stage(t, n, m, "" if "y" in prefix else group_of(t, n, m), prefix, notes)


def _faults(filled: Filled) -> tuple[str, ...]:
    found = too_many_positive(filled)
    if (amount(filled, "nodes_positive") or 0) > 0 and picked(filled, "deposit") == "cells":
        found += (
            "仅有孤立肿瘤细胞的淋巴结不计入阳性淋巴结。|Nodes with isolated tumour cells only are not positive nodes.",
        )
    return found


BREAST = Checklist(
    key="breast",
    version=1,
    name="乳腺癌|Breast carcinoma",
    staging="AJCC 第 8 版解剖分期；不计算预后分期，内乳淋巴结仅 pN1b、pN1c、pN3b。"
    "|AJCC 8 anatomic stage; no prognostic stage, internal mammary nodes as pN1b, pN1c and pN3b only.",
    asks=("乳腺浸润性癌", "乳腺癌", "浸润性导管癌", "浸润性小叶癌", "导管原位癌"),
    sections=(
        (
            "标本|Specimen",
            (
                choice(
                    "procedure", "手术方式|Procedure",
                    "excision=局部切除|Excision; mastectomy=全乳切除|Total mastectomy;"
                    "radical=改良根治|Modified radical mastectomy; biopsy=活检|Biopsy; other=其他|Other",
                ),
                choice("side", "侧别|Laterality", "left=左|Left; right=右|Right"),
                DESCRIPTORS,
            ),
        ),
        (
            "肿瘤|Tumour",
            (
                choice(
                    "type", "组织学类型|Histologic type",
                    "nst=浸润性癌，非特殊类型|Invasive carcinoma of no special type;"
                    "lobular=浸润性小叶癌|Invasive lobular carcinoma; mucinous=黏液癌|Mucinous carcinoma;"
                    "tubular=小管癌|Tubular carcinoma; papillary=浸润性乳头状癌|Invasive papillary carcinoma;"
                    "metaplastic=化生性癌|Metaplastic carcinoma; dcis=导管原位癌|Ductal carcinoma in situ;"
                    "other=其他|Other",
                ),
                number("size", "浸润灶最大径|Invasive size", "mm", high=400, decimals=1,
                       when="type != 'dcis'"),
                choice("grade", "组织学分级（Nottingham）|Nottingham grade", "g1=1 级|Grade 1; g2=2 级|Grade 2;"
                       "g3=3 级|Grade 3; gx=无法评估|Cannot be assessed", when="type != 'dcis'"),
                choices("extension", "侵犯|Extension",
                        "skin=皮肤溃疡、卫星结节或水肿|Skin ulceration, satellite nodules or oedema;"
                        "wall=胸壁|Chest wall; inflammatory=炎性乳癌|Inflammatory carcinoma"),
                LVI,
                MARGIN,
            ),
        ),
        (
            "淋巴结与转移|Nodes and metastasis",
            (
                EXAMINED,
                POSITIVE,
                choice("deposit", "最大转移灶|Largest metastasis",
                       "none=无|None; cells=孤立肿瘤细胞（≤0.2 mm）|Isolated tumour cells (≤0.2 mm);"
                       "micro=微转移（>0.2–2 mm）|Micrometastasis (>0.2–2 mm);"
                       "macro=宏转移（>2 mm）|Macrometastasis (>2 mm)", when="nodes_examined > 0"),
                choices("other_nodes", "其他区域淋巴结|Other regional nodes",
                        "mammary=内乳（仅病理发现）|Internal mammary, found by sentinel biopsy;"
                        "infraclavicular=锁骨下|Infraclavicular; supraclavicular=锁骨上|Supraclavicular"),
                choice("metastasis", "远处转移|Distant metastasis", "m0=未见（cM0）|None known (cM0);"
                       "m1=病理证实（pM1）|Proven (pM1)"),
            ),
        ),
        (
            "生物标志物|Biomarkers",
            (
                number("er", "ER 阳性率|ER positive", "%", high=100),
                number("pr", "PR 阳性率|PR positive", "%", high=100),
                choice("her2", "HER2（IHC）|HER2 (IHC)", "s0=0|0; s1=1+|1+; s2=2+|2+; s3=3+|3+;"
                       "not_done=未做|Not done"),
                choice("her2_ish", "HER2（ISH）|HER2 (ISH)", "amplified=扩增|Amplified;"
                       "not_amplified=未扩增|Not amplified; not_done=未做|Not done", when="her2 == 's2'"),
                number("ki67", "Ki-67|Ki-67", "%", high=100),
            ),
        ),
    ),
    stage=_stage,
    faults=_faults,
)  # fmt: skip
