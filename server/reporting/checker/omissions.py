"""Grave findings of which the impression has no word at all.

Only what no one leaves out: a fracture, free air, much fluid, enlarged nodes, widened ducts, destroyed bone, clots.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.anatomy import SIDED
from server.reporting.checker.clauses import clauses
from server.reporting.checker.grounds import statements
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_OLD = re.compile(
    r"陈旧|术后|较前|同前|相仿|吸收|前片|前次|可疑|可能|[?？]|生理|少许|少量|轻度|轻微|稍|略|愈合|部分容积|欠|反应性|内固定|骨折术|修复|腔内|栓塞|支架"
)
# What the findings assert, and words of which the impression must have one.
_GRAVE: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(sign), re.compile(answer))
    for sign, answer in (
        (
            r"骨折(?!史|风险|线模糊)|骨[^，。；]{0,8}断端|断端[^，。；]{0,6}(?:移位|错位|成角|分离|对位|嵌插|重叠)|(?<!管壁)骨皮质[^，。]{0,4}(?:断裂|中断|不连)|骨质(?:断裂|中断)|骨折线",
            r"骨折|断裂|撕裂|外伤|压缩|楔形|骨?关节[炎病]|骨髓炎|侵蚀|骨.{0,4}(?:损伤|破坏|裂)|脱位|撕脱|不连",
        ),
        (r"楔形(?:变|改变)|压缩约?\d/\d", r"骨折|压缩|楔形|变扁|外伤"),
        (r"游离(?:性)?气体|新月形[^，。]{0,4}气体", r"气|穿孔|破裂"),
        (
            r"(?:胸|腹|盆|陷凹)[^，。]{0,8}(?:大量|中量|中等量|深约?\s*(?:[3-9]\d|1\d\d)\s*mm)[^，。]{0,6}(?:积液|液性|液体|水样|暗区)|(?:积液|液性暗区|液体密度影?|水样密度影)[^，。]{0,6}(?:大量|深约?\s*(?:[3-9]\d|1\d\d)\s*mm)",
            r"积[液血脓]|液|腹水|胸水|渗出|出血|破裂|脓",
        ),
        (r"心包[^，。]{0,6}(?:积液|液性|液体|水样)", r"心包"),
        (
            r"(?:多发|多个|多枚|数枚|明显)[^，。]{0,4}(?:肿大|增大)(?:的)?[^，。]{0,3}淋巴结|淋巴结[^，。]{0,4}(?:明显)?(?:肿大|增大)",
            r"淋巴|转移|LN|MT|癌|白血病|结核|结节病|感染|炎|N[1-3]",
        ),
        (r"输尿管[^，。]{0,8}(?:扩张|增宽|增粗)", r"输尿管|积水|梗阻|扩张|尿路"),
        (
            r"(?:胆管|胆总管|肝管)[^，。]{0,6}(?:明显|显著|弥漫|中度|重度|软藤样)[^，。]{0,3}(?:扩张|增宽)",
            r"胆管|胆总管|胆道|梗阻|扩张|肝门|胰头|壶腹|胆系",
        ),
        (
            r"(?:溶骨|成骨|骨质)[^，。]{0,6}破坏",
            r"破坏|转移|瘤|MT|恶性|结核|感染|骨髓炎|侵|受累|胆脂瘤|骨病|脊柱炎|椎间盘炎|痛风|关节炎",
        ),
        (
            r"(?:动脉|静脉|[横直状]窦|血管|心[房室耳尖]|[左右][心房室]耳?|门脉|腔)[^，。；]{0,14}(?:充盈缺损|血栓)",
            r"栓|梗死|充盈缺损|狭窄|闭塞|瘤|癌|结石|息肉|占位|溃疡|夹层",
        ),
        (r"(?<!薄壁)无肺纹理|气胸", r"气胸|液气|大[疱泡]|肺气肿"),
        (r"动脉瘤|瘤样(?:扩张|膨出)|囊状突起", r"瘤"),
        (r"内膜片|[真假]腔|双腔", r"夹层|壁间|血肿|术后"),
        (
            r"实变(?:影)?$|大片[^，。]{0,6}(?:实变|高密度影|模糊影)|斑片状(?:模糊|高密度|密度增高)影",
            r"炎|感染|实变|结核|病变|出血|水肿|挫|不张|癌|MT|占位|COVID|新冠|渗出|纤维|肺栓|梗死|放疗",
        ),
        (r"肾盂[^，。]{0,6}(?:明显|重度|中度)[^，。]{0,3}(?:扩张|分离)", r"积水|梗阻|扩张|结石|肾盂"),
        (r"气液平面?|液气平", r"梗阻|液|炎|脓|气|憩室|肠|空洞|积|骨折|出血|疝|胃"),
        (r"(?:撕裂|断裂|连续性中断)", r"撕裂|断裂|损伤|术|骨折|中断|夹层|溃疡|穿孔|破"),
        (r"(?<!半)脱位", r"脱位|不稳|骨折|损伤|发育"),
    )
)


# What was treated in the same sitting is told by its treatment.
_DONE = re.compile(
    r"过程顺利|(?:整复|复位|取石|置入|置管|引流|成形|再通|封堵|取栓)术?(?:成功|顺利)|(?<!未)成功(?:整复|复位|取出)"
)
_MASS = re.compile(r"肿块|占位|团块|(?:低|混合)回声(?:肿物|包块)")
_MASS_TOLD = re.compile(r"结节|肿块|占位|癌|瘤|肿物|包块|病变|病灶|MT|RADS|转移|脓肿|囊")


def _unspoken_mass(subject: Subject) -> Iterator[Alarm]:
    """A mass of one side of a paired organ, and an impression that speaks of that organ's other side only."""
    told = [one for one in clauses(subject.impression) if _MASS_TOLD.search(one.text)]
    for one in statements(subject.findings):
        if len(one.sides) != 1 or not one.organs & SIDED or not _MASS.search(one.positive) or _OLD.search(one.text):
            continue
        same = [each for each in told if each.organs & one.organs or not each.organs]
        spoken = [each for each in clauses(subject.impression) if each.organs & one.organs and each.sides & one.sides]
        if same and not spoken and all(len(each.sides) == 1 and not each.sides & one.sides for each in same):
            others = [
                each
                for each in statements(subject.findings)
                if each.organs & one.organs and each.sides == same[0].sides and _MASS_TOLD.search(each.positive)
            ]
            if others:
                why = f"影像所见写“{one.text}”，诊断意见里没有提到，请核对。"
                yield Alarm(AlarmKind.CONFLICT, one.text, why)
                return


def omissions(subject: Subject) -> Iterator[Alarm]:
    """The first grave finding that the impression passes over."""
    yield from _unspoken_mass(subject)
    impression = subject.impression
    if len(impression) < 2 or _DONE.search(impression):
        return
    for one in statements(subject.findings):
        if _OLD.search(one.text):
            continue
        for sign, answer in _GRAVE:
            shown = sign.search(one.positive)
            if shown and not answer.search(impression):
                why = f"影像所见写“{one.text}”，诊断意见里没有提到，请核对。"
                yield Alarm(AlarmKind.CONFLICT, one.text, why)
                return
