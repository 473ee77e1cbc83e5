"""Head CT in emergencies."""

from __future__ import annotations

from server.structured.catalogue.building import (
    calculated,
    choice,
    findings,
    group,
    images,
    impression,
    length,
    number,
    says,
    technique,
    template,
    text,
)
from shared.domain.structured import FormTemplate

_ACUTE = "has(bleeds.kind, 'ich', 'sdh', 'edh', 'sah', 'ivh')"


def head_emergency() -> FormTemplate:
    """Bleeding, shift, stroke signs, fractures."""
    return template(
        9,
        "头颅CT 急诊",
        "急诊头颅平扫 CT：出血与血肿量、中线移位、早期缺血征象（ASPECTS）、骨折。",
        ("CT",),
        ("头", "颅", "脑"),
        technique(
            choice("reason", "指征", "trauma|外伤", "stroke|卒中", "headache|头痛", "other|其他"),
            text("compared", "对比检查"),
            prose="头颅 CT 平扫[（{reason}）][，与{compared}比较]。",
        ),
        findings(
            "bleeding",
            "出血",
            group(
                "bleeds",
                "出血灶",
                "{#}）[{side}][{place}]见{kind}[，大小约{a}mm×{b}mm×{c}mm][，体积约{volume}mL][，CT 值约{hu}HU]"
                "[，{age}]"
                "[，较前变化{change}%]。",
                choice(
                    "kind",
                    "类型",
                    "ich|脑实质出血",
                    "sdh|硬膜下血肿",
                    "edh|硬膜外血肿",
                    "sah|蛛网膜下腔出血",
                    "ivh|脑室出血",
                    required=True,
                ),
                choice("side", "侧别", "r|右侧", "l|左侧", "b|双侧"),
                text("place", "部位", hint="例如 基底节区、额颞部"),
                length("a", "最大长径", high=200),
                length("b", "垂直宽径", high=200),
                length("c", "上下径", high=200),
                calculated("volume", "体积（abc/2）", "round(a * b * c / 2 / 1000, 1)", unit="mL"),
                number("hu", "CT 值", "[hnsf'U]", low=-1000, high=3000),
                choice(
                    "age",
                    "分期",
                    "acute|急性|呈急性期",
                    "subacute|亚急性|呈亚急性期",
                    "chronic|慢性|呈慢性期",
                    default="acute",
                ),
                calculated("change", "体积变化", "round(change(prior.volume, volume), 0)", unit="%", decimals=0),
                most=8,
            ),
            choice(
                "no_bleed",
                "无出血",
                "none|未见出血|颅内未见明确出血",
                formula="if(count(bleeds) == 0, 'none', '')",
                prose="{no_bleed}。",
            ),
        ),
        findings(
            "mass_effect",
            "占位效应",
            length(
                "shift",
                "中线移位",
                high=60,
                prose="[?shift > 0：中线结构移位约{shift}mm[，向{shift_side}侧]][?shift == 0：中线结构居中]。",
                required=True,
                default="0",
            ),
            choice("shift_side", "移位方向", "r|右", "l|左", when="shift > 0"),
            choice(
                "ventricles",
                "脑室脑池",
                "normal|正常|脑室、脑池大小形态正常",
                "compressed|受压|脑室受压变形",
                "dilated|扩大|脑室扩大，梗阻性脑积水",
                prose="{ventricles}。",
                default="normal",
            ),
            choice(
                "hernia",
                "脑疝",
                "no|无|未见脑疝征象",
                "yes|有|见脑疝征象（环池、鞍上池受压）",
                prose="{hernia}。",
                default="no",
            ),
        ),
        findings(
            "ischaemia",
            "缺血",
            choice(
                "infarct",
                "早期缺血",
                "no|无|未见明确早期缺血征象",
                "early|早期征象|灰白质界限模糊，脑沟变浅，提示早期缺血",
                "old|陈旧灶|见陈旧性梗死灶",
                many=True,
                prose="{infarct}[（{infarct_place}）]。",
                default="no",
            ),
            text("infarct_place", "部位", when="has(infarct, 'early', 'old')"),
            number("aspects", "ASPECTS", high=10, prose="ASPECTS 评分{aspects}分。", when="has(infarct, 'early')"),
            choice(
                "dense",
                "血管高密度征",
                "no|无",
                "yes|有|见大脑中动脉高密度征",
                when="has(infarct, 'early')",
            ),
        ),
        findings(
            "skull",
            "颅骨与软组织",
            choice(
                "fracture",
                "骨折",
                "no|无|颅骨未见骨折",
                "linear|线样骨折|见线样骨折",
                "depressed|凹陷骨折|见凹陷骨折",
                "base|颅底骨折|见颅底骨折",
                many=True,
                prose="{fracture}[（{fracture_place}）]。",
                default="no",
            ),
            text("fracture_place", "骨折部位", when="has(fracture, 'linear', 'depressed', 'base')"),
            text("soft", "头皮与鼻窦", prose="{soft}。"),
            images(),
        ),
        impression(
            says("ich_says", "脑出血", "has(bleeds.kind, 'ich')", "脑实质出血"),
            says("sdh_says", "硬膜下", "has(bleeds.kind, 'sdh')", "硬膜下血肿"),
            says("edh_says", "硬膜外", "has(bleeds.kind, 'edh')", "硬膜外血肿"),
            says("sah_says", "蛛网膜下腔", "has(bleeds.kind, 'sah')", "蛛网膜下腔出血"),
            says("ivh_says", "脑室", "has(bleeds.kind, 'ivh')", "脑室出血"),
            calculated("total", "血肿总量", "sum(bleeds.volume)", unit="mL", prose="血肿总量约{total}mL。"),
            says("shift_says", "中线移位", "shift >= 5", "中线结构明显移位"),
            says("hernia_says", "脑疝", "hernia == 'yes'", "脑疝，请立即处理"),
            says("early_says", "早期缺血", "has(infarct, 'early')", "早期脑缺血改变，请结合临床，建议 CTA 或 MR"),
            says("old_says", "陈旧梗死", "has(infarct, 'old')", "陈旧性脑梗死"),
            says("fracture_says", "骨折", "has(fracture, 'linear', 'depressed', 'base')", "颅骨骨折"),
            says(
                "normal_says",
                "未见异常",
                f"count(bleeds) == 0 and not {_ACUTE} and has(infarct, 'no')"
                " and has(fracture, 'no') and hernia == 'no'",
                "头颅CT平扫未见明确急性病变",
            ),
            text("other", "其他", prose="{other}。"),
        ),
    )
