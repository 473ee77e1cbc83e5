"""Carcinoma of colon and rectum, and of the stomach: elements after CAP and ICCR, pathological stage of AJCC 8."""

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
    m_of,
    number,
    picked,
    prefix_of,
    text,
    too_many_positive,
)
from shared.domain.structured_form import Filled

_GRADE = choice(
    "grade", "分化程度|Histologic grade",
    "well=高分化|Well differentiated; moderate=中分化|Moderately differentiated;"
    "poor=低分化|Poorly differentiated; undifferentiated=未分化|Undifferentiated; gx=无法评估|Cannot be assessed",
)  # fmt: skip
_SIZE = number("size", "肿瘤最大径|Size", "mm", high=400, decimals=1)


# ── colon and rectum ─────────────────────────────────────────────────────────────────────────────────


def _colorectal_n(filled: Filled) -> str:
    examined, positive = amount(filled, "nodes_examined"), amount(filled, "nodes_positive")
    if examined is None or (examined > 0 and positive is None):
        return ""
    count = int(positive or 0)
    if count == 0:
        if picked(filled, "deposits") == "present":
            return "pN1c"
        return "pNX" if examined == 0 else "pN0"
    return "pN1a" if count == 1 else "pN1b" if count <= 3 else "pN2a" if count <= 6 else "pN2b"


def colorectal_group(t: str, n: str, m: str) -> str:
    """Return the stage of AJCC 8, empty where the categories do not give one."""
    if m.startswith("pM1"):
        return {"pM1a": "IVA", "pM1b": "IVB", "pM1c": "IVC"}.get(m, "IV")
    if not t or not n or n == "pNX" or not m:
        return ""
    t, node = t[1:], n[1:]
    if node == "N0":
        return {"Tis": "0", "T1": "I", "T2": "I", "T3": "IIA", "T4a": "IIB", "T4b": "IIC"}.get(t, "")
    if t == "Tis":
        return ""
    if t == "T4b":
        return "IIIC"
    if node.startswith("N1"):
        return "IIIA" if t in ("T1", "T2") else "IIIB"
    if node == "N2a":
        return {"T1": "IIIA", "T2": "IIIB", "T3": "IIIB", "T4a": "IIIC"}.get(t, "")
    return {"T1": "IIIB", "T2": "IIIB", "T3": "IIIC", "T4a": "IIIC"}.get(t, "")


def _colorectal(filled: Filled) -> Stage:
    invasion, prefix = picked(filled, "invasion"), prefix_of(filled)
    t, n, m = f"pT{invasion.removeprefix('t')}" if invasion else "", _colorectal_n(filled), m_of(filled)
    group = "" if "y" in prefix else colorectal_group(t, n, m)
    return Stage(t, n, m, group, prefix, (AFTER_TREATMENT,) if "y" in prefix else ())


COLORECTAL = Checklist(
    key="colorectal",
    version=1,
    name="结直肠癌|Colorectal carcinoma",
    staging="AJCC 第 8 版病理分期；阑尾、肛管和神经内分泌肿瘤不适用。"
    "|AJCC 8 pathological stage; not for appendix, anal canal or neuroendocrine tumours.",
    asks=("结直肠癌", "结肠癌", "直肠癌", "结肠腺癌", "直肠腺癌", "结直肠腺癌"),
    sections=(
        (
            "标本|Specimen",
            (
                choice("procedure", "手术方式|Procedure", "right=右半结肠切除|Right hemicolectomy;"
                       "left=左半结肠切除|Left hemicolectomy; sigmoid=乙状结肠切除|Sigmoidectomy;"
                       "anterior=直肠前切除|Anterior resection; miles=腹会阴联合切除|Abdominoperineal resection;"
                       "local=局部切除|Local excision; other=其他|Other"),
                choice("site", "部位|Site", "caecum=盲肠|Caecum; ascending=升结肠|Ascending colon;"
                       "transverse=横结肠|Transverse colon; descending=降结肠|Descending colon;"
                       "sigmoid=乙状结肠|Sigmoid colon; rectum=直肠|Rectum"),
                choice("mesorectum", "系膜完整性|Mesorectal plane", "complete=完整|Complete;"
                       "nearly=近完整|Nearly complete; incomplete=不完整|Incomplete", when="site == 'rectum'"),
                DESCRIPTORS,
            ),
        ),
        (
            "肿瘤|Tumour",
            (
                choice("type", "组织学类型|Histologic type", "adeno=腺癌|Adenocarcinoma;"
                       "mucinous=黏液腺癌|Mucinous adenocarcinoma; signet=印戒细胞癌|Signet-ring cell carcinoma;"
                       "medullary=髓样癌|Medullary carcinoma; other=其他|Other"),
                _GRADE,
                _SIZE,
                choice("invasion", "浸润深度|Depth of invasion",
                       "tis=黏膜内（pTis）|Intramucosal (pTis); t1=黏膜下层（pT1）|Submucosa (pT1);"
                       "t2=固有肌层（pT2）|Muscularis propria (pT2);"
                       "t3=穿透固有肌层至肠周组织（pT3）|Pericolorectal tissue (pT3);"
                       "t4a=穿透脏层腹膜（pT4a）|Visceral peritoneum (pT4a);"
                       "t4b=侵犯或粘连邻近器官（pT4b）|Other organs (pT4b)"),
                choice("perforation", "肿瘤穿孔|Perforation", "absent=无|Absent; present=有|Present"),
                LVI,
                PNI,
                choice("budding", "肿瘤出芽|Tumour budding", "low=低（0–4）|Low (0–4);"
                       "mid=中（5–9）|Intermediate (5–9); high=高（≥10）|High (≥10)", required=False),
                MARGIN,
                number("crm", "环周切缘距离|CRM", "mm", high=100, decimals=1,
                       when="site == 'rectum'"),
            ),
        ),
        (
            "淋巴结与转移|Nodes and metastasis",
            (
                EXAMINED,
                POSITIVE,
                choice("deposits", "癌结节|Tumour deposits", "absent=无|Absent; present=有|Present"),
                choice("metastasis", "远处转移|Distant metastasis", "m0=未见（cM0）|None known (cM0);"
                       "m1a=一个器官或部位（pM1a）|One organ or site (pM1a);"
                       "m1b=两个或以上器官（pM1b）|Two or more organs (pM1b);"
                       "m1c=腹膜（pM1c）|Peritoneum (pM1c)"),
            ),
        ),
        (
            "生物标志物|Biomarkers",
            (
                choice("mmr", "错配修复蛋白|Mismatch repair proteins", "intact=均表达（pMMR）|Intact (pMMR);"
                       "lost=缺失（dMMR）|Lost (dMMR); not_done=未做|Not done"),
                text("mmr_lost", "缺失的蛋白|Proteins lost", required=True, when="mmr == 'lost'"),
            ),
        ),
    ),
    stage=_colorectal,
    faults=too_many_positive,
)  # fmt: skip


# ── stomach ──────────────────────────────────────────────────────────────────────────────────────────


def _stomach_n(filled: Filled) -> str:
    examined, positive = amount(filled, "nodes_examined"), amount(filled, "nodes_positive")
    if examined == 0:
        return "pNX"
    if examined is None or positive is None:
        return ""
    for limit, name in ((0, "pN0"), (2, "pN1"), (6, "pN2"), (15, "pN3a")):
        if positive <= limit:
            return name
    return "pN3b"


_STOMACH = {
    "T1": ("IA", "IB", "IIA", "IIB", "IIIB"),
    "T2": ("IB", "IIA", "IIB", "IIIA", "IIIB"),
    "T3": ("IIA", "IIB", "IIIA", "IIIB", "IIIC"),
    "T4a": ("IIB", "IIIA", "IIIA", "IIIB", "IIIC"),
    "T4b": ("IIIA", "IIIB", "IIIB", "IIIC", "IIIC"),
}
_STOMACH_NODES = ("N0", "N1", "N2", "N3a", "N3b")


def stomach_group(t: str, n: str, m: str) -> str:
    """Return the pathological stage of AJCC 8, empty where the categories do not give one."""
    if m.startswith("pM1"):
        return "IV"
    if not t or n[1:] not in _STOMACH_NODES or not m:
        return ""
    if t == "pTis":
        return "0" if n == "pN0" else ""
    row = "T1" if t.startswith("pT1") else t[1:]
    return _STOMACH[row][_STOMACH_NODES.index(n[1:])] if row in _STOMACH else ""


def _stomach(filled: Filled) -> Stage:
    invasion, prefix = picked(filled, "invasion"), prefix_of(filled)
    t, n, m = f"pT{invasion.removeprefix('t')}" if invasion else "", _stomach_n(filled), m_of(filled)
    group = "" if "y" in prefix else stomach_group(t, n, m)
    return Stage(t, n, m, group, prefix, (AFTER_TREATMENT,) if "y" in prefix else ())


STOMACH = Checklist(
    key="stomach",
    version=1,
    name="胃癌|Gastric carcinoma",
    staging="AJCC 第 8 版病理分期；食管胃结合部按食管分期者不适用。"
    "|AJCC 8 pathological stage; not for junction tumours that are staged as oesophagus.",
    asks=("胃癌", "胃腺癌", "胃低分化腺癌", "胃印戒细胞癌"),
    sections=(
        (
            "标本|Specimen",
            (
                choice("procedure", "手术方式|Procedure", "distal=远端胃切除|Distal gastrectomy;"
                       "proximal=近端胃切除|Proximal gastrectomy; total=全胃切除|Total gastrectomy;"
                       "endoscopic=内镜下切除（ESD/EMR）|Endoscopic resection; other=其他|Other"),
                choice("site", "部位|Site", "cardia=贲门|Cardia; fundus=胃底|Fundus; body=胃体|Body;"
                       "antrum=胃窦|Antrum; pylorus=幽门|Pylorus; remnant=残胃|Remnant"),
                DESCRIPTORS,
            ),
        ),
        (
            "肿瘤|Tumour",
            (
                choice("type", "组织学类型|Histologic type", "tubular=管状腺癌|Tubular adenocarcinoma;"
                       "papillary=乳头状腺癌|Papillary adenocarcinoma; mucinous=黏液腺癌|Mucinous adenocarcinoma;"
                       "poorly=低黏附性癌（含印戒）|Poorly cohesive carcinoma; mixed=混合型|Mixed; other=其他|Other"),
                choice("lauren", "Lauren 分型|Lauren type", "intestinal=肠型|Intestinal; diffuse=弥漫型|Diffuse;"
                       "mixed=混合型|Mixed"),
                _GRADE,
                _SIZE,
                choice("invasion", "浸润深度|Depth of invasion",
                       "tis=上皮内（pTis）|Intraepithelial (pTis);"
                       "t1a=黏膜固有层或黏膜肌层（pT1a）|Lamina propria or muscularis mucosae (pT1a);"
                       "t1b=黏膜下层（pT1b）|Submucosa (pT1b); t2=固有肌层（pT2）|Muscularis propria (pT2);"
                       "t3=浆膜下（pT3）|Subserosa (pT3); t4a=穿透浆膜（pT4a）|Serosa (pT4a);"
                       "t4b=侵犯邻近结构（pT4b）|Adjacent structures (pT4b)"),
                LVI,
                PNI,
                MARGIN,
            ),
        ),
        (
            "淋巴结与转移|Nodes and metastasis",
            (
                EXAMINED,
                POSITIVE,
                choice("metastasis", "远处转移|Distant metastasis", "m0=未见（cM0）|None known (cM0);"
                       "m1=病理证实（pM1）|Proven (pM1)"),
            ),
        ),
        (
            "生物标志物|Biomarkers",
            (
                choice("her2", "HER2（IHC）|HER2 (IHC)", "s0=0|0; s1=1+|1+; s2=2+|2+; s3=3+|3+;"
                       "not_done=未做|Not done"),
                choice("mmr", "错配修复蛋白|Mismatch repair proteins", "intact=均表达（pMMR）|Intact (pMMR);"
                       "lost=缺失（dMMR）|Lost (dMMR); not_done=未做|Not done", required=False),
            ),
        ),
    ),
    stage=_stomach,
    faults=too_many_positive,
)  # fmt: skip
