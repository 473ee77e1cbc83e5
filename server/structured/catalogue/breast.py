"""Breast ultrasound and mammography, after ACR BI-RADS (5th edition)."""

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
from shared.domain.structured import FormTemplate, Option

_ADVICE = {
    "0": "评估不完全，需补充影像检查或与旧片比较",
    "1": "阴性，建议常规筛查",
    "2": "良性，建议常规筛查",
    "3": "可能良性，建议 6 个月后随访",
    "4A": "低度可疑恶性，建议活检",
    "4B": "中度可疑恶性，建议活检",
    "4C": "高度可疑恶性，建议活检",
    "5": "高度提示恶性，建议活检并作相应处理",
    "6": "活检证实恶性，建议临床处理",
}


def _categories(side: str) -> tuple[Option, ...]:
    return tuple(
        Option(
            key=key,
            text=f"{key} 类",
            words=f"{side}乳腺 BI-RADS {key} 类：{words}",
            code=local(f"BIRADS-{key}", f"BI-RADS {key}"),
        )
        for key, words in _ADVICE.items()
    )


def breast() -> FormTemplate:
    """Both breasts, by ultrasound or mammography."""
    is_us, is_mg = "modality == 'us'", "modality == 'mg'"
    return template(
        2,
        "乳腺超声 / 钼靶（BI-RADS）",
        "乳腺超声与乳腺 X 线摄影，按 BI-RADS 第 5 版描述和分类。",
        ("US", "MG"),
        ("乳腺", "乳房"),
        technique(
            choice("modality", "检查", "us|超声", "mg|X线摄影|X 线摄影", required=True, default="us"),
            text("compared", "对比检查"),
            prose="双侧乳腺{modality}检查[，与{compared}比较]。",
        ),
        findings(
            "tissue",
            "腺体",
            choice(
                "background",
                "背景回声",
                "fat|均匀脂肪|双乳背景回声均匀，以脂肪为主",
                "fibro|均匀纤维腺体|双乳背景回声均匀，以纤维腺体为主",
                "hetero|不均匀|双乳背景回声不均匀",
                prose="{background}。",
                when=is_us,
            ),
            choice(
                "density",
                "腺体构成",
                "a|a 脂肪型|双乳腺体构成：a 型（几乎全为脂肪）",
                "b|b 散在纤维腺体|双乳腺体构成：b 型（散在纤维腺体）",
                "c|c 不均匀致密|双乳腺体构成：c 型（不均匀致密，可能掩盖小肿块）",
                "d|d 极度致密|双乳腺体构成：d 型（极度致密，降低敏感性）",
                prose="{density}。",
                when=is_mg,
                required=True,
                code=local("BREAST-DENSITY", "Breast composition"),
            ),
        ),
        findings(
            "lesions_part",
            "病灶",
            group(
                "masses",
                "肿块",
                "{#}）{side}乳[{clock}点钟方向][距乳头{distance}mm]见肿块，大小约{long}mm×{short}mm[×{deep}mm][，{shape}]"
                "[，{orientation}][，{margin}][，{echo}][，{posterior}][，{calcification}][，{flow}]"
                "[，较前变化{change}%]，BI-RADS {category}。",
                choice("side", "侧别", "r|右", "l|左", required=True),
                number("clock", "钟点", low=1, high=12),
                length("distance", "距乳头", code=None),
                length("long", "长径", required=True),
                length("short", "短径", required=True),
                length("deep", "第三径"),
                choice("shape", "形状", "oval|椭圆形|呈椭圆形", "round|圆形|呈圆形", "irregular|不规则|形状不规则"),
                choice("orientation", "方位", "parallel|平行|平行生长", "not|不平行|非平行生长", when=is_us),
                choice(
                    "margin",
                    "边缘",
                    "clear|清晰|边缘清晰",
                    "blurred|模糊|边缘模糊",
                    "angular|成角|边缘成角",
                    "lobulated|微分叶|边缘微分叶",
                    "spiculated|毛刺|边缘毛刺",
                    many=True,
                ),
                choice(
                    "echo",
                    "回声",
                    "none|无回声|呈无回声",
                    "low|低回声|呈低回声",
                    "equal|等回声|呈等回声",
                    "high|高回声|呈高回声",
                    "mixed|囊实混合|呈囊实混合回声",
                    when=is_us,
                ),
                choice(
                    "posterior",
                    "后方回声",
                    "none|无改变|后方回声无改变",
                    "more|增强|后方回声增强",
                    "less|衰减|后方回声衰减",
                    when=is_us,
                ),
                choice(
                    "calcification",
                    "钙化",
                    "none|无|内未见钙化",
                    "benign|典型良性|内见典型良性钙化",
                    "suspicious|可疑|内见可疑钙化",
                ),
                choice(
                    "flow", "血流", "none|无|未见血流信号", "some|有|见血流信号", "rich|丰富|血流信号丰富", when=is_us
                ),
                calculated("change", "长径变化", "round(change(prior.long, long), 0)", unit="%", decimals=0),
                choice(
                    "category",
                    "分类",
                    *(Option(key=k, text=f"{k} 类", code=local(f"BIRADS-{k}", f"BI-RADS {k}")) for k in _ADVICE),
                    required=True,
                ),
            ),
            choice(
                "calcifications",
                "可疑钙化（钼靶）",
                "none|无|双乳未见可疑钙化",
                "amorphous|不定形|见不定形钙化",
                "coarse|粗糙不均质|见粗糙不均质钙化",
                "fine|细小多形性|见细小多形性钙化",
                "linear|细线样|见细线或细线分支样钙化",
                prose="{calcifications}[，{distribution}分布]。",
                when=is_mg,
            ),
            choice(
                "distribution",
                "分布",
                "diffuse|弥漫",
                "regional|区域",
                "grouped|成簇",
                "linear|线样",
                "segmental|段样",
                when="modality == 'mg' and known(calcifications) and calcifications != 'none'",
            ),
            text("rest", "其余腺体", prose="{rest}。", hint="例如 余腺体内未见明确肿块"),
        ),
        findings(
            "axilla",
            "腋窝",
            choice(
                "nodes",
                "腋窝淋巴结",
                "no|未见异常|双侧腋窝未见异常淋巴结",
                "r|右侧异常|右侧腋窝见异常淋巴结",
                "l|左侧异常|左侧腋窝见异常淋巴结",
                "b|双侧异常|双侧腋窝见异常淋巴结",
                prose="{nodes}[，大者约{node_size}mm]。",
                default="no",
            ),
            length("node_size", "淋巴结短径", when="nodes != 'no'"),
            images(),
        ),
        impression(
            choice(
                "right",
                "右乳 BI-RADS",
                *_categories("右"),
                required=True,
                prose="{right}。",
                code=local("BIRADS-R", "BI-RADS right"),
            ),
            choice(
                "left",
                "左乳 BI-RADS",
                *_categories("左"),
                required=True,
                prose="{left}。",
                code=local("BIRADS-L", "BI-RADS left"),
            ),
            text("other", "其他", prose="{other}。"),
        ),
    )
