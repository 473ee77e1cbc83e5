"""Text that does not belong to this exam: words of another modality, of another part of the body, and what stands twice."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from server.reporting.checker.clauses import sentences
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_MODALITIES: tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (name, re.compile(exam, re.IGNORECASE), re.compile(words))
    for name, exam, words in (
        (
            "CT",
            r"^(?!.*(?:PET|PT|MR|US|SPECT)).*CT",
            r"(?<![A-Za-z])(?:T[12]WI|FLAIR|DWI|ADC|STIR|SWI)(?![A-Za-z])|[长短等]T[12]|T[12](?:加权|压脂|信号)|弥散受限|(?:[高低中等]|无)回声|回声(?:均匀|增强|不均)|(?<!血流)信号(?:均匀|未见异常|正常|不均)|[高低]信号",
        ),
        (
            "MR",
            r"^(?!.*(?:PET|PT|CT|US)).*MR",
            r"(?<![A-Za-z\d])-?\d+(?:\.\d+)?\s*HU|CT值|[高低中等]回声|回声(?:均匀|增强|不均)|肺纹理|声影",
        ),
        (
            "超声",
            r"^(?:US|超声|彩超|B超|UCG)",
            r"(?<![A-Za-z])(?:T[12]WI|FLAIR|DWI|ADC)(?![A-Za-z])|[长短]T[12]|CT值|[高低]密度影|磨玻璃|弥散受限",
        ),
        (
            "X线",
            r"^(?:DR|CR|DX|X线|X光|平片)",
            r"(?<![A-Za-z])(?:T[12]WI|FLAIR|DWI|ADC)(?![A-Za-z])|[长短]T[12]|CT值|[高低中等]回声|回声(?:均匀|增强)|(?:动脉|静脉|延迟)期|弥散受限|血流信号",
        ),
    )
)
# Other exams are quoted.
_QUOTED = re.compile(
    r"结合|对照|参考|前片|前次|外院|既往|超声(?:所?示|提示)?|(?:CT|MR\w*)(?:所?示|提示|检查)|建议|必要时|融合|20\d\d|较前|同前"
)


def of_another_modality(subject: Subject) -> Iterator[Alarm]:
    """Signals in a CT, echoes in an MR, densities in an ultrasound."""
    for name, exam, words in _MODALITIES:
        if not exam.search(subject.exam_type):
            continue
        for sentence in sentences(subject.both):
            match = words.search(sentence)
            if match and not _QUOTED.search(sentence):
                why = f"{name} 检查没有“{match[0]}”这样的描述，请核对是否为其他检查的文字。"
                yield Alarm(AlarmKind.CONFLICT, match[0], why)
                return
    yield from _contrast_without_contrast(subject)


_PLAIN_ONLY = re.compile(r"^\s*(?:CT|MRI?|胸部|腹部|头颅|颅脑|上腹部)?\s*平扫(?!\s*[+＋及和与、])|平扫[：:示见]")
_CONTRAST = re.compile(
    r"(?:动脉|静脉|门脉|门静脉|延迟|平衡|实质|皮质)期|(?<!未)(?<!不)(?:明显|轻度|中度|环形|不均匀|均匀|渐进|渐进性)(?:不均匀|均匀)?强化|增强后|增强扫描(?!检查)|廓清"
)


def _contrast_without_contrast(subject: Subject) -> Iterator[Alarm]:
    """Enhancement in a report whose findings say that no contrast was given, and have no enhancement either."""
    plain = _PLAIN_ONLY.search(subject.findings) or re.search(
        r"平扫(?!\s*[+＋及和与、])", subject.exam_type + subject.body_part
    )
    if not plain or re.search(r"增强|[+＋]C", subject.exam_type + subject.body_part):
        return
    texts = [subject.impression] if _CONTRAST.search(subject.findings) else [subject.findings, subject.impression]
    if _CONTRAST.search(subject.findings) and _PLAIN_ONLY.search(subject.findings):
        return
    for text in texts:
        for sentence in sentences(text):
            match = _CONTRAST.search(sentence)
            if match and not re.search(r"建议|必要时|请结合|进一步|复查|前片|前次|外院|既往|较前", sentence):
                yield Alarm(AlarmKind.CONFLICT, match[0], f"本次为平扫，文中却描述“{match[0]}”，请核对。")
                return


# Parts of the body that one scan has in view, and what it never has.
_REGIONS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(part), re.compile(words))
    for part, words in (
        (
            r"^(?!.*(?:胸|腹|全身|头|颈|盆))[^，]*(?:膝|踝|足|腕|手|肘|髌|跟骨|小腿|前臂)",
            r"肺(?!栓)|心影|纵隔|肝|胆囊|胰|脾|肾(?!形(?!态)|功)|子宫|前列腺|膀胱|脑实质|脑室|甲状腺|乳腺|胸腔|肋骨|肋膈角|椎间盘|鼻窦|眼眶",
        ),
        (
            r"^(?!.*(?:胸|腹|全身|头|颈|盆))[^，]*(?:髋|股骨)",
            r"肺(?!栓)|心影|纵隔|肝|胆囊|胰|脾|肾(?!形(?!态)|功)|脑实质|脑室|甲状腺|乳腺|胸腔|肋骨|肋膈角|鼻窦|眼眶|半月板",
        ),
        (
            r"^(?!.*(?:胸|腹|全身|头|颈|盆))[^，]*(?:肩|锁骨|肱骨)",
            r"心影|纵隔|肝|胆囊|胰|脾|肾(?!形(?!态)|功)|子宫|前列腺|膀胱|脑实质|脑室|椎间盘|鼻窦|眼眶|半月板",
        ),
        (
            r"^(?:腰椎|腰骶椎?|腰椎间盘|骶髂关节|骶尾椎?)$",
            r"心影|心脏|肺动脉|肺纹理|肺野|双肺|[左右]肺|纵隔|肺门|胸腔|脑实质|脑室|甲状腺|乳腺|鼻窦|眼眶|半月板|胆囊|胰",
        ),
        (
            r"^(?:颈椎|颈椎间盘)$",
            r"心影|肝|胆囊|胰|脾|肾(?!形(?!态)|上)|子宫|前列腺|膀胱|半月板|肋膈角|乳腺",
        ),
        (
            r"^(?:头颅?|颅脑|脑|头部)(?:[（(]?(?:平扫|CT|MR|MRI|增强|平扫[+＋]DWI)[)）]?)?$",
            r"肺(?!癌|Ca|MT|炎|栓)|心影|纵隔|肝(?!豆|性|移|硬化|癌|功)|胆囊|胰|脾|肾(?!形(?!态)|上|功|病|性|癌)|子宫|前列腺(?!癌)|膀胱|半月板|腰椎|胸腔|甲状腺|乳腺(?!癌)",
        ),
        (
            r"^(?:胸部|肺|双肺)(?:[（(]?(?:平扫|CT|正位|正侧位|后前位|增强|HRCT)[)）]?)?$",
            r"子宫|前列腺|膀胱|半月板|脑实质|脑室|鼻窦|乳突|腰椎间盘|卵巢|髋关节|股骨|交叉韧带|距骨|L\d/[L\dS]|椎小关节|骶椎|骶骨",
        ),
        (
            r"^(?:上腹部?|腹部|全腹部?|肝胆(?:胰脾)?)(?:[（(]?(?:平扫|CT|增强)[)）]?)?$",
            r"半月板|脑实质|脑室|鼻窦|乳突|甲状腺|交叉韧带|距骨|肺纹理|LVEF|室壁运动|二尖瓣|肩关节|侧脑室|鼻中隔",
        ),
        (
            r"^(?:副?鼻窦|鼻旁窦|鼻骨|眼眶|颞骨|内耳|乳突|垂体|颞下颌关节)$",
            r"肺(?!癌)|心影|纵隔|肝|胆囊|胰|脾|肾(?!形(?!态)|上)|子宫|前列腺|膀胱|半月板|腰椎|胸腔|乳腺",
        ),
        (
            r"^(?:甲状腺|乳腺|双乳|双侧乳腺|腮腺|涎腺)$",
            r"肺(?!癌|Ca|转)|心影|纵隔|肝(?!转)|胆囊|胰|脾|肾|子宫|前列腺|膀胱|半月板|椎间盘|胸腔|脑实质|脑室",
        ),
        (
            r"^(?:前列腺|子宫|子宫附件|盆腔|妇科|膀胱|阴囊|睾丸)$",
            r"肺(?!癌)|心影|纵隔|胆囊|胰|半月板|脑实质|脑室|甲状腺|乳腺|胸腔|鼻窦",
        ),
        (r"^(?:心脏|冠状动脉|冠脉)$", r"子宫|前列腺|膀胱|半月板|脑实质|脑室|鼻窦|椎间盘|胆囊|阑尾"),
    )
)
_BY_THE_WAY = re.compile(
    r"扫及|所及|所见|扫描(?:范围|层面)|附见|另|视野|层面|余|史|术后|转移|原发|既往|结合|建议|片内|显示范围|边缘|请"
)


_HEADING = re.compile(r"(超声|彩超|CT|MRI?|X线)(?:所见|检查所见|表现)[：:]")


def _of_another_report(subject: Subject) -> Iterator[Alarm]:
    """ "Seen in the ultrasound: …" in the findings of a CT."""
    names = {"超声": "US", "彩超": "US", "X线": "DR"}
    for match in _HEADING.finditer(subject.findings):
        exam = names.get(match[1], match[1][:2])
        if exam not in subject.exam_type.upper() and match[1] not in subject.exam_type:
            why = f"这里是“{match[0]}”，本次检查是 {subject.exam_type}，请核对是否为其他模板的文字。"
            yield Alarm(AlarmKind.TEMPLATE, match[0], why)
            return


def of_another_part(subject: Subject) -> Iterator[Alarm]:
    """Findings of an organ that such an exam does not have in view: a rest of another exam's template."""
    if subject.exam_type:
        yield from _of_another_report(subject)
    part = re.sub(r"^[左右双]侧?|\s", "", subject.body_part)
    if not part or subject.exam_type.upper() in {"PT", "PET", "PET/CT", "PET-CT", "NM"}:
        return
    for exam, words in _REGIONS:
        if not exam.search(part):
            continue
        for sentence in sentences(subject.findings):
            match = words.search(sentence)
            if match and not _BY_THE_WAY.search(sentence):
                why = f"检查部位是“{subject.body_part}”，这一句写的是别的部位，请核对是否为其他模板的文字。"
                yield Alarm(AlarmKind.TEMPLATE, sentence, why)
                return
        return


def said_twice(subject: Subject) -> Iterator[Alarm]:
    """A whole sentence, or line, that stands twice in one text."""
    for text in (subject.findings, subject.impression):
        counted = Counter(one for one in sentences(text) if len(re.sub(r"\W", "", one)) >= 12)
        short = Counter(one for one in sentences(text) if len(re.sub(r"\W", "", one)) >= 6)
        if sum(number > 1 for number in short.values()) > 1 and "：" not in text:
            counted = short
        given = sentences(text)
        beside = {one for one, other in pairwise(given) if one == other and len(one) >= 6}
        counted.update(beside)
        for sentence, number in counted.items():
            if number > 1 or sentence in beside:
                yield Alarm(AlarmKind.TEMPLATE, sentence, "同一句话在文中出现了两次，请删除多余的一句。")
                return
