"""Coronary CT angiography, after CAD-RADS 2.0 (SCCT, ACC, ACR, NASCI 2022)."""

from __future__ import annotations

from server.structured.catalogue.building import (
    calculated,
    choice,
    findings,
    group,
    images,
    impression,
    local,
    number,
    technique,
    template,
    text,
)
from shared.domain.structured import FormTemplate, Option

_SEGMENTS = (
    "lm|左主干",
    "lad_p|前降支近段",
    "lad_m|前降支中段",
    "lad_d|前降支远段",
    "d1|对角支",
    "lcx_p|回旋支近段",
    "lcx_d|回旋支远段",
    "om|钝缘支",
    "rca_p|右冠近段",
    "rca_m|右冠中段",
    "rca_d|右冠远段",
    "pda|后降支",
)
_MEANING = {
    "0": "无狭窄",
    "1": "极轻度狭窄（1%～24%）",
    "2": "轻度狭窄（25%～49%）",
    "3": "中度狭窄（50%～69%）",
    "4A": "重度狭窄（70%～99%，一至两支）",
    "4B": "左主干≥50% 或三支≥70%",
    "5": "完全闭塞",
    "N": "无法诊断",
}
GRADE = (
    "if(stenosis >= 100, '5', if(stenosis >= 70, '4A', if(stenosis >= 50, if(segment == 'lm', '4B', '3'),"
    " if(stenosis >= 25, '2', if(stenosis >= 1, '1', '0')))))"
)
_VESSEL = (
    "if(stenosis >= 70, if(has(segment, 'lad_p', 'lad_m', 'lad_d', 'd1'), 'lad',"
    " if(has(segment, 'lcx_p', 'lcx_d', 'om'), 'lcx', "
    " if(has(segment, 'rca_p', 'rca_m', 'rca_d', 'pda'), 'rca', ''))), '')"
)
_LEFT_MAIN = "has(lesions.main, 'yes')"
_THREE = "has(lesions.vessel, 'lad') and has(lesions.vessel, 'lcx') and has(lesions.vessel, 'rca')"
_OVERALL = (
    f"if(max(lesions.stenosis) >= 100, '5', if({_LEFT_MAIN} or ({_THREE}), '4B',"
    " if(max(lesions.stenosis) >= 70, '4A', if(max(lesions.stenosis) >= 50, '3',"
    " if(max(lesions.stenosis) >= 25, '2', if(max(lesions.stenosis) >= 1, '1', '0'))))))"
)


def _categories(*, advice: bool) -> tuple[Option, ...]:
    return tuple(
        Option(
            key=key,
            text=f"CAD-RADS {key}",
            words=f"{key}（{words}）" if advice else key,
            code=local(f"CADRADS-{key}", f"CAD-RADS {key}"),
        )
        for key, words in _MEANING.items()
    )


def coronary() -> FormTemplate:
    """Coronary arteries by CT."""
    return template(
        6,
        "冠状动脉CTA（CAD-RADS）",
        "冠状动脉 CT 血管成像，按 CAD-RADS 2.0 分类。",
        ("CT",),
        ("冠状动脉", "冠脉", "心脏"),
        technique(
            number("rate", "心率", "/min", high=250),
            choice("quality", "图像质量", "good|良好", "fair|尚可", "poor|差", default="good"),
            text("compared", "对比检查"),
            prose="冠状动脉 CTA 扫描[，心率{rate}次/分][，图像质量{quality}][，与{compared}比较]。",
        ),
        findings(
            "calcium",
            "钙化积分",
            number(
                "agatston",
                "Agatston 积分",
                "{Agatston}",
                high=10000,
                prose="Agatston 钙化积分{agatston}分[?known(prior.agatston)：，较前变化{agatston_change}]。",
                code=local("AGATSTON", "Agatston calcium score"),
            ),
            calculated("agatston_change", "积分变化", "agatston - prior.agatston", decimals=0),
        ),
        findings(
            "coronaries",
            "冠状动脉",
            choice(
                "dominance",
                "优势型",
                "r|右优势|冠状动脉起源正常，右优势型",
                "l|左优势|冠状动脉起源正常，左优势型",
                "b|均衡|冠状动脉起源正常，均衡型",
                prose="{dominance}。",
                required=True,
            ),
            group(
                "lesions",
                "病变",
                "{segment}[见{plaque}斑块]，管腔狭窄约{stenosis}%[，高危斑块征象：{risk}][，{stent}][，较前变化{change}%]，"
                "CAD-RADS {grade}。",
                choice("segment", "节段", *_SEGMENTS, required=True),
                choice("plaque", "斑块", "calc|钙化", "soft|非钙化", "mixed|混合"),
                number("stenosis", "狭窄程度", "%", high=100, required=True),
                choice(
                    "risk",
                    "高危征象",
                    "low|低密度斑块",
                    "remodel|正性重构",
                    "spotty|点状钙化",
                    "napkin|餐巾环征",
                    many=True,
                ),
                choice("stent", "支架", "patent|通畅|支架通畅", "narrow|再狭窄|支架内再狭窄", "closed|闭塞|支架内闭塞"),
                calculated("change", "狭窄变化", "stenosis - prior.stenosis", unit="%", decimals=0),
                calculated(
                    "grade", "CAD-RADS", f"if(known(stenosis, segment), {GRADE}, '')", *_categories(advice=False)
                ),
                calculated("vessel", "≥70% 的血管", _VESSEL),
                calculated("main", "左主干≥50%", "if(segment == 'lm' and stenosis >= 50, 'yes', '')"),
                most=16,
            ),
            text("rest", "其余节段", prose="{rest}。", hint="例如 余节段未见明确斑块及狭窄"),
        ),
        findings(
            "heart",
            "心脏及其他",
            choice(
                "chambers",
                "心腔",
                "normal|不大|各心腔不大",
                "la|左房大|左心房增大",
                "lv|左室大|左心室增大",
                prose="{chambers}。",
                many=True,
            ),
            choice(
                "pericardium",
                "心包",
                "no|无积液|心包未见积液",
                "yes|积液|心包积液",
                prose="{pericardium}。",
                default="no",
            ),
            text("extra", "心外所见", prose="{extra}。"),
            images(),
        ),
        impression(
            choice(
                "cadrads",
                "CAD-RADS",
                *_categories(advice=True),
                formula=f"if(count(lesions) > 0, {_OVERALL}, '')",
                required=True,
                prose="CAD-RADS {cadrads}[，斑块负荷 {burden}]。",
                code=local("CADRADS", "CAD-RADS category"),
                hint="按病变自动建议，可改选",
            ),
            choice("burden", "斑块负荷", "P1|P1 轻度|P1", "P2|P2 中度|P2", "P3|P3 重度|P3", "P4|P4 极重度|P4"),
            calculated(
                "risk_says",
                "高危斑块",
                "if(has(lesions.risk, 'napkin') or has(lesions.risk, 'low'), '见高危斑块征象（HRP）', '')",
                prose="{risk_says}。",
            ),
            text("other", "其他", prose="{other}。"),
        ),
    )
