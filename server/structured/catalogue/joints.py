"""MR of the knee and of the lumbar spine."""

from __future__ import annotations

from server.structured.catalogue.building import (
    calculated,
    choice,
    findings,
    group,
    images,
    impression,
    length,
    says,
    technique,
    template,
    text,
)
from shared.domain.structured import Field, FormTemplate


def _ligament(key: str, name: str) -> Field:
    return choice(
        key,
        name,
        f"normal|完整|{name}走行连续，信号正常",
        f"strain|损伤|{name}增粗，信号增高，纤维尚连续",
        f"partial|部分撕裂|{name}部分纤维中断",
        f"torn|断裂|{name}连续性中断",
        prose=f"{{{key}}}。",
        default="normal",
    )


def _meniscus(key: str, name: str) -> tuple[Field, ...]:
    return (
        choice(
            key,
            name,
            f"normal|正常|{name}形态、信号正常",
            f"degenerate|变性（1～2级）|{name}内见未达关节面的高信号",
            f"torn|撕裂（3级）|{name}内见达关节面的高信号",
            f"bucket|桶柄样撕裂|{name}桶柄样撕裂，碎片移位",
            f"discoid|盘状|{name}呈盘状",
            prose=f"{{{key}}}[（{{{key}_place}}）]。",
            default="normal",
        ),
        choice(
            f"{key}_place",
            f"{name}位置",
            "front|前角",
            "body|体部",
            "back|后角",
            "root|根部",
            many=True,
            when=f"known({key}) and {key} != 'normal'",
        ),
    )


def knee() -> FormTemplate:
    """One knee."""
    return template(
        7,
        "膝关节MR",
        "单侧膝关节 MR：半月板、韧带、软骨、骨与关节腔。",
        ("MR",),
        ("膝",),
        technique(
            choice("side", "侧别", "r|右膝", "l|左膝", required=True),
            text("compared", "对比检查"),
            prose="{side}关节 MR 平扫[，与{compared}比较]。",
        ),
        findings("menisci", "半月板", *_meniscus("medial", "内侧半月板"), *_meniscus("lateral", "外侧半月板")),
        findings(
            "ligaments",
            "韧带",
            _ligament("acl", "前交叉韧带"),
            _ligament("pcl", "后交叉韧带"),
            _ligament("mcl", "内侧副韧带"),
            _ligament("lcl", "外侧副韧带"),
            _ligament("patellar", "髌韧带"),
        ),
        findings(
            "cartilage_part",
            "软骨与骨",
            choice(
                "cartilage",
                "关节软骨（ICRS）",
                "0|0 级|关节软骨厚度、信号正常",
                "1|1 级|关节软骨信号不均（ICRS 1 级）",
                "2|2 级|关节软骨缺损小于 50%（ICRS 2 级）",
                "3|3 级|关节软骨缺损大于 50%（ICRS 3 级）",
                "4|4 级|关节软骨全层缺损，骨质裸露（ICRS 4 级）",
                prose="{cartilage}[，位于{cartilage_place}]。",
                default="0",
            ),
            choice(
                "cartilage_place",
                "软骨位置",
                "pf|髌股关节",
                "mf|股骨内侧髁",
                "lf|股骨外侧髁",
                "mt|胫骨内侧平台",
                "lt|胫骨外侧平台",
                many=True,
                when="known(cartilage) and cartilage != '0'",
            ),
            choice(
                "marrow",
                "骨髓",
                "normal|正常|所示骨髓信号正常",
                "oedema|水肿|见骨髓水肿信号",
                "fracture|骨折|见骨折线",
                prose="{marrow}[（{marrow_place}）]。",
                many=True,
                default="normal",
            ),
            text("marrow_place", "骨髓异常位置", when="has(marrow, 'oedema', 'fracture')"),
        ),
        findings(
            "cavity",
            "关节腔与软组织",
            choice(
                "effusion",
                "积液",
                "no|无|关节腔未见明显积液",
                "some|少量|关节腔少量积液",
                "much|大量|关节腔大量积液",
                prose="{effusion}。",
                default="no",
            ),
            length("baker", "腘窝囊肿", prose="腘窝见囊肿，大小约{baker}mm。"),
            text("soft", "软组织", prose="{soft}。"),
            images(),
        ),
        impression(
            says("medial_says", "内侧半月板", "medial == 'torn' or medial == 'bucket'", "内侧半月板撕裂"),
            says("medial_deg", "内侧半月板变性", "medial == 'degenerate'", "内侧半月板变性"),
            says("lateral_says", "外侧半月板", "lateral == 'torn' or lateral == 'bucket'", "外侧半月板撕裂"),
            says("lateral_deg", "外侧半月板变性", "lateral == 'degenerate'", "外侧半月板变性"),
            says("discoid_says", "盘状半月板", "lateral == 'discoid' or medial == 'discoid'", "盘状半月板"),
            says("acl_says", "前交叉韧带", "acl == 'torn' or acl == 'partial'", "前交叉韧带撕裂"),
            says("acl_strain", "前交叉韧带损伤", "acl == 'strain'", "前交叉韧带损伤"),
            says("pcl_says", "后交叉韧带", "pcl == 'torn' or pcl == 'partial'", "后交叉韧带撕裂"),
            says("mcl_says", "内侧副韧带", "known(mcl) and mcl != 'normal'", "内侧副韧带损伤"),
            says("lcl_says", "外侧副韧带", "known(lcl) and lcl != 'normal'", "外侧副韧带损伤"),
            says("cartilage_says", "软骨", "known(cartilage) and cartilage != '0'", "关节软骨损伤"),
            says("fracture_says", "骨折", "has(marrow, 'fracture')", "骨折"),
            says("oedema_says", "骨髓水肿", "has(marrow, 'oedema')", "骨髓水肿"),
            says("effusion_says", "积液", "effusion == 'some' or effusion == 'much'", "关节积液"),
            says("baker_says", "腘窝囊肿", "baker > 0", "腘窝囊肿"),
            text("other", "其他", prose="{other}。"),
        ),
    )


def lumbar_spine() -> FormTemplate:
    """Lumbar spine with its discs."""
    return template(
        8,
        "腰椎MR",
        "腰椎 MR：曲度、椎体、椎间盘、椎管与神经根。",
        ("MR",),
        ("腰椎",),
        technique(text("compared", "对比检查"), prose="腰椎 MR 平扫[，与{compared}比较]。"),
        findings(
            "spine",
            "序列与椎体",
            choice(
                "curve",
                "曲度",
                "normal|正常|腰椎生理曲度存在，序列连续",
                "straight|变直|腰椎生理曲度变直",
                "reversed|反弓|腰椎生理曲度反弓",
                "scoliosis|侧弯|腰椎侧弯",
                prose="{curve}。",
                default="normal",
            ),
            choice(
                "slip",
                "滑脱",
                "no|无|各椎体无滑脱",
                "1|Ⅰ度|椎体Ⅰ度滑脱",
                "2|Ⅱ度|椎体Ⅱ度滑脱",
                "3|Ⅲ度及以上|椎体Ⅲ度及以上滑脱",
                prose="{slip}[（{slip_place}）]。",
                default="no",
            ),
            text("slip_place", "滑脱节段", when="slip != 'no'"),
            choice(
                "vertebrae",
                "椎体",
                "normal|正常|各椎体形态、信号未见异常",
                "osteophyte|骨质增生|椎体边缘骨质增生",
                "modic|终板改变|终板下见 Modic 改变",
                "compression|压缩骨折|椎体楔形变，骨髓水肿信号",
                "lesion|异常信号|椎体见异常信号灶",
                many=True,
                prose="{vertebrae}[（{vertebrae_place}）]。",
                default="normal",
            ),
            text("vertebrae_place", "椎体异常节段", when="known(vertebrae) and not has(vertebrae, 'normal')"),
        ),
        findings(
            "discs_part",
            "椎间盘",
            group(
                "discs",
                "椎间盘",
                "{level}椎间盘{kind}[，{direction}][，突出约{depth}mm]，{canal}[，{root}][，较前变化{change}mm]。",
                choice("level", "节段", "l12|L1/2", "l23|L2/3", "l34|L3/4", "l45|L4/5", "l5s1|L5/S1", required=True),
                choice(
                    "kind",
                    "改变",
                    "degenerate|变性",
                    "bulge|膨出",
                    "protrusion|突出",
                    "extrusion|脱出",
                    "free|游离",
                    required=True,
                ),
                choice(
                    "direction",
                    "方向",
                    "centre|中央型|中央型",
                    "r|右后|右后型",
                    "l|左后|左后型",
                    "far|极外侧|极外侧型",
                ),
                length("depth", "突出深度", high=40),
                choice(
                    "canal",
                    "椎管",
                    "no|无狭窄|硬膜囊未受压",
                    "mild|轻度|硬膜囊轻度受压",
                    "moderate|中度|椎管中度狭窄",
                    "severe|重度|椎管重度狭窄",
                    required=True,
                    default="no",
                ),
                choice(
                    "root",
                    "神经根",
                    "no|未受压|神经根未受压",
                    "r|右侧受压|右侧神经根受压",
                    "l|左侧受压|左侧神经根受压",
                    "b|双侧受压|双侧神经根受压",
                ),
                calculated("change", "变化", "round(depth - prior.depth, 1)", unit="mm"),
                most=6,
            ),
            text("disc_rest", "其余椎间盘", prose="{disc_rest}。"),
        ),
        findings(
            "canal_part",
            "椎管与其他",
            length(
                "sagittal", "椎管最窄前后径", high=40, prose="椎管前后径最窄处约{sagittal}mm[?sagittal < 10：，狭窄]。"
            ),
            choice(
                "flavum", "黄韧带", "no|不厚|黄韧带未见增厚", "yes|增厚|黄韧带增厚", prose="{flavum}。", default="no"
            ),
            choice(
                "conus",
                "圆锥",
                "normal|正常|脊髓圆锥位置、信号正常",
                "abnormal|异常|脊髓圆锥信号异常",
                prose="{conus}。",
                default="normal",
            ),
            text("soft", "椎旁", prose="{soft}。"),
            images(),
        ),
        impression(
            says(
                "herniation_says",
                "突出",
                "has(discs.kind, 'protrusion', 'extrusion', 'free')",
                "腰椎间盘突出（脱出），节段见描述",
            ),
            says("bulge_says", "膨出", "has(discs.kind, 'bulge')", "腰椎间盘膨出"),
            says("degenerate_says", "变性", "has(discs.kind, 'degenerate')", "腰椎间盘变性"),
            says("stenosis_says", "椎管狭窄", "has(discs.canal, 'moderate', 'severe') or sagittal < 10", "腰椎管狭窄"),
            says("slip_says", "滑脱", "known(slip) and slip != 'no'", "腰椎滑脱"),
            says("compression_says", "压缩骨折", "has(vertebrae, 'compression')", "椎体压缩骨折"),
            says("osteophyte_says", "退行性变", "has(vertebrae, 'osteophyte', 'modic')", "腰椎退行性变"),
            says("lesion_says", "异常信号", "has(vertebrae, 'lesion')", "椎体异常信号，建议增强检查"),
            text("other", "其他", prose="{other}。"),
        ),
    )
