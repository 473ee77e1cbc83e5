"""Words by which a clause is old, denied, normal or notable, and whether two speak of one place."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from dataclasses import replace

from server.reporting.checker.clauses import Clause, Mention, mentions
from server.reporting.checker.places import apart
from server.reporting.checker.subject import Alarm, AlarmKind

FORMER = re.compile(
    r"前片|前次|上次|原(?!发|始)|既往|术后|病史|吸收|消散|残[端余]|术区|窝|移植|\bprior\b|previous|history|status post",
    re.IGNORECASE,
)


ABSENT = re.compile(r"(?<!息肉)切除|缺如|病史|前片|前次|原(?!发|始)|既往|置换|移植|吸收")


REST = re.compile(r"余|其[他它]|另|除|otherwise|\brest\b|remain", re.IGNORECASE)


DENIES = re.compile(
    r"未见|未及|未发现|未探及|未显示|无(?!回声|肺纹理|名)|不[大宽厚窄高低粗]|\bno\b|without|\bnot\b", re.IGNORECASE
)


# A vertebra that is pressed together and a bone that has healed have no line.
FRACTURE_LINE = re.compile(r"骨折线")


NO_LINE_LEFT = re.compile(r"陈旧|压缩|愈合|楔形")


UNSURE = re.compile(r"可能|待排|待查|[?？]|不除外|不能?排除|未除外|可疑|possib|suspic|exclude", re.IGNORECASE)


# A denial with such a word denies that kind only.
KIND_WORDS = (
    "急性",
    "全层",
    "新鲜",
    "新发",
    "大量",
    "活动性",
    "复发",
    "远处",
    "再",
    "陈旧",
    "明显强化",
    "阳性",
    "异位",
    "恶性",
    "转移性",
    "acute",
    "chronic",
)


NORMAL = re.compile(
    r"未见(?:明显|明确|确切|显著|急性)?(?:的)?(?:异常|病变|实质性病变|器质性)|无(?:明显)?异常|(?<!不)正常|(?:无殊|无伤|无特殊|壁不厚|保留|光滑|光整|清晰|通畅|完整|连续|锐利|对称|不大|不粗)$|不(?:大|粗|宽|厚)$|\bno (?:acute |significant |definite )?(?:intracranial |focal )?(?:abnormalit|disease)|\bnormal\b|unremarkable",
    re.IGNORECASE,
)


NOTABLE = re.compile(
    r"(?<!未)(?<!不)见(?!异常|明显异常)|增[厚大宽粗高多强生]|皱褶|褶皱|成角|隆起|糜烂|溃疡|充血|减[低少弱]|变[窄细扁浅薄尖直钝]|缩小|肿[大胀]|突出|膨出|受压|移位|中断|断裂|模糊|毛糙|紊乱|消失|破坏|影$|灶|透[亮光]线|[高低长短](?:密度|信号|回声|T[12])|积[液水气血]|扩[张大]|分离约|迂曲|反流|凹陷|塌陷|钙化|缺如|斑块|填|狭窄|闭塞|渗出|实变|条索|网格|磨玻璃|变性|损伤|(?<!未见)(?<!无)撕裂|欠|膨胀不|不[均清光规完连]|偏曲|纤细|显影|饱满|萎缩|侧弯|硬化|退变|疏松|骨赘|异常(?<!未见异常)|mm|cm|seen|there (?:is|are)|enlarg|thicken|increas|decreas|\d",
    re.IGNORECASE,
)


ADVISES = re.compile(r"^(?:建议|请|随访|必要时|定期|以上|[A-Z]+-?RADS)|recommend|follow", re.IGNORECASE)


SERIOUS = frozenset(
    "积液 积水 气胸 骨折 脱位 结节 肿块 淋巴结肿大 出血 梗死 炎症 结石 囊肿 动脉瘤 夹层 肺不张 撕裂 转移 栓塞 椎间盘 脂肪肝 肝硬化 肺气肿 扩张 狭窄 肿大 斑块 游离气体 肠梗阻".split()
)


ALMOST = (
    {"结节", "肿块", "囊肿"},
    {"椎间盘", "狭窄"},
    {"出血", "动脉瘤"},
    {"炎症", "肺不张"},
    {"积水", "扩张"},
    {"转移", "淋巴结肿大"},
)


def now(text: str) -> list[Mention]:
    return [
        replace(one, organs=frozenset(), sides=frozenset()) if FORMER.search(one.words) else one
        for one in mentions(text)
        if not FORMER.search(one.words) or (one.lesion == "转移" and one.is_denied and "窝" not in one.words)
    ]


def denies(denial: str, assertion: str) -> bool:
    """Whether a denial is of all that an assertion says: "no acute fracture" does not deny an old one."""
    if REST.search(denial) or (FRACTURE_LINE.search(denial) and NO_LINE_LEFT.search(assertion)):
        return False
    return all(word not in denial or word in assertion for word in KIND_WORDS)


def same_place(one: Mention | Clause, other: Mention | Clause) -> bool:
    if one.organs and other.organs and not one.organs & other.organs:
        return False
    if len(one.sides) == 1 and len(other.sides) == 1 and one.sides != other.sides:
        return False
    return not apart(one.places, other.places)


def is_notable(text: str) -> bool:
    return bool(NOTABLE.search(DENIES.split(text, maxsplit=1)[0]))


def same_sides(one: Clause, other: Clause) -> bool:
    return not one.sides or not other.sides or bool(one.sides & other.sides)


def contradiction(told: str, found: str) -> Alarm:
    return Alarm(AlarmKind.CONFLICT, told, f"“{told}”与“{found}”相互矛盾，请核对影像所见与诊断意见。")
