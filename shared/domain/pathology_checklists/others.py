"""Carcinoma of lung, prostate and thyroid: elements after CAP and ICCR, stage of AJCC 8."""

from __future__ import annotations

from shared.domain.pathology_checklists.building import (
    AFTER_TREATMENT,
    DESCRIPTORS,
    EXAMINED,
    LVI,
    MARGIN,
    PNI,
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

# ── lung ─────────────────────────────────────────────────────────────────────────────────────────────

_T4_LUNG = frozenset({"mediastinum", "other_lobe"})
_T3_LUNG = frozenset({"wall", "same_lobe"})
_T2_LUNG = frozenset({"bronchus", "atelectasis"})


def _lung_t(filled: Filled) -> str:
    kind = picked(filled, "type")
    if kind == "ais":
        return "pTis"
    size, extent, pleura = amount(filled, "size"), several(filled, "extension"), picked(filled, "pleura")
    if size is None:
        return ""
    if extent & _T4_LUNG or size > 70:
        return "pT4"
    if extent & _T3_LUNG or pleura == "pl3" or size > 50:
        return "pT3"
    if size > 40:
        return "pT2b"
    if size > 30 or extent & _T2_LUNG or pleura in ("pl1", "pl2"):
        return "pT2a"
    if kind == "mia":
        return "pT1mi"
    return "pT1a" if size <= 10 else "pT1b" if size <= 20 else "pT1c"


def _lung_n(filled: Filled) -> str:
    examined, positive = amount(filled, "nodes_examined"), amount(filled, "nodes_positive")
    if examined == 0:
        return "pNX"
    if examined is None or positive is None:
        return ""
    if positive == 0:
        return "pN0"
    stations = several(filled, "stations")
    return next((f"pN{one[1]}" for one in ("n3", "n2", "n1") if one in stations), "")


def lung_group(t: str, n: str, m: str) -> str:
    """Return the stage of AJCC 8, empty where the categories do not give one."""
    if m.startswith("pM1"):
        return "IVB" if m == "pM1c" else "IVA"
    if not t or not n or n == "pNX" or not m:
        return ""
    if t == "pTis":
        return "0" if n == "pN0" else ""
    column = int(n[2])
    alone = {"pT1mi": "IA1", "pT1a": "IA1", "pT1b": "IA2", "pT1c": "IA3", "pT2a": "IB", "pT2b": "IIA",
             "pT3": "IIB", "pT4": "IIIA"}  # fmt: skip
    if column == 0:
        return alone.get(t, "")
    rows = {"pT1": ("IIB", "IIIA", "IIIB"), "pT2": ("IIB", "IIIA", "IIIB"), "pT3": ("IIIA", "IIIB", "IIIC"),
            "pT4": ("IIIA", "IIIB", "IIIC")}  # fmt: skip
    return rows[t[:3]][column - 1]


def _lung(filled: Filled) -> Stage:
    t, n, m, prefix = _lung_t(filled), _lung_n(filled), m_of(filled), prefix_of(filled)
    group = "" if "y" in prefix else lung_group(t, n, m)
    return Stage(t, n, m, group, prefix, (AFTER_TREATMENT,) if "y" in prefix else ())


def _lung_faults(filled: Filled) -> tuple[str, ...]:
    found = too_many_positive(filled)
    size = amount(filled, "size")
    if picked(filled, "type") in ("ais", "mia") and size is not None and size > 30:
        found += ("原位腺癌和微浸润性腺癌不超过 30 mm，请核对类型和大小。"
                  "|In-situ and minimally invasive adenocarcinoma measure 30 mm at most.",)  # fmt: skip
    return found


LUNG = Checklist(
    key="lung",
    version=1,
    name="肺癌|Lung carcinoma",
    staging="AJCC 第 8 版；浸润性贴壁为主型按浸润灶大小填写；不含浅表播散型 T1a(ss)。"
    "|AJCC 8; for lepidic adenocarcinoma enter the invasive size; superficial spreading T1a(ss) is not covered.",
    asks=("肺腺癌", "肺鳞状细胞癌", "肺鳞癌", "肺癌", "肺浸润性腺癌"),
    sections=(
        (
            "标本|Specimen",
            (
                choice("procedure", "手术方式|Procedure", "wedge=楔形切除|Wedge resection;"
                       "segment=肺段切除|Segmentectomy; lobe=肺叶切除|Lobectomy;"
                       "pneumonectomy=全肺切除|Pneumonectomy; other=其他|Other"),
                choice("site", "部位|Site", "rul=右上叶|Right upper lobe; rml=右中叶|Right middle lobe;"
                       "rll=右下叶|Right lower lobe; lul=左上叶|Left upper lobe; lll=左下叶|Left lower lobe"),
                DESCRIPTORS,
            ),
        ),
        (
            "肿瘤|Tumour",
            (
                choice("type", "组织学类型|Histologic type", "adeno=浸润性腺癌|Invasive adenocarcinoma;"
                       "squamous=鳞状细胞癌|Squamous cell carcinoma; ais=原位腺癌|Adenocarcinoma in situ;"
                       "mia=微浸润性腺癌|Minimally invasive adenocarcinoma; small=小细胞癌|Small cell carcinoma;"
                       "large=大细胞癌|Large cell carcinoma; other=其他|Other"),
                choice("pattern", "主要生长方式|Predominant pattern", "lepidic=贴壁型|Lepidic; acinar=腺泡型|Acinar;"
                       "papillary=乳头型|Papillary; micro=微乳头型|Micropapillary; solid=实体型|Solid",
                       when="type == 'adeno'"),
                number("size", "肿瘤（浸润灶）最大径|Size (invasion)", "mm", high=300, decimals=1),
                choice("pleura", "脏层胸膜侵犯|Visceral pleura", "pl0=PL0|PL0; pl1=PL1|PL1; pl2=PL2|PL2;"
                       "pl3=PL3（壁层胸膜）|PL3 (parietal pleura)"),
                choices("extension", "侵犯|Extension",
                        "bronchus=主支气管（未及隆突）|Main bronchus, not the carina;"
                        "atelectasis=累及肺门的肺不张或阻塞性肺炎|Atelectasis or pneumonitis to the hilum;"
                        "wall=胸壁、膈神经或心包壁层|Chest wall, phrenic nerve or parietal pericardium;"
                        "same_lobe=同叶另有癌结节|Separate nodule, same lobe;"
                        "mediastinum=膈肌、纵隔、心脏、大血管、气管、食管、椎体或隆突"
                        "|Diaphragm, mediastinum, heart, great vessels, trachea, oesophagus, vertebra or carina;"
                        "other_lobe=同侧不同叶癌结节|Separate nodule, other ipsilateral lobe"),
                choice("stas", "气腔播散（STAS）|Spread through air spaces", "absent=未见|Not seen;"
                       "present=可见|Present", required=False),
                LVI,
                MARGIN,
            ),
        ),
        (
            "淋巴结与转移|Nodes and metastasis",
            (
                EXAMINED,
                POSITIVE,
                choices("stations", "阳性淋巴结部位|Stations involved",
                        "n1=肺内、叶支气管周或同侧肺门（N1）|Intrapulmonary, peribronchial, ipsilateral hilar (N1);"
                        "n2=同侧纵隔或隆突下（N2）|Ipsilateral mediastinal or subcarinal (N2);"
                        "n3=对侧纵隔、对侧肺门或锁骨上（N3）|Contralateral or supraclavicular (N3)",
                        required=True, when="nodes_positive > 0"),
                choice("metastasis", "远处转移|Distant metastasis", "m0=未见（cM0）|None known (cM0);"
                       "m1a=对侧肺、胸膜或心包（pM1a）|Contralateral lung, pleura or pericardium (pM1a);"
                       "m1b=单个胸外转移（pM1b）|Single extrathoracic (pM1b);"
                       "m1c=多个胸外转移（pM1c）|Multiple extrathoracic (pM1c)"),
            ),
        ),
    ),
    stage=_lung,
    faults=_lung_faults,
)  # fmt: skip

# ── prostate ─────────────────────────────────────────────────────────────────────────────────────────


def grade_group(filled: Filled) -> int:
    """Return the ISUP grade group 1 to 5 of the Gleason patterns, 0 where one is missing."""
    first, second = picked(filled, "primary"), picked(filled, "secondary")
    if not first or not second:
        return 0
    one, two = int(first[1]), int(second[1])
    total = one + two
    if total == 7:
        return 2 if one == 3 else 3
    return 1 if total <= 6 else 4 if total == 8 else 5


def prostate_group(t: str, n: str, m: str, grade: int, psa: float | None) -> str:
    """Return the prognostic stage of AJCC 8, empty where it needs what is not known."""
    if m.startswith("pM1"):
        return "IVB"
    if n == "pN1":
        return "IVA"
    if not t or n != "pN0" or not m or not grade:
        return ""
    if grade == 5:
        return "IIIC"
    if t != "pT2":
        return "IIIB"
    if psa is None:
        return ""
    if psa >= 20:
        return "IIIA"
    if grade == 1:
        return "I" if psa < 10 else "IIA"
    return "IIB" if grade == 2 else "IIC"


def _prostate(filled: Filled) -> Stage:
    invasion, prefix = picked(filled, "invasion"), prefix_of(filled)
    t = f"pT{invasion.removeprefix('t')}" if invasion else ""
    examined, positive = amount(filled, "nodes_examined"), amount(filled, "nodes_positive")
    n = "pNX" if examined == 0 else "" if examined is None or positive is None else "pN1" if positive else "pN0"
    m, grade, psa = m_of(filled), grade_group(filled), amount(filled, "psa")
    notes: tuple[str, ...] = (f"ISUP 分级组 {grade}|ISUP grade group {grade}",) if grade else ()
    if psa is None and t == "pT2" and n == "pN0":
        notes += ("未填 PSA，不能确定分期组。|Without the PSA the stage group is not computed.",)
    if n == "pNX":
        notes += ("未检淋巴结，不自动计算分期组。|Without examined nodes the group is not computed.",)
    if "y" in prefix:
        notes += (AFTER_TREATMENT,)
    return Stage(t, n, m, "" if "y" in prefix else prostate_group(t, n, m, grade, psa), prefix, notes)


_PATTERNS = "g3=3|3; g4=4|4; g5=5|5"
PROSTATE = Checklist(
    key="prostate",
    version=1,
    name="前列腺癌|Prostate carcinoma",
    staging="AJCC 第 8 版预后分期（需 PSA 和分级组）；用于根治标本，不用于穿刺。"
    "|AJCC 8 prognostic stage (needs PSA and grade group); for prostatectomies, not for needle biopsies.",
    asks=("前列腺腺泡腺癌", "前列腺癌", "前列腺腺癌"),
    sections=(
        (
            "标本|Specimen",
            (
                choice("procedure", "手术方式|Procedure", "radical=根治性前列腺切除|Radical prostatectomy;"
                       "other=其他|Other"),
                number("psa", "术前 PSA|PSA", "ng/mL", high=10000, decimals=2, required=False),
                DESCRIPTORS,
            ),
        ),
        (
            "肿瘤|Tumour",
            (
                choice("type", "组织学类型|Histologic type", "acinar=腺泡腺癌|Acinar adenocarcinoma;"
                       "ductal=导管腺癌|Ductal adenocarcinoma; other=其他|Other"),
                choice("primary", "Gleason 主要分级|Primary Gleason pattern", _PATTERNS),
                choice("secondary", "Gleason 次要分级|Secondary Gleason pattern", _PATTERNS),
                number("extent", "肿瘤所占比例|Extent", "%", high=100),
                choice("invasion", "侵犯范围|Invasion", "t2=局限于前列腺（pT2）|Organ confined (pT2);"
                       "t3a=前列腺外侵犯或镜下膀胱颈侵犯（pT3a）|Extraprostatic or microscopic bladder neck (pT3a);"
                       "t3b=精囊侵犯（pT3b）|Seminal vesicle (pT3b);"
                       "t4=侵犯邻近结构（pT4）|Adjacent structures (pT4)"),
                PNI,
                LVI,
                MARGIN,
            ),
        ),
        (
            "淋巴结与转移|Nodes and metastasis",
            (
                EXAMINED,
                POSITIVE,
                choice("metastasis", "远处转移|Distant metastasis", "m0=未见（cM0）|None known (cM0);"
                       "m1a=区域外淋巴结（pM1a）|Non-regional nodes (pM1a); m1b=骨（pM1b）|Bone (pM1b);"
                       "m1c=其他部位（pM1c）|Other sites (pM1c)"),
            ),
        ),
    ),
    stage=_prostate,
    faults=too_many_positive,
)  # fmt: skip

# ── thyroid ──────────────────────────────────────────────────────────────────────────────────────────


def _thyroid_t(filled: Filled) -> str:
    extension, size = picked(filled, "extension"), amount(filled, "size")
    if extension in ("t4a", "t4b", "t3b"):
        return f"pT{extension[1:]}"
    if size is None or not extension:
        return ""
    return "pT1a" if size <= 10 else "pT1b" if size <= 20 else "pT2" if size <= 40 else "pT3a"


def _thyroid_n(filled: Filled) -> str:
    examined, positive = amount(filled, "nodes_examined"), amount(filled, "nodes_positive")
    if examined == 0:
        return "pNX"
    if examined is None or positive is None:
        return ""
    if positive == 0:
        return "pN0a"
    levels = several(filled, "levels")
    return "pN1b" if "lateral" in levels else "pN1a" if "central" in levels else ""


def thyroid_group(t: str, n: str, m: str, kind: str, age: float | None) -> str:
    """Return the stage of AJCC 8, empty where it needs what is not known."""
    if not m or not t or not n or not kind:
        return ""
    far, node = m.startswith("pM1"), n.startswith("pN1")
    if kind == "anaplastic":
        return "IVC" if far else "IVB" if node or t in ("pT3b", "pT4a", "pT4b") else "IVA"
    if kind == "medullary":
        if far:
            return "IVC"
        if t == "pT4b":
            return "IVB"
        if t == "pT4a" or n == "pN1b":
            return "IVA"
        return "III" if node else "I" if t.startswith("pT1") else "II"
    if age is None:
        return ""
    if age < 55:
        return "II" if far else "I"
    if far:
        return "IVB"
    if t in ("pT4a", "pT4b"):
        return "III" if t == "pT4a" else "IVA"
    return "II" if node or t.startswith("pT3") else "I"


def _thyroid(filled: Filled) -> Stage:
    t, n, m, prefix = _thyroid_t(filled), _thyroid_n(filled), m_of(filled), prefix_of(filled)
    kind = {"anaplastic": "anaplastic", "medullary": "medullary", "": ""}.get(picked(filled, "type"), "differentiated")
    group = "" if "y" in prefix else thyroid_group(t, n, m, kind, amount(filled, "age"))
    return Stage(t, n, m, group, prefix, (AFTER_TREATMENT,) if "y" in prefix else ())


THYROID = Checklist(
    key="thyroid",
    version=1,
    name="甲状腺癌|Thyroid carcinoma",
    staging="AJCC 第 8 版：分化型（含低分化）、髓样癌、未分化癌；镜下甲状腺外侵犯不影响 T。"
    "|AJCC 8: differentiated (and poorly differentiated), medullary and anaplastic; microscopic extension leaves T.",
    asks=("甲状腺乳头状癌", "甲状腺滤泡癌", "甲状腺髓样癌", "甲状腺癌", "甲状腺微小乳头状癌"),
    sections=(
        (
            "标本|Specimen",
            (
                choice("procedure", "手术方式|Procedure", "lobe=腺叶切除|Lobectomy; total=全切除|Total thyroidectomy;"
                       "near=近全切除|Near-total thyroidectomy; other=其他|Other"),
                number("age", "诊断时年龄|Age", "a", high=120),
                DESCRIPTORS,
            ),
        ),
        (
            "肿瘤|Tumour",
            (
                choice("type", "组织学类型|Histologic type", "papillary=乳头状癌|Papillary carcinoma;"
                       "follicular=滤泡癌|Follicular carcinoma; oncocytic=嗜酸细胞癌|Oncocytic carcinoma;"
                       "poorly=低分化癌|Poorly differentiated carcinoma; medullary=髓样癌|Medullary carcinoma;"
                       "anaplastic=未分化癌|Anaplastic carcinoma"),
                choice("focality", "灶性|Focality", "single=单灶|Unifocal; multi=多灶|Multifocal"),
                number("size", "最大灶径|Size", "mm", high=300, decimals=1),
                choice("extension", "甲状腺外侵犯|Extrathyroidal extension", "none=无|None;"
                       "microscopic=仅镜下|Microscopic only; t3b=肉眼侵犯带状肌（pT3b）|Gross, strap muscles (pT3b);"
                       "t4a=皮下、喉、气管、食管或喉返神经（pT4a）"
                       "|Subcutis, larynx, trachea, oesophagus or recurrent nerve (pT4a);"
                       "t4b=椎前筋膜、包绕颈动脉或纵隔血管（pT4b）|Prevertebral fascia, carotid or vessels (pT4b)"),
                choice("braf", "BRAF V600E|BRAF V600E", "mutant=突变|Mutated; wild=野生型|Wild type;"
                       "not_done=未做|Not done", required=False),
                LVI,
                MARGIN,
            ),
        ),
        (
            "淋巴结与转移|Nodes and metastasis",
            (
                EXAMINED,
                POSITIVE,
                choices("levels", "阳性分区|Levels involved",
                        "central=中央区（VI、VII 区）|Central (VI, VII);"
                        "lateral=侧颈区（I–V 区）或咽后|Lateral (I–V) or retropharyngeal",
                        required=True, when="nodes_positive > 0"),
                choice("metastasis", "远处转移|Distant metastasis", "m0=未见（cM0）|None known (cM0);"
                       "m1=病理证实（pM1）|Proven (pM1)"),
            ),
        ),
    ),
    stage=_thyroid,
    faults=too_many_positive,
)  # fmt: skip
