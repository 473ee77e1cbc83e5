"""The impression against the findings, and both against the part that was examined."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.clauses import Mention, asserted, clauses, mentions, sentences
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_ALL_WELL = re.compile(
    r"未见(?:明显|明确|确切|急性|显著)?(?:的)?(?:异常|病变|外伤|器质性)|(?:未见|无)(?:明显)?(?:骨折|脱位)|正常|阴性|无异常|\bno (?:acute|significant|definite)?\s*(?:abnormalit|disease|finding)|\bnormal\b|unremarkable|negative",
    re.IGNORECASE,
)
_SERIOUS = frozenset(
    "积液 积水 气胸 骨折 脱位 结节 肿块 淋巴结肿大 出血 梗死 炎症 结石 囊肿 动脉瘤 夹层 肺不张 撕裂 转移 栓塞 椎间盘 脂肪肝 肝硬化 肺气肿 扩张 狭窄 肿大".split()
)
_BY_SIGNS = {  # what the findings may say in other words than the impression
    "炎症": r"影|密度|渗出|实变|磨玻璃|模糊|浸润|信号|增厚|肿胀|水肿|毛糙|回声|积液|强化|opacit|infiltrat|haz",
    "梗死": r"低密度|高信号|信号|弥散|density|signal|restricted",
    "出血": r"高密度|信号|回声|density|signal|隆起|肿胀|积血",
    "囊肿": r"低密度|水样|无回声|囊|长T2|高信号|cyst|density|anechoic",
    "脂肪肝": r"密度.{0,6}(?:减低|降低|低)|回声.{0,4}(?:增强|细密)|信号|fat|echogen|attenuat|低于",
    "肝硬化": r"结节|波浪|比例失调|体积|缩小|不光|增宽|nodular|contour",
    "结石": r"高密度|强回声|充盈缺损|致密|低信号|声影|hyperdens|echogenic|calcif",
    "狭窄": r"变窄|变细|窄|受压|斑块|narrow|compress|突出|膨出|增生|肥厚",
    "肿块": r"影|结节|团块|密度|信号|回声|肿|隆起|充盈缺损|增厚|灶|opacity|lesion|nodule",
    "结节": r"影|灶|肿块|回声|密度|信号|opacity|lesion|mass|focus",
    "转移": r"结节|影|灶|破坏|密度|信号|淋巴结|多发|lesion|nodule|node",
    "扩张": r"增宽|宽|增粗|扩大|扩张|粗|印戒|轨道|widen|enlarg|prominent|径",
    "积液": r"液体|水样|液性|钝|变浅|弧形|液|暗区|长T2|高信号|fluid|blunt",
    "积水": r"扩张|分离|增宽|dilat|液性|无回声|液",
    "骨折": r"透亮线|低密度线|骨折|中断|不连续|皱褶|塌陷|变扁|压缩|楔形|错位|成角|骨髓水肿|信号|lucen|line|cortical|compress|wedge",
    "脱位": r"失去|移位|对位|关系|不在位|错位|displac|align",
    "椎间盘": r"椎间盘|突出|膨出|硬膜囊|膨隆|disc|disk",
    "撕裂": r"信号|高信号|不连续|中断|断裂|形态|signal|discontin",
    "动脉瘤": r"瘤|扩张|突起|膨|囊袋|增宽|径|outpouch|dilat",
    "夹层": r"内膜|真假|双腔|flap|lumen",
    "肺气肿": r"透亮度|透过度|桶状|肺大|透光|低密度|膈|hyperinfl|lucen",
    "肺不张": r"体积|缩小|实变|密度|条|索|collapse|volume|opacity",
    "气胸": r"无肺纹理|透亮|压缩|气体|胸膜线|lung markings|pleural line|积气",
    "栓塞": r"充盈缺损|低密度|血栓|闭塞|filling defect",
    "肿大": r"增大|大|长|肋单元|饱满|心胸比|径|enlarg",
    "淋巴结肿大": r"淋巴结|结节|node",
    "畸形": r"",
}
_LIKE = (
    frozenset({"结节", "肿块", "囊肿", "淋巴结肿大", "转移"}),
    frozenset({"炎症", "肺不张", "积液"}),
    frozenset({"出血", "动脉瘤"}),
    frozenset({"扩张", "积水", "动脉瘤"}),
    frozenset({"狭窄", "栓塞", "椎间盘"}),
)
_SITES = frozenset(
    "胸腔 心包 腹腔 盆腔 关节 膝 髋 肩 踝 肘 腕 肺 肝 肾 胆囊 胆管 脑 甲状腺 乳腺 脊柱 肋骨 锁骨 股骨 胫腓骨 尺桡骨 肱骨 前列腺 子宫 附件区 胰 脾 纵隔 鼻窦 膀胱 输尿管".split()
)
_FORMER = re.compile(r"前片|前次|上次|原|既往|术后|病史|prior|previous|history", re.IGNORECASE)
_SEES = re.compile(
    r"(?<![未不所])(?:可|隐约|约)?见(?!明显异常|异常)|呈|增[厚大宽粗高多强]|减[低少弱]|变[窄细扁浅薄]|缩小|肿[大胀]|突出|膨出|受压|移位|中断|模糊|毛糙|紊乱|消失|毁损|破坏|影(?:增|缩)|填充|there (?:is|are)|shows?|demonstrat|seen|enlarged|thicken|increased|decreased",
    re.IGNORECASE,
)
_SHOWN = re.compile(
    r"见[^，。]{0,24}(?:影|灶|回声|信号|结构|暗区|突起|缺损|透亮线)|(?:黏膜|粘膜|管壁|胸膜|皮质)(?:明显|弥漫性?|局限性?)?增厚|硬膜囊(?:明显)?受压|线样高信号",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"钙化|骨岛|增生|少许|点状|副脾|肠气|气体影|粪|血管|纹理|生理|对称|正常|骨赘|条索|陈旧|清晰|均匀|规则分布",
    re.IGNORECASE,
)
_ADVISES = re.compile(r"^(?:建议|请|随访|必要时|定期|[A-Z]+-?RADS)|recommend|follow", re.IGNORECASE)
_DENIES = re.compile(r"未见|无(?!回声)|不[大宽厚窄高低]|未发现|\bno\b|without|not ", re.IGNORECASE)
_PARTS: dict[str, str] = {
    "头": r"头颅?|颅脑|脑|brain|head|skull",
    "胸": r"胸|肺|chest|lung|thora",
    "腹": r"腹|肝|胆|胰|脾|abdom|liver",
    "盆": r"盆|膀胱|子宫|前列腺|pelvi",
    "膝": r"膝|knee",
    "肩": r"肩|shoulder",
    "髋": r"髋|hip",
    "踝": r"踝|ankle",
    "腕": r"腕|wrist",
    "肘": r"肘|elbow",
    "颈椎": r"颈椎|cervical spine",
    "胸椎": r"胸椎|thoracic spine",
    "腰椎": r"腰椎|腰骶|lumbar",
    "乳": r"乳腺|乳房|breast|mammo",
    "甲状腺": r"甲状腺|thyroid",
    "鼻窦": r"鼻窦|鼻旁窦|副鼻窦|sinus",
}
_WORDS_OF: dict[str, str] = {
    "头": r"脑|颅|中线|灰白质|基底节|侧裂|鼻窦|乳突|垂体|蝶鞍|枕骨|brain|ventric|intracran|cereb|skull|calvari",
    "胸": r"肺|胸|纵隔|心|气管|肋|主动脉|食管|膈|乳|lung|chest|pleura|heart|cardiac|mediast|rib",
    "腹": r"肝|胆|胰|脾|肾|腹|胃|肠|阑尾|门静脉|主动脉|liver|spleen|pancrea|kidney|renal|abdom|bowel|gallbl",
    "盆": r"盆|膀胱|子宫|前列腺|直肠|附件|卵巢|精囊|髂|骶|宫|髋|耻|坐骨|bladder|uter|prostat|rect|pelv|ovar",
    "膝": r"膝|半月板|髌|股骨|胫骨|腓骨|交叉韧带|knee|menisc|patel|femor|tibia|fibul",
    "肩": r"肩|肱骨|冈上|锁骨|盂|肩胛|shoulder|humer|rotator|clavic|acromi",
    "髋": r"髋|股骨|骨盆|骶髂|耻骨|hip|femor|acetab|pelv",
    "踝": r"踝|距骨|胫骨|腓骨|跟骨|跟腱|ankle|talus|fibul|tibia|malleol",
    "腕": r"腕|桡骨|尺骨|舟骨|月骨|三角纤维|掌骨|wrist|radius|scaph|ulna|carpal",
    "肘": r"肘|肱骨|尺骨|桡骨|鹰嘴|elbow|humer|olecran|radi",
    "颈椎": r"颈|椎|C\d|脊髓|cervical|vertebra|disc|cord",
    "胸椎": r"胸椎|椎|T\d|脊髓|thoracic|vertebra|disc|cord",
    "腰椎": r"腰|椎|L\d|骶|脊髓|硬膜囊|lumbar|vertebra|disc|sacr|conus",
    "乳": r"乳|腋|腺体|breast|BI-?RADS|axill",
    "甲状腺": r"甲状腺|峡部|颈部|TI-?RADS|thyroid|isthm",
    "鼻窦": r"窦|鼻|sinus|septum",
}


def conflicts(subject: Subject) -> Iterator[Alarm]:
    """Each contradiction once."""
    yield from _lesions(subject)
    yield from _wrong_part(subject)


def _lesions(subject: Subject) -> Iterator[Alarm]:
    if not subject.findings.strip() or not subject.impression.strip():
        return
    found = [one for one in mentions(subject.findings) if not _FORMER.search(one.words)]
    told = [one for one in mentions(subject.impression) if not _FORMER.search(one.words)]
    there, denied = [one for one in found if not one.is_denied], [one for one in found if one.is_denied]
    said: set[str] = set()
    for one in told:
        if one.lesion in said:
            continue
        alarm = _denied_above(one, there, subject) if one.is_denied else _not_found(one, there, denied, subject)
        if alarm:
            said.add(one.lesion)
            yield alarm
    if not said:
        yield from _well_after_all(subject, there)


def _denied_above(told: Mention, there: list[Mention], subject: Subject) -> Alarm | None:
    """The impression denies what the findings assert."""
    same = [one for one in there if one.lesion == told.lesion and not one.is_unsure and _same_place(one, told)]
    if not same or any(one.lesion == told.lesion and _same_place(one, told) for one in asserted(subject.impression)):
        return None
    return Alarm(
        AlarmKind.CONFLICT, told.words, f"诊断意见写“{told.words}”，影像所见却描述“{same[0].words}”，两者矛盾。"
    )


def _not_found(told: Mention, there: list[Mention], denied: list[Mention], subject: Subject) -> Alarm | None:
    """The impression asserts what the findings deny, or what they have no sign of."""
    same = [one for one in there if one.lesion == told.lesion and _same_place(one, told)]
    if same:
        return None
    against = [one for one in denied if one.lesion == told.lesion and _same_place(one, told)]
    like = [
        one
        for group in _LIKE
        if told.lesion in group
        for one in there
        if one.lesion in group and _same_place(one, told)
    ]
    if against and not like and not _signs(told, subject.findings):
        return Alarm(
            AlarmKind.CONFLICT, told.words, f"诊断意见写“{told.words}”，影像所见却写“{against[0].words}”，两者矛盾。"
        )
    if not like and not _signs(told, subject.findings) and told.lesion in _SERIOUS and not told.is_unsure:
        return Alarm(AlarmKind.CONFLICT, told.words, f"诊断意见写“{told.words}”，影像所见里没有相应的描述，请核对。")
    return None


def _signs(told: Mention, findings: str) -> bool:
    """Whether some asserting clause of the findings has a sign of the lesion, at its place when both name one."""
    pattern = re.compile(_BY_SIGNS.get(told.lesion, ""), re.IGNORECASE)
    for clause in clauses(findings):
        text = re.split(_DENIES, clause.text, maxsplit=1)[0]
        if not (_SEES.search(text) or re.search(r"[-\d]\s*(?:mm|cm|HU)", text)) or not pattern.search(text):
            continue
        if clause.organs and told.organs and not _may_meet(clause.organs, told.organs):
            continue
        return True
    return False


def _may_meet(one: frozenset[str], other: frozenset[str]) -> bool:
    if one & other:
        return True
    near = (
        frozenset("肺 胸腔 胸膜 纵隔 肺门 心 心包 主动脉 肋骨".split()),
        frozenset("脑 脑室 硬膜 鼻窦 眼 乳突".split()),
        frozenset("肝 胆囊 胆管 胰 脾 腹腔 胃 肠 腹膜后 阑尾".split()),
        frozenset("肾 输尿管 膀胱 肾上腺 前列腺".split()),
        frozenset("子宫 附件区 盆腔 膀胱 肠 前列腺".split()),
        frozenset("膝 胫腓骨 股骨 关节 踝 足 髋 骨盆".split()),
        frozenset("肩 肱骨 锁骨 关节 肘 腕 手 尺桡骨 肋骨".split()),
        frozenset("脊柱 硬膜".split()),
        frozenset("乳腺 腋窝".split()),
    )
    return any(one & group and other & group for group in near)


def _same_place(one: Mention, other: Mention) -> bool:
    here, there = one.organs & _SITES, other.organs & _SITES
    if here and there and not here & there and not ({"关节"} & (here | there)):
        return False
    return not (
        len(one.sides) == 1 and len(other.sides) == 1 and one.sides != other.sides and one.is_denied != other.is_denied
    )


def _well_after_all(subject: Subject, there: list[Mention]) -> Iterator[Alarm]:
    """Nothing but denials in the impression under findings that assert something."""
    if asserted(subject.impression) or re.search(r"余|其余|除|另|其他|otherwise|rest", subject.impression):
        return
    told = [clause for clause in clauses(subject.impression) if not _ADVISES.search(clause.text)]
    if not told or not all(_ALL_WELL.search(clause.text) or _DENIES.search(clause.text) for clause in told):
        return
    organs = frozenset[str]().union(*(clause.organs for clause in told))
    words = [
        one.words
        for one in there
        if one.lesion in _SERIOUS and not one.is_unsure and not one.is_history and _concerns(organs, one.organs)
    ]
    words += [
        clause.text
        for clause in clauses(subject.findings)
        if _is_abnormal(clause.text) and _concerns(organs, clause.organs)
    ]
    if words:
        yield Alarm(
            AlarmKind.CONFLICT,
            told[0].text,
            f"诊断意见写“{told[0].text}”，影像所见却描述“{words[0]}”，两者矛盾。",
        )


def _concerns(organs: frozenset[str], of: frozenset[str]) -> bool:
    return not organs or not of or _may_meet(organs, of)


def _is_abnormal(text: str) -> bool:
    """Whether a clause of the findings shows something that no one calls normal."""
    before = re.split(_DENIES, text, maxsplit=1)[0]
    return bool(_SHOWN.search(before)) and not _HARMLESS.search(text) and not _FORMER.search(text)


def _wrong_part(subject: Subject) -> Iterator[Alarm]:
    """The text never speaks of the examined part."""
    asked = [name for name, pattern in _PARTS.items() if re.search(pattern, subject.body_part, re.IGNORECASE)]
    if re.search(r"椎", subject.body_part):
        asked = [name for name in asked if name.endswith("椎")]
    if not asked or len(subject.both) < 12:
        return
    if any(re.search(_WORDS_OF[name], subject.both, re.IGNORECASE) for name in asked):
        return
    others = [name for name, pattern in _WORDS_OF.items() if re.search(pattern, subject.both, re.IGNORECASE)]
    if others:
        yield Alarm(
            AlarmKind.CONFLICT,
            sentences(subject.both)[0],
            f"检查部位是“{subject.body_part}”，文中描述的却是别的部位，请核对。",
        )
