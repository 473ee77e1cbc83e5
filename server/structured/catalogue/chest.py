"""Lung nodules on CT, after Lung-RADS v2022 (ACR)."""

from __future__ import annotations

from server.structured.catalogue.building import (
    calculated,
    choice,
    findings,
    group,
    images,
    impression,
    length,
    local,
    number,
    technique,
    template,
    text,
)
from shared.domain.structured import Code, FormTemplate, Option

LOBES = tuple(
    Option(key=key, text=words, code=Code("RADLEX", value, meaning))
    for key, words, value, meaning in (
        ("rul", "右肺上叶", "RID1303", "upper lobe of right lung"),
        ("rml", "右肺中叶", "RID1310", "middle lobe of right lung"),
        ("rll", "右肺下叶", "RID1315", "lower lobe of right lung"),
        ("lul", "左肺上叶", "RID1327", "upper lobe of left lung"),
        ("lll", "左肺下叶", "RID1338", "lower lobe of left lung"),
    )
)
_WORDS = {
    "0": "评估不完全，建议补充检查或与旧片比较",
    "1": "阴性，建议 12 个月后低剂量 CT 复查",
    "2": "良性表现，建议 12 个月后低剂量 CT 复查",
    "3": "可能良性，建议 6 个月后低剂量 CT 复查",
    "4A": "可疑，建议 3 个月后低剂量 CT 复查，实性成分≥8 mm 可行 PET/CT",
    "4B": "高度可疑，建议转诊，结合增强 CT、PET/CT 或组织学检查",
    "4X": "高度可疑并有其他恶性征象，建议转诊，结合 PET/CT 或组织学检查",
}


def categories(*keys: str, advice: bool = False) -> tuple[Option, ...]:
    """Return Lung-RADS categories as options."""
    return tuple(
        Option(
            key=key,
            text=f"{key} 类",
            words=f"{key} 类：{_WORDS[key]}" if advice else f"{key} 类",
            code=local(f"LUNGRADS-{key}", f"Lung-RADS {key}"),
        )
        for key in keys
    )


_SOLID = (
    "if(status == 'new', if(mean >= 8, '4B', if(mean >= 6, '4A', if(mean >= 4, '3', '2'))),"
    " if(status == 'growing', if(mean >= 8, '4B', '4A'),"
    " if(mean >= 15, '4B', if(mean >= 8, '4A', if(mean >= 6, '3', '2')))))"
)
_PART_SOLID = (
    "if(status == 'new' or status == 'growing', if(core >= 4, '4B', if(mean < 6 and status == 'new', '3', '4A')),"
    " if(mean < 6, '2', if(core >= 8, '4B', if(core >= 6, '4A', '3'))))"
)
_GROUND_GLASS = "if(mean >= 30 and status != 'stable', '3', '2')"
NODULE_CATEGORY = (
    "if(known(mean, kind, status), if(has(calcium, 'benign'), '1',"
    f" if(kind == 'solid', {_SOLID}, if(kind == 'part', if(known(core), {_PART_SOLID}, ''), {_GROUND_GLASS}))), '')"
)
_HIGHEST = (
    "if(has(nodules.category, '4B'), '4B', if(has(nodules.category, '4A'), '4A',"
    " if(has(nodules.category, '3'), '3',"
    " if(has(nodules.category, '2'), '2', if(has(nodules.category, '1'), '1', '')))))"
)


def lung_nodules() -> FormTemplate:
    """Chest CT for nodules."""
    return template(
        1,
        "胸部CT 肺结节（Lung-RADS）",
        "低剂量筛查或平扫胸部 CT 的肺结节，按 Lung-RADS v2022 分类。",
        ("CT",),
        ("胸部", "肺", "胸"),
        technique(
            choice("scan", "扫描方式", "ld|低剂量平扫", "plain|平扫", "ce|平扫加增强", default="ld"),
            number("slice", "层厚", "mm", high=10, decimals=2),
            text("compared", "对比检查", hint="例如 2025-05-01 胸部CT"),
            prose="胸部{scan}[，层厚{slice}mm][，与{compared}比较]。",
        ),
        findings(
            "lungs",
            "肺",
            group(
                "nodules",
                "结节",
                "{#}）{lobe}[{kind}]结节，大小约{long}mm×{short}mm（平均径{mean}mm）[，实性成分{core}mm][，{margin}]"
                "[，{calcium}][，{status}][，较前变化{change}%][（{place}）]"
                "，Lung-RADS {category}。",
                choice("lobe", "部位", *LOBES, required=True, code=Code("RADLEX", "RID1301", "lung")),
                choice("kind", "密度", "solid|实性", "part|部分实性", "ggn|纯磨玻璃", required=True),
                length("long", "长径", required=True),
                length("short", "短径", required=True),
                calculated("mean", "平均径", "round((long + short) / 2, 1)", unit="mm"),
                length("core", "实性成分", when="kind == 'part'", required=True),
                choice(
                    "margin",
                    "边缘",
                    "smooth|光滑|边缘光滑",
                    "lobulated|分叶|边缘分叶",
                    "spiculated|毛刺|边缘毛刺",
                    "blurred|模糊|边缘模糊",
                    many=True,
                ),
                choice("calcium", "钙化", "none|无|未见钙化", "benign|良性钙化|见良性钙化", "other|其他|见不定形钙化"),
                choice(
                    "status",
                    "变化",
                    "base|首次检查|首次检查",
                    "stable|稳定|较前稳定",
                    "new|新发|为新发",
                    "growing|增大|较前增大",
                    default="base",
                    required=True,
                ),
                calculated("change", "平均径变化", "round(change(prior.mean, mean), 0)", unit="%", decimals=0),
                text("place", "层面", hint="例如 Se3 Im45"),
                calculated("category", "分类", NODULE_CATEGORY, *categories("1", "2", "3", "4A", "4B")),
            ),
            choice(
                "emphysema",
                "肺气肿",
                "no|无|双肺未见肺气肿",
                "mild|轻度|双肺轻度肺气肿",
                "severe|中重度|双肺中重度肺气肿",
                prose="{emphysema}。",
            ),
            text("lung_rest", "其余肺野", prose="{lung_rest}。", default="余肺野清晰，气管及各级支气管通畅"),
        ),
        findings(
            "chest",
            "纵隔、胸膜与心脏",
            choice(
                "nodes",
                "淋巴结",
                "no|不大|纵隔及双侧肺门未见肿大淋巴结",
                "yes|肿大|纵隔或肺门见肿大淋巴结",
                prose="{nodes}[，短径约{node_size}mm]。",
                default="no",
            ),
            length("node_size", "最大短径", when="nodes == 'yes'"),
            choice(
                "coronary",
                "冠脉钙化",
                "no|无|冠状动脉未见明显钙化",
                "mild|轻度|冠状动脉轻度钙化",
                "moderate|中度|冠状动脉中度钙化",
                "severe|重度|冠状动脉重度钙化",
                prose="{coronary}。",
            ),
            choice(
                "pleura",
                "胸膜腔",
                "no|无积液|双侧胸腔未见积液",
                "r|右侧积液|右侧胸腔积液",
                "l|左侧积液|左侧胸腔积液",
                "b|双侧积液|双侧胸腔积液",
                prose="{pleura}。",
                default="no",
            ),
            text("upper_abdomen", "所见上腹部及骨质", prose="{upper_abdomen}。"),
            images(),
        ),
        impression(
            calculated(
                "largest",
                "最大结节",
                "max(nodules.mean)",
                unit="mm",
                prose="肺结节，最大者平均径约{largest}mm[（{nodules.lobe}）]。",
            ),
            choice(
                "lungrads",
                "Lung-RADS",
                *categories("0", "1", "2", "3", "4A", "4B", "4X", advice=True),
                formula=_HIGHEST,
                required=True,
                prose="Lung-RADS {lungrads}。",
                code=local("LUNGRADS", "Lung-RADS category"),
                hint="按结节自动建议，可改选",
            ),
            choice("modifier", "S 修饰", "s|有其他重要发现|有其他重要发现（S）", prose="{modifier}。", many=True),
            text("other", "其他", prose="{other}。"),
        ),
    )
