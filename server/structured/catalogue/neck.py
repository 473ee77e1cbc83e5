"""Thyroid ultrasound, after ACR TI-RADS (2017)."""

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
    technique,
    template,
    text,
)
from shared.domain.structured import FormTemplate, Option

_MEANING = {"1": "良性", "2": "非可疑", "3": "轻度可疑", "4": "中度可疑", "5": "高度可疑"}
LEVEL = "if(points >= 7, '5', if(points >= 4, '4', if(points == 3, '3', if(points == 2, '2', '1'))))"
ADVICE = (
    "if(level == '5', if(biggest >= 10, 'fna', if(biggest >= 5, 'follow', 'none')),"
    " if(level == '4', if(biggest >= 15, 'fna', if(biggest >= 10, 'follow', 'none')),"
    " if(level == '3', if(biggest >= 25, 'fna', if(biggest >= 15, 'follow', 'none')), 'none')))"
)


def _levels() -> tuple[Option, ...]:
    return tuple(
        Option(
            key=key,
            text=f"TR{key} {words}",
            words=f"{key} 类（{words}）",
            code=local(f"TIRADS-{key}", f"TI-RADS {key}"),
        )
        for key, words in _MEANING.items()
    )


def thyroid() -> FormTemplate:
    """Thyroid and neck nodes by ultrasound."""
    return template(
        4,
        "甲状腺超声（TI-RADS）",
        "甲状腺超声，按 ACR TI-RADS 2017 计分，给出穿刺或随访的建议。",
        ("US",),
        ("甲状腺", "颈部"),
        technique(text("compared", "对比检查"), prose="甲状腺及颈部淋巴结超声检查[，与{compared}比较]。"),
        findings(
            "gland",
            "甲状腺",
            length("r_long", "右叶长径", high=120),
            length("r_wide", "右叶左右径", high=80),
            length("r_deep", "右叶前后径", high=80),
            calculated(
                "r_volume",
                "右叶体积",
                "round(ellipsoid(r_long, r_wide, r_deep) / 1000, 1)",
                unit="mL",
                prose="右叶大小约{r_long}mm×{r_wide}mm×{r_deep}mm，体积约{r_volume}mL。",
            ),
            length("l_long", "左叶长径", high=120),
            length("l_wide", "左叶左右径", high=80),
            length("l_deep", "左叶前后径", high=80),
            calculated(
                "l_volume",
                "左叶体积",
                "round(ellipsoid(l_long, l_wide, l_deep) / 1000, 1)",
                unit="mL",
                prose="左叶大小约{l_long}mm×{l_wide}mm×{l_deep}mm，体积约{l_volume}mL。",
            ),
            length("isthmus", "峡部厚", high=50, prose="峡部厚约{isthmus}mm。"),
            choice(
                "texture",
                "实质回声",
                "even|均匀|腺体回声均匀",
                "uneven|不均匀|腺体回声不均匀",
                "diffuse|弥漫性改变|腺体回声弥漫性减低、不均匀",
                prose="{texture}。",
                default="even",
            ),
            choice("flow", "血流", "normal|正常|血流分布正常", "rich|增多|血流信号增多", prose="{flow}。"),
        ),
        findings(
            "nodules_part",
            "结节",
            group(
                "nodules",
                "结节",
                "{#}）{side}[{level_place}]结节，大小约{long}mm×{wide}mm[×{deep}mm]，{composition}，{echo}，{shape}，{margin}，"
                "{foci}[，较前变化{change}%]，TI-RADS {points}分，{level}[，{advice}]。",
                choice("side", "部位", "r|右叶", "l|左叶", "i|峡部", required=True),
                choice("level_place", "位置", "up|上极", "mid|中部", "low|下极"),
                length("long", "长径", required=True, high=120),
                length("wide", "横径", required=True, high=120),
                length("deep", "前后径", high=120),
                calculated("biggest", "最大径", "max(long, wide, deep)", unit="mm"),
                choice(
                    "composition",
                    "成分",
                    "cyst|囊性|囊性|0",
                    "sponge|海绵样|海绵样|0",
                    "mixed|囊实混合|囊实混合|1",
                    "solid|实性|实性|2",
                    required=True,
                ),
                choice(
                    "echo",
                    "回声",
                    "none|无回声|无回声|0",
                    "high|高或等回声|高或等回声|1",
                    "low|低回声|低回声|2",
                    "verylow|极低回声|极低回声|3",
                    required=True,
                ),
                choice("shape", "形态", "wide|宽大于高|宽大于高|0", "tall|高大于宽|高大于宽|3", required=True),
                choice(
                    "margin",
                    "边缘",
                    "smooth|光滑|边缘光滑|0",
                    "blurred|不清|边缘不清|0",
                    "lobulated|分叶或不规则|边缘分叶或不规则|2",
                    "beyond|甲状腺外侵犯|向甲状腺外侵犯|3",
                    required=True,
                ),
                choice(
                    "foci",
                    "强回声",
                    "none|无或大彗尾|未见可疑强回声|0",
                    "macro|粗大钙化|粗大钙化|1",
                    "rim|边缘钙化|边缘钙化|2",
                    "punctate|点状强回声|点状强回声|3",
                    many=True,
                    required=True,
                ),
                calculated("change", "长径变化", "round(change(prior.long, long), 0)", unit="%", decimals=0),
                calculated(
                    "points",
                    "分数",
                    "score.composition + score.echo + score.shape + score.margin + score.foci",
                    decimals=0,
                ),
                calculated("level", "TI-RADS", f"if(known(points), {LEVEL}, '')", *_levels()),
                calculated(
                    "advice",
                    "建议",
                    f"if(known(level, biggest), {ADVICE}, '')",
                    "fna|细针穿刺|建议细针穿刺",
                    "follow|随访|建议随访",
                    "none|无须处理|",
                ),
            ),
        ),
        findings(
            "neck",
            "颈部淋巴结",
            choice(
                "nodes",
                "淋巴结",
                "no|未见异常|双侧颈部未见异常肿大淋巴结",
                "r|右侧异常|右侧颈部见异常淋巴结",
                "l|左侧异常|左侧颈部见异常淋巴结",
                "b|双侧异常|双侧颈部见异常淋巴结",
                prose="{nodes}[，大者约{node_size}mm]。",
                default="no",
            ),
            length("node_size", "淋巴结短径", when="nodes != 'no'"),
            images(),
        ),
        impression(
            choice(
                "tirads",
                "TI-RADS（最高）",
                *_levels(),
                formula="if(has(nodules.level, '5'), '5', if(has(nodules.level, '4'), '4',"
                " if(has(nodules.level, '3'), '3',"
                " if(has(nodules.level, '2'), '2', if(has(nodules.level, '1'), '1', '')))))",
                prose="甲状腺结节，TI-RADS {tirads}[?has(nodules.advice, 'fna')：，建议细针穿刺]。",
                code=local("TIRADS", "TI-RADS category"),
            ),
            calculated(
                "diffuse_says",
                "弥漫性改变",
                "if(texture == 'diffuse', '甲状腺弥漫性改变，请结合实验室检查', '')",
                prose="{diffuse_says}。",
            ),
            text("other", "其他", prose="{other}。"),
        ),
    )
