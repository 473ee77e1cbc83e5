"""Reports made from templates of many kinds, right ones and ones with one mistake put in: the checker's measure."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seed:
    """A report and the kind of mistake in it; None when it is right."""

    report: Report
    kind: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Base:
    """One kind of right report: `{…}` are filled by chance, the same in both texts."""

    exam_type: str
    body_part: str
    findings: str
    impression: str
    sided: bool = False
    sex: str = ""
    prior: str = ""
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)


BASES: tuple[Base, ...] = (
    Base(
        "CT",
        "胸部",
        "胸廓对称，所示骨质结构完整。双肺纹理走行自然，双肺野内未见异常密度影。气管及各级支气管通畅，双侧肺门不大。纵隔居中，未见肿大淋巴结影。心影及大血管形态、大小未见异常。双侧胸膜无增厚，双侧胸腔未见积液。",
        "胸部CT平扫未见明显异常。",
    ),
    Base(
        "CT",
        "胸部",
        "胸廓对称。{S}肺{L}叶见一{N}结节影，大小约{a}mm×{b}mm，边界{c}，CT值约{hu}HU。余双肺野内未见异常密度影。纵隔内未见肿大淋巴结影。双侧胸腔未见积液。",
        "1. {S}肺{L}叶{N}结节，建议{m}个月后复查。\n2. 余胸部CT平扫未见明显异常。",
    ),
    Base(
        "CT",
        "胸部",
        "{S}肺{L}叶见斑片状密度增高影，边缘模糊，内见支气管充气征。余肺野清晰。气管及各级支气管通畅。纵隔内未见肿大淋巴结。{S}侧胸腔见少量积液。心影不大。",
        "1. {S}肺{L}叶炎症，建议治疗后复查。\n2. {S}侧胸腔少量积液。",
    ),
    Base(
        "CT",
        "胸部",
        "{S}肺{L}叶结节，大小约{a}mm×{b}mm，与前片（{p}mm）比较略增大，边缘见毛刺。纵隔未见肿大淋巴结。双侧胸腔无积液。",
        "{S}肺{L}叶结节，较前略增大，建议进一步检查。",
        prior="{S}肺{L}叶见结节影，大小约{p}mm×{b}mm，边界清楚。{S}肺{L}叶结节，建议复查。",
    ),
    Base(
        "CT",
        "胸部",
        "{S}肺{L}叶见结节影，大小约{a}mm×{b}mm，边界清楚，与前片相仿。余肺未见异常。",
        "{S}肺{L}叶结节，较前无明显变化。",
        prior="{S}肺{L}叶见结节影，大小约{a}mm×{b}mm。{S}肺{L}叶结节。",
    ),
    Base(
        "CT",
        "胸部",
        "{S}侧胸腔见气体密度影，肺组织压缩约{pct}%，纵隔未见移位。{S}侧第{rib}肋骨骨皮质中断，断端对位尚可。另一侧肺野清晰。",
        "1. {S}侧气胸（肺压缩约{pct}%）。\n2. {S}侧第{rib}肋骨骨折。",
    ),
    Base(
        "CT",
        "头颅",
        "双侧大脑半球对称，灰白质界限清楚，脑实质内未见异常密度影。各脑室、脑池大小形态正常，中线结构居中。小脑、脑干未见异常密度影。颅骨骨质完整，所示鼻窦清晰。",
        "头颅CT平扫未见明显异常。",
    ),
    Base(
        "CT",
        "头颅",
        "{S}侧基底节区见团片状高密度影，大小约{d}mm×{e}mm，CT值约6{h}HU，周围见低密度水肿带。{S}侧侧脑室受压，中线结构向{O}侧移位约{h}mm。余脑实质内未见异常密度影。",
        "{S}侧基底节区脑出血，请结合临床并及时复查。",
    ),
    Base(
        "CT",
        "头颅",
        "双侧基底节区见多发点状低密度影，边界清楚。脑室、脑池扩大，脑沟、脑裂增宽，中线结构居中。颅骨骨质完整。",
        "1. 双侧基底节区腔隙性脑梗死。\n2. 老年性脑改变。",
    ),
    Base(
        "CT",
        "上腹部",
        "肝脏大小、形态正常，各叶比例协调，肝实质密度均匀，肝内外胆管无扩张。胆囊不大，壁不厚，腔内未见异常密度影。脾脏不大，密度均匀。胰腺形态正常，胰管无扩张。双肾及肾上腺未见异常。腹膜后未见肿大淋巴结影，腹腔未见积液。",
        "上腹部CT平扫未见明显异常。",
    ),
    Base(
        "CT",
        "上腹部",
        "肝脏形态正常，肝实质密度弥漫性减低，低于同层脾脏密度。肝{S}叶见类圆形水样低密度影，直径约{a}mm，边界清楚，CT值约{h}HU。胆囊不大，腔内见结节状高密度影，直径约{h}mm。脾脏、胰腺未见异常。腹腔未见积液。",
        "1. 脂肪肝。\n2. 肝{S}叶囊肿。\n3. 胆囊结石。",
    ),
    Base(
        "CT",
        "泌尿系",
        "{S}侧输尿管上段见结节状高密度影，大小约{h}mm×{h}mm，其以上输尿管及肾盂扩张积水。{O}肾形态、大小正常，未见结石及积水。膀胱充盈好，壁不厚。",
        "{S}侧输尿管上段结石伴{S}肾积水。",
    ),
    Base(
        "CT",
        "腹部",
        "胆囊术后缺如，胆总管无扩张。肝脏密度均匀。脾脏、胰腺形态正常。双肾未见异常。腹腔未见积液。",
        "胆囊切除术后改变，余腹部CT平扫未见明显异常。",
        prior="胆囊切除术后。肝、脾、胰未见异常。",
    ),
    Base(
        "CT",
        "盆腔",
        "膀胱充盈良好，壁光滑。子宫大小形态正常，双侧附件区未见异常密度影。盆腔未见肿大淋巴结，未见积液。",
        "盆腔CT平扫未见明显异常。",
        sex="女",
    ),
    Base(
        "CT",
        "盆腔",
        "膀胱充盈良好，壁光滑。前列腺增大，横径约5{h}mm，密度欠均匀，内见点状钙化。精囊腺对称。盆腔未见肿大淋巴结。",
        "前列腺增生伴钙化。",
        sex="男",
    ),
    Base(
        "MR",
        "腰椎",
        "腰椎生理曲度变直，各椎体边缘见骨质增生。L4/5椎间盘向后突出约{h}mm，硬膜囊受压，{S}侧侧隐窝变窄。脊髓圆锥位置正常，信号未见异常。",
        "1. L4/5椎间盘突出。\n2. 腰椎退行性变。",
    ),
    Base(
        "MR",
        "膝关节",
        "{S}膝关节诸骨骨质信号未见异常。内侧半月板后角见线样高信号影，达关节面缘。前后交叉韧带连续，信号正常。内外侧副韧带完整。关节腔内见少量液体信号影。",
        "1. {S}膝内侧半月板后角撕裂。\n2. {S}膝关节少量积液。",
        sided=True,
    ),
    Base(
        "MR",
        "膝关节",
        "{S}膝关节对位良好，诸骨骨质信号未见异常。内、外侧半月板形态、信号未见异常。前后交叉韧带连续。关节腔未见积液，周围软组织未见肿胀。",
        "{S}膝关节MR平扫未见明显异常。",
        sided=True,
    ),
    Base(
        "MR",
        "头颅",
        "{S}侧放射冠区见斑片状长T1长T2信号影，FLAIR呈高信号，DWI呈高信号，ADC呈低信号，范围约{a}mm×{b}mm。余脑实质未见异常信号。脑室系统形态正常，中线结构居中。",
        "{S}侧放射冠区急性脑梗死。",
    ),
    Base(
        "DR",
        "胸部",
        "胸廓对称，双肺纹理清晰，双肺野未见实变影。双肺门影不大。纵隔居中，心影大小形态正常，心胸比约0.4{h}。双侧膈面光整，肋膈角锐利。",
        "胸部正位片未见明显异常。",
    ),
    Base(
        "DR",
        "踝关节",
        "{S}踝关节诸骨骨质结构完整，未见骨折及脱位征象。关节间隙正常，周围软组织肿胀。",
        "{S}踝关节未见骨折，周围软组织肿胀，必要时CT检查。",
        sided=True,
    ),
    Base(
        "DR",
        "腕关节",
        "{S}桡骨远端骨皮质不连续，断端向背侧移位约{h}mm。{S}腕关节关系尚可，周围软组织肿胀。",
        "{S}桡骨远端骨折。",
        sided=True,
    ),
    Base(
        "US",
        "甲状腺",
        "甲状腺大小形态正常，包膜光整，实质回声均匀。{S}叶中部见一低回声结节，大小约{a}mm×{b}mm，边界清晰，形态规则，内未见明显血流信号。双侧颈部未见肿大淋巴结。",
        "甲状腺{S}叶结节，TI-RADS 3类，建议定期复查。",
    ),
    Base(
        "US",
        "乳腺",
        "双侧乳腺腺体层次清楚。{S}侧乳腺外上象限见一低回声结节，大小约{a}mm×{b}mm，边界清楚，后方回声无改变。双侧腋窝未见肿大淋巴结。",
        "{S}侧乳腺结节，BI-RADS 3类，建议6个月后复查。",
        sex="女",
    ),
    Base(
        "US",
        "子宫附件",
        "子宫前位，大小形态正常，肌层回声均匀，内膜厚约{h}mm。{S}侧卵巢内见无回声囊性结构，大小约{d}mm×{e}mm，壁薄光滑，透声好。{O}侧附件区未见异常回声。盆腔未见积液。",
        "{S}侧卵巢囊肿。",
        sex="女",
    ),
    Base(
        "MG",
        "乳腺",
        "双侧乳腺呈致密型。{S}乳外上象限见一高密度肿块影，大小约{d}mm×{e}mm，边缘见毛刺。双侧腋下未见肿大淋巴结。{O}乳未见肿块及恶性钙化。",
        "{S}乳肿块，BI-RADS 4C类，建议活检。",
        sex="女",
    ),
    Base(
        "CT",
        "胸主动脉",
        "升主动脉直径约4{h}mm，管壁见钙化斑块，未见内膜片影。主动脉弓及降主动脉管径正常。双肺未见异常密度影，双侧胸腔未见积液。",
        "升主动脉增宽，主动脉粥样硬化。",
    ),
    Base(
        "DR",
        "髋关节",
        "{S}股骨颈见透亮线影，骨皮质中断，断端轻度错位。{S}髋关节间隙正常，骨盆诸骨骨质完整。",
        "{S}股骨颈骨折。",
        sided=True,
    ),
    Base(
        "CT",
        "鼻窦",
        "{S}侧上颌窦黏膜增厚，窦腔内见软组织密度影。余鼻窦清晰，窦壁骨质完整。鼻中隔居中，双侧鼻甲不大。",
        "{S}侧上颌窦炎。",
    ),
)
_FILL: dict[str, Callable[[random.Random], str]] = {
    "L": lambda r: r.choice(("上", "下")),
    "N": lambda r: r.choice(("实性", "磨玻璃", "部分实性")),
    "c": lambda r: r.choice(("清楚", "欠清", "毛糙")),
    "a": lambda r: str(r.randint(9, 24)),
    "b": lambda r: str(r.randint(5, 8)),
    "p": lambda r: str(r.randint(5, 7)),
    "d": lambda r: str(r.randint(31, 48)),
    "e": lambda r: str(r.randint(20, 30)),
    "h": lambda r: str(r.randint(3, 9)),
    "hu": lambda r: str(r.randint(18, 55)),
    "m": lambda r: r.choice(("3", "6", "12")),
    "pct": lambda r: str(r.randint(15, 60)),
    "rib": lambda r: str(r.randint(3, 9)),
}


def right(base: Base, chance: random.Random) -> Report:
    """A right report of one kind."""
    values = {name: fill(chance) for name, fill in _FILL.items()}
    values["S"] = chance.choice("左右")
    values["O"] = "右" if values["S"] == "左" else "左"
    return {
        "exam_type": base.exam_type,
        "body_part": base.body_part,
        "side": values["S"] if base.sided else "",
        "sex": base.sex or chance.choice(("男", "女")),
        "age": chance.randint(20, 85),
        "prior": base.prior.format(**values),
        "findings": base.findings.format(**values),
        "impression": base.impression.format(**values),
    }


_TYPOS = (
    ("未见", "末见"),
    ("密度", "密渡"),
    ("结节", "节结"),
    ("纵隔", "纵膈"),
    ("胆囊", "胆襄"),
    ("积液", "积夜"),
    ("椎体", "锥体"),
    ("骨折", "骨拆"),
    ("异常", "异长"),
    ("边界", "边介"),
    ("清楚", "轻楚"),
    ("信号", "信毫"),
    ("形态", "行态"),
    ("对称", "对衬"),
    ("纹理", "纹里"),
    ("气管", "汽管"),
    ("淋巴结", "淋巴节"),
    ("软组织", "软组只"),
    ("建议", "建义"),
    ("复查", "复察"),
    ("囊肿", "囊种"),
    ("增厚", "增后"),
    ("肿胀", "肿帐"),
    ("胸腔", "胸控"),
    ("半月板", "半月扳"),
    ("韧带", "韧代"),
    ("扩张", "扩涨"),
    ("低密度", "底密度"),
    ("斑片状", "班片状"),
    ("居中", "剧中"),
)
_REMNANTS = ("____", "【】", "[请选择]", "（　）", "XX", "××", "{大小}", "左/右", "***", "请填写", "???")


def _side(report: Report, chance: random.Random) -> Report | None:
    name = chance.choice(("impression", "findings")) if report["side"] else "impression"
    text = report[name]
    if not re.search("[左右]", text):
        return None
    if re.search("双", text) and not report["side"] and not re.search("[左右]", text):
        return None
    return {**report, name: text.translate(str.maketrans("左右", "右左"))}


def _sex(report: Report, _chance: random.Random) -> Report | None:
    if re.search("子宫|卵巢|附件", report["findings"]):
        return {**report, "sex": "男"}
    if "前列腺" in report["findings"]:
        return {**report, "sex": "女"}
    if report["body_part"] in {"上腹部", "腹部"}:
        organ = "前列腺不大。" if report["sex"] == "女" else "子宫及双侧附件区未见异常。"
        return {**report, "findings": report["findings"] + organ}
    return None


def _removed(report: Report, chance: random.Random) -> Report | None:
    for words, prior in (
        ("胆囊不大", chance.choice(("胆囊切除术后改变。", "患者3年前行胆囊切除术。", "胆囊缺如，呈术后改变。"))),
        ("脾脏不大", "脾切除术后。"),
        ("子宫前位", "子宫全切术后，残端未见异常。"),
        ("子宫大小形态正常", "全子宫及双侧附件切除术后。"),
        ("前列腺增大", "前列腺癌根治术后。"),
        ("甲状腺大小形态正常", "甲状腺全切术后。"),
        ("左肾形态、大小正常", "左肾切除术后，左肾缺如。"),
        ("右肾形态、大小正常", "右肾癌，已行右肾切除。"),
    ):
        if words in report["findings"]:
            return {**report, "prior": f"{prior}"}
    return None


def _unit(report: Report, chance: random.Random) -> Report | None:
    ways: list[tuple[str, str]] = []
    if re.search(r"CT值约-?\d+HU", report["findings"]):
        ways += [(r"(CT值约-?\d+)HU", r"\1mm"), (r"(CT值约-?\d+)HU", r"\1")]
    if re.search(r"大小约\d+mm×\d+mm", report["findings"]):
        ways += [
            (r"(大小约\d+)mm×(\d+)mm", r"\1cm×\2cm"),
            (r"(大小约\d+)mm×(\d+)mm", r"\1mm×\2cm"),
            (r"(大小约\d+)mm×(\d+)mm", r"\1×\2"),
            (r"(大小约\d+)mm×(\d+)mm", r"\1m×\2m"),
            (r"(大小约\d+)mm×(\d+)mm", r"\1HU×\2HU"),
        ]
    if re.search(r"(?:直径|突出|移位|横径|厚)约\d+mm", report["findings"]):
        ways += [
            (r"((?:直径|突出|移位|横径|厚)约\d+)mm", r"\1kg"),
            (r"((?:突出|移位|厚)约\d+)mm", r"\1cm"),
            (r"((?:直径|突出|移位|横径|厚)约\d+)mm", r"\1HU"),
        ]
    chance.shuffle(ways)
    for pattern, into in ways:
        text = re.sub(pattern, into, report["findings"], count=1)
        if text != report["findings"]:
            return {**report, "findings": text}
    return None


def _missing(report: Report, chance: random.Random) -> Report | None:
    ways = [
        (r"大小约\d+mm×\d+mm", "大小约mm×mm"),
        (r"，大小约\d+mm×\d+mm", ""),
        (r"(直径|突出|移位|横径|厚)约\d+mm", r"\1约mm"),
        (r"CT值约-?\d+HU", "CT值约HU"),
        (r"大小约\d+mm×\d+mm", "大小约"),
    ]
    chance.shuffle(ways)
    for pattern, into in ways:
        if into == "" and not re.search(r"(?:结节|肿块)[^。]{0,6}，大小约", report["findings"]):
            continue
        text = re.sub(pattern, into, report["findings"], count=1)
        if text != report["findings"]:
            return {**report, "findings": text}
    if chance.random() < 0.3:
        return {**report, "impression": ""}
    return None


def _conflict(report: Report, chance: random.Random) -> Report | None:
    if "未见明显异常" in report["impression"] and "余" not in report["impression"] and report["exam_type"] == "CT":
        told = {"胸部": "双侧胸腔积液。", "头颅": "脑出血。", "上腹部": "胆囊结石。", "盆腔": "盆腔积液。"}
        return {**report, "impression": told.get(report["body_part"], "右肾结石。")}
    ways = [
        ("骨折", "未见明显骨折。"),
        ("积液", "未见积液。"),
        ("结节", "未见明显异常。"),
        ("结石", "未见结石。"),
        ("脑出血", "头颅CT平扫未见出血。"),
        ("气胸", "未见气胸。"),
        ("撕裂", "半月板未见撕裂。"),
        ("囊肿", "未见异常。"),
        ("肿块", "双侧乳腺未见明显异常。"),
        ("急性脑梗死", "未见明显异常。"),
    ]
    for word, instead in ways:
        if (
            word in report["impression"]
            and "未见" not in report["impression"]
            and not ("撕裂" in word and chance.random() < 0.5)
        ):
            words = instead
            if word in {"脑出血", "急性脑梗死", "囊肿", "撕裂"} and word not in report["findings"]:
                words = "未见明显异常。"
                if not re.search("积液|结节|结石|气胸|肿块|骨折|出血|囊", report["findings"]):
                    continue
            return {**report, "impression": words}
    return None


def _prior(report: Report, chance: random.Random) -> Report | None:
    if "较前略增大" in report["impression"]:
        swapped = re.sub(r"大小约\d+mm", "大小约31mm", report["prior"], count=1)
        return chance.choice(
            (
                {**report, "prior": swapped, "findings": re.sub(r"（\d+mm）", "", report["findings"])},
                {**report, "findings": re.sub(r"（\d+mm）", "（29mm）", report["findings"])},
                {**report, "impression": report["impression"].replace("略增大", "缩小")},
                {
                    **report,
                    "prior": "双肺未见异常密度影。胸部CT平扫未见明显异常。",
                    "findings": re.sub(r"（\d+mm）", "", report["findings"]),
                },
            )
        )
    if "较前无明显变化" in report["impression"]:
        swapped = re.sub(r"大小约\d+mm", "大小约3mm", report["prior"], count=1)
        return chance.choice(
            (
                {**report, "prior": swapped},
                {**report, "prior": ""},
                {**report, "impression": report["impression"].replace("较前无明显变化", "为新发")},
                {
                    **report,
                    "impression": report["impression"].replace("无明显变化", "明显缩小"),
                    "findings": report["findings"].replace("，与前片相仿", ""),
                },
            )
        )
    return None


def _template(report: Report, chance: random.Random) -> Report | None:
    remnant = chance.choice(_REMNANTS)
    ways = [
        (r"\d+mm×\d+mm", remnant if remnant in {"____", "【】", "（　）", "***", "???", "××"} else "____mm×____mm"),
        (r"[左右](?=侧|肺|膝|踝)", remnant),
        (r"(?<=边界)(?:清楚|欠清|毛糙)", remnant),
        (r"(?<=[。])(?=[^。]{6})", f"{remnant}部"),
    ]
    chance.shuffle(ways)
    for pattern, into in ways:
        text = re.sub(pattern, lambda _match, into=into: into, report["findings"], count=1)  # type: ignore[misc]
        if text != report["findings"]:
            return {**report, "findings": text}
    return None


def _typo(report: Report, chance: random.Random) -> Report | None:
    there = [(word, slip, name) for word, slip in _TYPOS for name in ("findings", "impression") if word in report[name]]
    if not there:
        return None
    word, slip, name = chance.choice(there)
    return {**report, name: report[name].replace(word, slip, 1)}


MISTAKES: dict[str, Callable[[Report, random.Random], Report | None]] = {
    "side": _side,
    "sex": _sex,
    "removed-organ": _removed,
    "unit": _unit,
    "missing": _missing,
    "conflict": _conflict,
    "prior": _prior,
    "template": _template,
    "typo": _typo,
}


def seeds(each: int = 40, right_ones: int = 400, seed: int = 1) -> Iterator[Seed]:
    """`each` reports with each kind of mistake, and right ones."""
    chance = random.Random(seed)
    for number in range(right_ones):
        yield Seed({"id": f"right-{number}", **right(BASES[number % len(BASES)], chance)}, None)
    for kind, put in MISTAKES.items():
        made = tries = 0
        while made < each and tries < each * 400:
            tries += 1
            report = put(right(chance.choice(BASES), chance), chance)
            if report is not None:
                made += 1
                yield Seed({"id": f"{kind}-{made}", **report}, kind)
