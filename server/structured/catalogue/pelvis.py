"""Prostate MR, after PI-RADS v2.1."""

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

_MEANING = {
    "1": "极低，临床显著癌极不可能",
    "2": "低，临床显著癌不太可能",
    "3": "中等，临床显著癌可疑",
    "4": "高，临床显著癌可能",
    "5": "极高，临床显著癌极可能",
}
_PERIPHERAL = "if(dwi == '3' and dce == 'pos', '4', dwi)"
_TRANSITION = "if(t2 == '2' and (dwi == '4' or dwi == '5'), '3', if(t2 == '3' and dwi == '5', '4', t2))"
CATEGORY = f"if(zone == 'pz' or zone == 'cz', {_PERIPHERAL}, if(zone == 'tz' or zone == 'afs', {_TRANSITION}, ''))"
_HIGHEST = (
    "if(has(lesions.pirads, '5'), '5', if(has(lesions.pirads, '4'), '4',"
    " if(has(lesions.pirads, '3'), '3', if(has(lesions.pirads, '2'), '2', if(has(lesions.pirads, '1'), '1', '')))))"
)
_SCORES = ("1|1 分", "2|2 分", "3|3 分", "4|4 分", "5|5 分")


def _categories(*, advice: bool) -> tuple[Option, ...]:
    return tuple(
        Option(
            key=key,
            text=f"{key} 分",
            words=f"{key} 分（{words}）" if advice else f"{key} 分",
            code=local(f"PIRADS-{key}", f"PI-RADS {key}"),
        )
        for key, words in _MEANING.items()
    )


def prostate() -> FormTemplate:
    """Multiparametric prostate MR."""
    return template(
        3,
        "前列腺MR（PI-RADS）",
        "前列腺多参数 MR，按 PI-RADS v2.1 评分。",
        ("MR",),
        ("前列腺", "盆腔"),
        technique(
            choice(
                "protocol", "方案", "mp|多参数|多参数（T2WI、DWI、DCE）", "bp|双参数|双参数（T2WI、DWI）", default="mp"
            ),
            number("psa", "PSA", "ng/mL", high=10000, decimals=2),
            text("compared", "对比检查"),
            prose="前列腺{protocol} MR 扫描[，PSA {psa}ng/mL][，与{compared}比较]。",
        ),
        findings(
            "gland",
            "前列腺",
            length("transverse", "左右径", required=True, high=150),
            length("anteroposterior", "前后径", required=True, high=150),
            length("craniocaudal", "上下径", required=True, high=150),
            calculated(
                "volume",
                "体积",
                "round(ellipsoid(transverse, anteroposterior, craniocaudal) / 1000, 1)",
                unit="mL",
                prose="前列腺大小约{transverse}mm×{anteroposterior}mm×{craniocaudal}mm，体积约{volume}mL"
                "[，PSA 密度{psad}ng/mL²]。",
            ),
            calculated("psad", "PSA 密度", "round(psa / volume, 2)", unit="ng/mL2", decimals=2),
            choice(
                "hyperplasia",
                "移行带",
                "no|无增生|移行带未见明显增生结节",
                "yes|增生|移行带增大，见多发增生结节",
                "bulge|增生并突入膀胱|移行带增大，见多发增生结节并突入膀胱",
                prose="{hyperplasia}。",
            ),
            choice("haemorrhage", "出血", "no|无|T1WI 未见出血", "yes|有|T1WI 见出血高信号", prose="{haemorrhage}。"),
        ),
        findings(
            "lesions_part",
            "病灶",
            group(
                "lesions",
                "病灶",
                "{#}）[{side}][{level}]{zone}见病灶，大小约{size}mm，T2WI {t2}，DWI {dwi}[，DCE {dce}][，{epe}]"
                "[，较前变化{change}%]，PI-RADS {pirads}。",
                choice("side", "侧别", "r|右侧", "l|左侧", "m|中线"),
                choice("level", "层面", "base|底部", "mid|中部", "apex|尖部"),
                choice("zone", "分区", "pz|外周带", "tz|移行带", "cz|中央带", "afs|前纤维肌基质", required=True),
                length("size", "最大径", required=True, high=150),
                choice("t2", "T2WI", *_SCORES, required=True),
                choice("dwi", "DWI", *_SCORES, required=True),
                choice("dce", "DCE", "pos|阳性", "neg|阴性"),
                choice(
                    "epe", "包膜", "no|无外侵|未见包膜外侵犯", "maybe|可疑外侵|可疑包膜外侵犯", "yes|外侵|包膜外侵犯"
                ),
                calculated("change", "变化", "round(change(prior.size, size), 0)", unit="%", decimals=0),
                calculated("pirads", "PI-RADS", CATEGORY, *_categories(advice=False)),
                most=4,
            ),
        ),
        findings(
            "around",
            "周围结构",
            choice(
                "vesicles",
                "精囊",
                "no|未见异常|双侧精囊腺未见异常",
                "yes|侵犯|精囊腺受侵",
                prose="{vesicles}。",
                default="no",
            ),
            choice(
                "nodes",
                "盆腔淋巴结",
                "no|不大|盆腔未见肿大淋巴结",
                "yes|肿大|盆腔见肿大淋巴结",
                prose="{nodes}[，短径约{node_size}mm]。",
                default="no",
            ),
            length("node_size", "短径", when="nodes == 'yes'"),
            choice(
                "bones",
                "骨质",
                "no|未见异常|扫描范围内骨质未见异常信号",
                "yes|异常信号|骨盆骨质见异常信号，转移不除外",
                prose="{bones}。",
                default="no",
            ),
            images(),
        ),
        impression(
            choice(
                "overall",
                "PI-RADS（全腺体）",
                *_categories(advice=True),
                formula=_HIGHEST,
                required=True,
                prose="PI-RADS {overall}。",
                code=local("PIRADS", "PI-RADS assessment category"),
                hint="按病灶自动建议，可改选",
            ),
            calculated(
                "hyperplasia_says",
                "增生",
                "if(hyperplasia == 'yes' or hyperplasia == 'bulge', '前列腺增生', '')",
                prose="{hyperplasia_says}[，体积约{volume}mL]。",
            ),
            text("other", "其他", prose="{other}。"),
        ),
    )
