"""A text that never speaks of the part that was examined."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.clauses import sentences
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_PARTS: dict[str, str] = {
    "头": r"(?<!骨)头颅?|颅脑|脑|brain|head|skull",
    "胸": r"胸(?!椎|腰)|肺|chest|lung|thora",
    "腹": r"腹|肝|胆|胰|脾|abdom|liver",
    "盆": r"盆|膀胱|子宫|前列腺|pelvi",
    "膝": r"膝|knee",
    "肩": r"肩|shoulder",
    "髋": r"髋|股骨头|hip",
    "踝": r"踝|ankle",
    "腕": r"腕|wrist",
    "肘": r"肘|elbow",
    "颈椎": r"颈椎|cervical spine",
    "胸椎": r"胸椎|胸腰段|thoracic spine",
    "腰椎": r"腰椎|腰骶|lumbar",
    "乳": r"乳腺|乳房|breast|mammo",
    "甲状腺": r"甲状腺|thyroid",
    "鼻窦": r"鼻窦|鼻旁窦|副鼻窦|sinus",
}
_WORDS_OF: dict[str, str] = {
    "头": r"脑|颅|颈内|颈动脉|椎动脉|Willis|中线|灰白质|基底节|侧裂|鼻窦|乳突|垂体|蝶鞍|枕骨|海马|颞|额叶|顶叶|枕叶|丘脑|胼胝体|brain|ventric|intracran|cereb|skull|calvari",
    "胸": r"肺|胸|纵隔|心|气管|肋|主动脉|食管|膈|乳|lung|chest|pleura|heart|cardiac|mediast|rib",
    "腹": r"子宫|宫颈|卵巢|膀胱|盆腔|肝|胆|胰|脾|肾|腹|胃|肠|阑尾|门静脉|主动脉|liver|spleen|pancrea|kidney|renal|abdom|bowel|gallbl",
    "盆": r"盆|膀胱|子宫|前列腺|直肠|附件|卵巢|精囊|髂|骶|宫|髋|耻|坐骨|bladder|uter|prostat|rect|pelv|ovar",
    "膝": r"膝|半月板|髌|股骨|胫骨|腓骨|交叉韧带|knee|menisc|patel|femor|tibia|fibul",
    "肩": r"肩|肱骨|冈上|锁骨|盂|肩胛|shoulder|humer|rotator|clavic|acromi",
    "髋": r"髋|股骨|骨盆|骶髂|耻骨|hip|femor|acetab|pelv",
    "踝": r"足|跖|趾|舟骨|楔骨|骰骨|踝|距骨|胫骨|腓骨|跟骨|跟腱|ankle|talus|fibul|tibia|malleol",
    "腕": r"腕|桡骨|尺骨|舟骨|月骨|三角纤维|掌骨|wrist|radius|scaph|ulna|carpal",
    "肘": r"肘|肱骨|尺骨|桡骨|鹰嘴|elbow|humer|olecran|radi",
    "颈椎": r"颈|椎|C\d|脊髓|cervical|vertebra|disc|cord",
    "胸椎": r"胸椎|椎|T\d|脊髓|thoracic|vertebra|disc|cord",
    "腰椎": r"腰|椎|L\d|骶|脊髓|硬膜囊|lumbar|vertebra|disc|sacr|conus",
    "乳": r"乳|腋|腺体|breast|BI-?RADS|axill",
    "甲状腺": r"甲状腺|峡部|颈部|TI-?RADS|thyroid|isthm",
    "鼻窦": r"窦|鼻|sinus|septum",
}


def wrong_part(subject: Subject) -> Iterator[Alarm]:
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
