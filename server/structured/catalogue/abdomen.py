"""Liver CT or MR after LI-RADS v2018, and ultrasound of the abdomen."""

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
    says,
    technique,
    template,
    text,
)
from shared.domain.structured import FormTemplate, Option

_MEANING = {
    "1": "肯定良性",
    "2": "可能良性",
    "3": "中等可能性恶性",
    "4": "可能 HCC",
    "5": "肯定 HCC",
    "M": "可能或肯定恶性，非 HCC 特异",
    "TIV": "静脉内癌栓",
}
_NO_RIM = (
    "if(size >= 20, if(major >= 1, '5', '4'),"
    " if(size >= 10, if(major >= 2, '5', if(major == 1, if(capsule == 'yes', '4', '5'), '3')),"
    " if(major >= 1, '4', '3')))"
)
_NO_APHE = "if(size >= 20, if(major >= 1, '4', '3'), if(major >= 2, '4', '3'))"
_SUGGESTED = (
    f"if(vein == 'yes', 'TIV', if(aphe == 'rim', 'M', if(aphe == 'yes', {_NO_RIM}, if(aphe == 'no', {_NO_APHE}, ''))))"
)
LIRADS = f"if(known(size, aphe, washout, capsule, growth), {_SUGGESTED}, '')"
_HIGHEST = (
    "if(has(observations.lirads, 'TIV'), 'TIV', if(has(observations.lirads, '5'), '5',"
    " if(has(observations.lirads, 'M'), 'M', if(has(observations.lirads, '4'), '4',"
    " if(has(observations.lirads, '3'), '3', if(has(observations.lirads, '2'), '2', '1'))))))"
)


def _categories(*, advice: bool) -> tuple[Option, ...]:
    return tuple(
        Option(
            key=key,
            text=f"LR-{key} {words}",
            words=f"LR-{key}（{words}）" if advice else f"LR-{key}",
            code=local(f"LIRADS-{key}", f"LI-RADS LR-{key}"),
        )
        for key, words in _MEANING.items()
    )


def liver() -> FormTemplate:
    """Liver of patients at risk of hepatocellular carcinoma."""
    return template(
        5,
        "肝脏MR / CT（LI-RADS）",
        "肝细胞癌高危人群的肝脏多期增强检查，按 LI-RADS v2018 分类。",
        ("MR", "CT"),
        ("肝", "上腹"),
        technique(
            choice("modality", "检查", "mr|MR 多期增强", "mrh|MR 肝胆特异对比剂", "ct|CT 多期增强", default="mr"),
            choice("risk", "高危因素", "hbv|慢性乙型肝炎", "cirrhosis|肝硬化", "history|HCC 病史", many=True),
            text("compared", "对比检查"),
            prose="肝脏{modality}扫描[，高危因素：{risk}][，与{compared}比较]。",
        ),
        findings(
            "liver",
            "肝脏",
            choice(
                "shape",
                "形态",
                "normal|正常|肝脏大小形态正常，表面光滑",
                "cirrhosis|肝硬化|肝表面不光整，各叶比例失调，肝裂增宽",
                prose="{shape}。",
                default="normal",
            ),
            choice(
                "steatosis",
                "脂肪变",
                "no|无|肝实质未见明显脂肪变",
                "mild|轻度|肝实质轻度脂肪变",
                "severe|中重度|肝实质中重度脂肪变",
                prose="{steatosis}。",
            ),
            group(
                "observations",
                "观察结节",
                "{#}）S{segment}见结节，大小约{size}mm，动脉期{aphe}，{washout}，{capsule}，{growth}[，{vein}]"
                "[，较前变化{change}%]，{lirads}。",
                choice(
                    "segment",
                    "肝段",
                    "1|S1|1",
                    "2|S2|2",
                    "3|S3|3",
                    "4|S4|4",
                    "5|S5|5",
                    "6|S6|6",
                    "7|S7|7",
                    "8|S8|8",
                    required=True,
                ),
                length("size", "最大径", required=True, high=300),
                choice(
                    "aphe",
                    "动脉期高强化",
                    "no|无|无高强化",
                    "yes|非环形|非环形高强化",
                    "rim|环形|环形高强化",
                    required=True,
                ),
                choice(
                    "washout", "廓清", "no|无|未见非周边廓清|0", "yes|有|见非周边廓清|1", required=True, default="no"
                ),
                choice(
                    "capsule", "强化包膜", "no|无|未见强化包膜|0", "yes|有|见强化包膜|1", required=True, default="no"
                ),
                choice(
                    "growth",
                    "阈值增长",
                    "no|无或不适用|无阈值增长|0",
                    "yes|有（6 个月内≥50%）|阈值增长|1",
                    required=True,
                    default="no",
                ),
                choice("vein", "静脉癌栓", "no|无|未见静脉癌栓", "yes|有|见静脉癌栓"),
                calculated("major", "附加主要征象数", "score.washout + score.capsule + score.growth", decimals=0),
                calculated("change", "变化", "round(change(prior.size, size), 0)", unit="%", decimals=0),
                choice("lirads", "LI-RADS", *_categories(advice=False), formula=LIRADS, required=True),
            ),
        ),
        findings(
            "around",
            "血管、脾与其他",
            length("portal", "门静脉主干", high=40, prose="门静脉主干内径约{portal}mm。"),
            choice(
                "portal_thrombus",
                "门静脉血栓",
                "no|无|门静脉未见充盈缺损",
                "yes|有|门静脉见充盈缺损",
                prose="{portal_thrombus}。",
            ),
            length("spleen", "脾长径", high=300, prose="脾长径约{spleen}mm[?spleen > 120：，脾大]。"),
            choice(
                "ascites",
                "腹水",
                "no|无|未见腹水",
                "some|少量|少量腹水",
                "much|大量|大量腹水",
                prose="{ascites}。",
                default="no",
            ),
            text("rest", "其余所见", prose="{rest}。"),
            images(),
        ),
        impression(
            calculated(
                "biggest",
                "最大结节",
                "max(observations.size)",
                unit="mm",
                prose="肝内结节（{observations.segment}段），最大者约{biggest}mm。",
            ),
            choice(
                "overall",
                "LI-RADS（最高）",
                *_categories(advice=True),
                formula=f"if(count(observations) > 0, {_HIGHEST}, '')",
                prose="LI-RADS {overall}。",
                code=local("LIRADS", "LI-RADS category"),
                hint="按结节自动建议，可改选",
            ),
            says("cirrhosis_says", "肝硬化", "shape == 'cirrhosis'", "肝硬化"),
            says("spleen_says", "脾大", "spleen > 120", "脾大"),
            says("ascites_says", "腹水", "ascites == 'some' or ascites == 'much'", "腹水"),
            text("other", "其他", prose="{other}。"),
        ),
    )


def abdominal_ultrasound() -> FormTemplate:
    """Liver, gallbladder, pancreas, spleen and kidneys by ultrasound."""
    return template(
        10,
        "腹部超声",
        "肝、胆、胰、脾、双肾超声。",
        ("US",),
        ("腹部", "上腹", "肝胆", "肝", "肾"),
        findings(
            "liver",
            "肝脏",
            length("oblique", "右叶最大斜径", high=300, prose="肝右叶最大斜径约{oblique}mm。"),
            choice(
                "echo",
                "实质回声",
                "even|均匀|肝实质回声均匀",
                "fatty|脂肪肝|肝实质回声细密增强，后方衰减，肝内管道显示欠清",
                "coarse|增粗|肝实质回声增粗不均匀",
                prose="{echo}。",
                default="even",
            ),
            group(
                "liver_lesions",
                "肝内病灶",
                "肝{lobe}见{kind}，大小约{long}mm×{short}mm[，较前变化{change}%]。",
                choice("lobe", "部位", "r|右叶", "l|左叶", required=True),
                choice(
                    "kind",
                    "性质",
                    "cyst|囊肿|无回声囊性灶",
                    "haem|高回声结节|高回声结节",
                    "low|低回声结节|低回声结节",
                    "mixed|混合回声|混合回声结节",
                    "calc|钙化|强回声钙化灶",
                    required=True,
                ),
                length("long", "长径", required=True),
                length("short", "短径", required=True),
                calculated("change", "长径变化", "round(change(prior.long, long), 0)", unit="%", decimals=0),
            ),
            length("portal", "门静脉主干", high=40, prose="门静脉主干内径约{portal}mm。"),
        ),
        findings(
            "gallbladder_part",
            "胆囊与胆管",
            choice(
                "gallbladder",
                "胆囊",
                "normal|未见异常|胆囊大小正常，壁光滑，腔内未见异常回声",
                "stone|结石|胆囊内见强回声团伴声影，随体位移动",
                "polyp|息肉样病变|胆囊壁见附壁等回声，无声影，不移动",
                "inflamed|壁厚毛糙|胆囊壁增厚毛糙",
                "removed|已切除|胆囊已切除",
                many=True,
                prose="{gallbladder}[，大者约{stone_size}mm]。",
                default="normal",
            ),
            length("stone_size", "结石或息肉大小", when="has(gallbladder, 'stone', 'polyp')", high=80),
            length("duct", "胆总管", high=40, prose="胆总管内径约{duct}mm[?duct > 8：，扩张]。"),
        ),
        findings(
            "pancreas_spleen",
            "胰腺与脾",
            choice(
                "pancreas",
                "胰腺",
                "normal|未见异常|胰腺大小形态正常，回声均匀，主胰管未见扩张",
                "gas|显示不清|胰腺受肠气干扰显示不清",
                "abnormal|异常|胰腺见异常回声",
                prose="{pancreas}。",
                default="normal",
            ),
            length("spleen_thick", "脾厚", high=150, prose="脾厚约{spleen_thick}mm[，长约{spleen_long}mm]。"),
            length("spleen_long", "脾长", high=300),
        ),
        findings(
            "kidneys",
            "双肾",
            length("r_kidney", "右肾长径", high=200, prose="右肾长径约{r_kidney}mm。"),
            length("l_kidney", "左肾长径", high=200, prose="左肾长径约{l_kidney}mm。"),
            choice(
                "hydronephrosis",
                "肾积水",
                "no|无|双肾集合系统未见分离",
                "r|右侧|右肾集合系统分离",
                "l|左侧|左肾集合系统分离",
                "b|双侧|双肾集合系统分离",
                prose="{hydronephrosis}[，宽约{separation}mm]。",
                default="no",
            ),
            length("separation", "分离宽度", when="hydronephrosis != 'no'", high=100),
            choice(
                "kidney_stone",
                "肾结石",
                "no|无|双肾未见结石",
                "r|右肾|右肾见强回声伴声影",
                "l|左肾|左肾见强回声伴声影",
                "b|双肾|双肾见强回声伴声影",
                prose="{kidney_stone}[，大者约{kidney_stone_size}mm]。",
                default="no",
            ),
            length("kidney_stone_size", "结石大小", when="kidney_stone != 'no'", high=80),
            images(),
        ),
        impression(
            says("fatty_says", "脂肪肝", "echo == 'fatty'", "脂肪肝"),
            says("coarse_says", "肝实质", "echo == 'coarse'", "肝实质回声增粗，请结合临床"),
            says("cyst_says", "肝囊肿", "has(liver_lesions.kind, 'cyst')", "肝囊肿"),
            says("haem_says", "肝内高回声", "has(liver_lesions.kind, 'haem')", "肝内高回声结节，考虑血管瘤可能"),
            says(
                "nodule_says",
                "肝内结节",
                "has(liver_lesions.kind, 'low', 'mixed')",
                "肝内结节，建议进一步增强检查",
            ),
            says("stone_says", "胆囊结石", "has(gallbladder, 'stone')", "胆囊结石"),
            says("polyp_says", "胆囊息肉", "has(gallbladder, 'polyp')", "胆囊息肉样病变"),
            says("inflamed_says", "胆囊炎", "has(gallbladder, 'inflamed')", "胆囊壁毛糙增厚，考虑胆囊炎"),
            says("duct_says", "胆总管扩张", "duct > 8", "胆总管扩张"),
            says("spleen_says", "脾大", "spleen_thick > 40", "脾大"),
            says("hydro_says", "肾积水", "known(hydronephrosis) and hydronephrosis != 'no'", "肾积水"),
            says("kidney_says", "肾结石", "known(kidney_stone) and kidney_stone != 'no'", "肾结石"),
            text("other", "其他", prose="{other}。"),
        ),
    )
