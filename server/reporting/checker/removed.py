"""Organs that were taken out earlier and are described as if they were there."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.anatomy import BOTH, opposite, sides_in
from server.reporting.checker.clauses import sentences
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

# What is removed whole, as the present report would name it; True where each side has its own.
_ORGANS: tuple[tuple[str, str, bool], ...] = (
    ("胆囊", r"胆囊|(?<=、)胆(?=、)|gallbladder|cholecystectomy", False),
    ("脾", r"脾脏?|spleen|splenectomy", False),
    ("肾上腺", r"肾上腺|adrenalectomy|adrenal", True),
    ("肾", r"肾脏?(?!上腺)|nephrectomy|kidney", True),
    ("子宫", r"子宫|hysterectomy|uterus", False),
    ("卵巢", r"卵巢|附件区?|oophorectomy|ovar(?:y|ies)", True),
    ("前列腺", r"前列腺|prostatectomy|prostate", False),
    ("膀胱", r"膀胱|cystectomy|bladder", False),
    ("阑尾", r"阑尾|append(?:ic)?ectomy|appendix", False),
    ("乳腺", r"乳腺|乳房|乳(?=癌|切|改|根|全)|(?<=[左右双])乳|mastectomy|breast", True),
    (
        "甲状腺",
        r"甲状腺|(?:^|(?<=[：:]))[左右双]侧?叶(?=上下|大小|前后|厚|实质|形态|切面|体积)|thyroidectomy|thyroid",
        True,
    ),
    ("睾丸", r"睾丸|orchi(?:d)?ectomy|testi(?:s|cle)", True),
    ("胃", r"(?<!残)胃|gastrectomy|stomach", False),
    ("腮腺", r"腮腺|parotidectomy|parotid", True),
    ("眼球", r"眼球|enucleation", True),
    ("胰腺", r"(?<!残)(?<!残余)(?<!残留)(?<!剩余)胰腺?|pancreatectomy|pancreas", False),
    ("喉", r"喉|laryngectomy|larynx", False),
    ("肺上叶", r"肺上叶|(?<=[左右])上叶(?=支气管)|upper lobectomy|upper lobe", True),
    ("肺中叶", r"肺中叶|(?<=右)中叶(?=支气管)|middle lobectomy|middle lobe", True),
    ("肺下叶", r"肺下叶|(?<=[左右])下叶(?=支气管)|lower lobectomy|lower lobe", True),
    (
        "肺",
        r"(?<=[左右])(?:侧|全)?肺(?![上中下]叶)(?=.{0,3}全切|切除|全肺)|(?<=[左右])(?:侧)?全肺|(?<=[左右])(?:侧)?肺(?=[上中下]叶[^，。；]{0,12}(?:清晰|未见|见|正常)|野|纹理)|pneumonectomy",
        True,
    ),
    ("肝左叶", r"肝左[半叶]叶?|左半肝", False),
    ("肝右叶", r"肝右[半叶]叶?|右半肝|(?<![A-Za-z])S[5-8](?=见|段|新|低|高|可见)", False),
    ("髌骨", r"髌骨|patellectomy", True),
    ("内侧半月板", r"内侧半月板", False),
    ("外侧半月板", r"外侧半月板", False),
    ("桡骨头", r"桡骨小?头", True),
    ("上颌窦", r"上颌骨|上颌窦", True),
    ("下颌骨", r"下颌骨", True),
    ("输卵管", r"输卵管", True),
    ("甲状腺峡部", r"峡部(?=厚|切|[^，。；]{0,3}切)|甲状腺峡", False),
    ("胸段食管", r"食管(?:胸)?[上中下]+段|胸段食管", False),
    ("宫颈", r"宫颈(?!癌)", False),
    ("扁桃体", r"扁桃体|tonsillectomy|tonsils?", True),
    ("声带", r"声带|声门", False),
    ("直肠", r"直肠(?!子宫|膀胱|陷凹|系膜|癌)|肛管", False),
    ("升结肠", r"升结肠|回盲", False),
    ("降结肠", r"(?<!横)降结肠", False),
    ("乙状结肠", r"乙状结肠", False),
    ("胃窦", r"胃窦|幽门", False),
    ("胰头", r"胰头", False),
    ("十二指肠降段", r"十二指肠(?:降段|降部|乳头)|壶腹部", False),
    ("胰尾", r"胰腺?体?尾", False),
    ("胸腺", r"胸腺|thymectomy|thymus", False),
)
_OPERATIONS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), names)
    for pattern, names in (
        (r"远端胃[^，。；]{0,4}切|胃大部切|毕[ⅠⅡI1一二]+|Billroth", ("胃窦",)),
        (r"Whipple|胰十二指肠切", ("胆囊", "胃窦", "胰头", "十二指肠降段")),
        (r"(?<![A-Za-z])LC(?=术|\s*[\d（(，。；]|$)|肝移植|(?<![A-Za-z])OLT", ("胆囊",)),
        (r"回盲部?切|回结肠切", ("阑尾",)),
        (r"子宫全切|全子宫(?:双附件)?切|广泛(?:性)?(?:全)?子宫切", ("宫颈",)),
        (r"全胃切|胃全切", ("胃", "胃窦")),
        (r"(?<![A-Za-z])Miles|腹会阴联合切", ("直肠",)),
        (r"右半结肠切", ("升结肠", "阑尾")),
        (r"左半结肠切", ("降结肠",)),
        (r"乙状结肠(?:癌)?[^，。；]{0,3}切除", ("乙状结肠",)),
        (r"膀胱[^，。；]{0,4}全切", ("膀胱",)),
        (r"McKeown|Ivor|食管(?:癌)?(?:次)?(?:全)?切除", ("胸段食管",)),
        (r"全喉切|喉全切", ("喉", "声带")),
    )
)
_BREAST = re.compile(r"([左右])侧?乳(?:腺)?癌(?:术后|根治|改良)(?!.{0,6}保乳)")
_NAMES = {name: re.compile(pattern, re.IGNORECASE) for name, pattern, _ in _ORGANS}
_SIDED = {name for name, _, sided in _ORGANS if sided}
_TAKEN = re.compile(
    r"切除|摘除|全切|缺如|已切|切术|根治(?:术|性)|去势|ectomy|enucleation|surgically absent|absent|removed|removal of|resect",
    re.IGNORECASE,
)
_IN_PART = re.compile(
    r"部分|大部|袖状|管状胃|次全|楔形|节段|段切|肌瘤|息肉|病灶|病变|结节|囊肿|旋切|纤维腺瘤|(?<!精原细胞)肿瘤切除|肿物|肿块|(?<!细胞)瘤体?(?:切除|剔除|摘除)|结石|保乳|保留|开窗|partial|wedge|segment|subtotal|lumpectomy|nodule|cyst(?!ectomy)|polyp|fibroid|myomectomy",
    re.IGNORECASE,
)
# "For stones of the gallbladder … cholecystectomy": the stone is why, not what.
_WHOLE_ORGAN = re.compile(r"(?:胆囊|阑尾|脾脏?|子宫|前列腺)(?:全?切除|摘除)术?(?!.{0,4}(?:部分|次全))")
_RADICAL = re.compile(r"根治")
_RADICAL_TAKES = {"乳腺", "前列腺", "子宫", "膀胱", "肾"}
# "The region of the appendix is sound" says nothing of the appendix; "the adnexal region" is the adnexa's usual name.
_MAY_BE_A_REGION = frozenset("胆囊 脾 子宫 前列腺 阑尾 乳腺 甲状腺 睾丸 胃 腮腺 胰腺 喉 直肠".split())
_BECAUSE = re.compile(r"^.{0,12}(?:因|由于)[^，。；]{1,16}?(?:而)?(?=行|予|接受|切除|在)")
_NO_TAKING = re.compile(r"未行|无.{0,6}(?:切除|手术)史|拟行|建议|可行|择期|no (?:history|prior)", re.IGNORECASE)
_GONE = re.compile(
    r"未探及|未扫及|未显影|不显影|未见(?!(?:明显|明确|确切)?(?:异常|占位|病|实性|结节|肿块|局灶))[^，,。；;]{0,6}(?:影|回声|结构|组织)(?=$|[，,。；;])|造瘘|切除|摘除|术后|缺如|未见显示|未显示|未见确切|未见(?=$|[，,。；;])|术区|[窝床](?!部?占)|缺失|不显示|全切|已切|根治|ectomy|absent|removed|not (?:seen|visuali)|fossa|surgical|\bbed\b",
    re.IGNORECASE,
)
_OTHER_THING: dict[str, re.Pattern[str]] = {
    "胃": re.compile(r"胃(?:食管|左|右|网膜|肠|窦|底|结肠)"),
    "喉": re.compile(r"咽喉|喉返"),
    "脾": re.compile(
        r"肝脾韧带|脾(?:肾|静脉|动脉|门|曲|结肠)|副脾|低于(?:同层)?脾|高于(?:同层)?脾|同(?:正常)?脾|脾(?:组织|样)|肝脾(?:CT|密度)?比|较脾|于脾"
    ),
    "胰腺": re.compile(r"胰(?:管|周|肠)|脾胰"),
    "肾": re.compile(r"脾肾|肝肾|肾(?:筋膜|窝|周|区|前|静脉|动脉)"),
    "乳腺": re.compile(r"乳(?:突|头|糜)"),
    "胆囊": re.compile(r"胆囊窝|胆囊(?:床|管残)"),
    "膀胱": re.compile(r"膀胱(?:直肠|子宫)?(?:陷凹|窝)|尿道膀胱"),
    "子宫": re.compile(r"直肠子宫陷凹|子宫直肠|膀胱子宫"),
    "甲状腺": re.compile(r"甲状腺(?:床|上动脉|下动脉)"),
    "前列腺": re.compile(r"前列腺(?:床|窝)"),
}


# What a joint's replacement takes away, by the words that describe it as there.
_REPLACED: tuple[tuple[re.Pattern[str], re.Pattern[str], str], ...] = tuple(
    (re.compile(done), re.compile(gone), name)
    for done, gone, name in (
        (
            r"(?:人工)?(?:全髋|髋关节|股骨头)(?:关节)?置换",
            r"股骨头[^，。；假]{0,8}(?:骨质|密度|信号|形态|塌陷|坏死|囊变|光滑|圆隆|骨髓)",
            "股骨头",
        ),
        (r"(?:人工)?(?:全膝|膝关节)(?:关节)?(?:表面)?置换", r"半月板|交叉韧带|关节软骨", "膝关节内结构"),
        (
            r"(?:人工)?(?:全肩|肩关节|肱骨头)(?:关节)?置换",
            r"肱骨头[^，。；假]{0,6}(?:骨质|密度|信号|形态|坏死)",
            "肱骨头",
        ),
        (r"晶状体置换|人工晶[状体]", r"晶状体(?:混浊|密度|形态)", "晶状体"),
    )
)


def _replaced(subject: Subject) -> Iterator[Alarm]:
    """A joint that is a prosthesis and is described as the patient's own."""
    for done, gone, name in _REPLACED:
        for text in (subject.prior, subject.findings, subject.impression):
            match = done.search(text)
            if not match or re.search(r"拟行|建议|可行|择期|前", text[max(0, match.start() - 6) : match.start()]):
                continue
            taken = sides_in(text[max(0, match.start() - 6) : match.end()])
            for sentence in sentences(subject.findings):
                for part in re.split(r"[，,]", sentence):
                    seen = gone.search(part)
                    sides = sides_in(part)
                    if not seen or (taken and sides and not taken & sides) or (taken and not sides and "双" in text):
                        continue
                    if re.search(r"未见显示|缺如|切除|未见|假体|置换", part) or (
                        taken and not sides and len(taken) == 1 and opposite(next(iter(taken))) in sides_in(sentence)
                    ):
                        continue
                    why = f"{match[0]}术后没有{name}，文中却描述“{part.strip()}”，请核对患者或文字。"
                    yield Alarm(AlarmKind.REMOVED_ORGAN, part.strip(), why)
                    return


def removed(subject: Subject) -> Iterator[Alarm]:
    """Organs gone by the earlier reports (or by this one's own words) that this report describes."""
    gone = _taken_in(subject.prior) | _taken_in(subject.both)
    yield from _replaced(subject)
    told: set[str] = set()
    for name, side in sorted(gone):
        if name in told:
            continue
        words = _described(name, side, subject.findings) or _described(name, side, subject.impression)
        if words:
            told.add(name)
            where = {"left": "左侧", "right": "右侧"}.get(side, "")
            yield Alarm(
                AlarmKind.REMOVED_ORGAN, words, f"既往记录{where}{name}已切除，文中却描述“{words}”，请核对患者或文字。"
            )


def _taken_in(text: str) -> set[tuple[str, str]]:
    """Organs (with "left", "right" or "" for unpaired and both) that a text says are gone."""
    found: set[tuple[str, str]] = set()
    for operation, names in _OPERATIONS:
        if (done := operation.search(text)) and not _NO_TAKING.search(text[max(0, done.start() - 8) : done.end() + 4]):
            found |= {(name, "") for name in names}
    for breast in _BREAST.finditer(text):
        found.add(("乳腺", "left" if breast[1] == "左" else "right"))
    for sentence in sentences(text):
        for said in re.split(r"[，,（()）]", sentence):
            # "because of stones the gallbladder was taken out": why it was done does not say how much was taken.
            part = _BECAUSE.sub("", said)
            taken = _TAKEN.search(part)
            whole = _WHOLE_ORGAN.search(part)
            if not taken or _NO_TAKING.search(part) or (_IN_PART.search(part) and not whole):
                continue
            last = max(one.end() for one in _TAKEN.finditer(part))
            radical = _RADICAL.search(part) and not re.search(r"切除|摘除|全切|缺如", part)
            for name, pattern in _NAMES.items():
                match = pattern.search(part)
                if not match or (radical and name not in _RADICAL_TAKES):
                    continue
                if name == "胰腺" and part[match.end() : match.end() + 1] in set("头体尾颈十"):
                    continue  # a part of it, which has a name of its own
                if match.start() > last and not re.search(r"removal|absent|缺如", taken[0]):
                    continue
                other = _OTHER_THING.get(name)
                if other and (beside := other.search(part)) and beside.start() <= match.start() < beside.end():
                    continue
                if name in _SIDED:
                    sides = sides_in(part)
                    found |= (
                        {(name, "")}
                        if sides in (BOTH, frozenset()) and _whole(name, sides)
                        else {(name, side) for side in sides}
                    )
                else:
                    found.add((name, ""))
    found |= {(lobe, side) for name, side in found if name == "肺" and side for lobe in ("肺上叶", "肺中叶", "肺下叶")}
    if not any(name == "肺" for name, _ in found) and any(name.startswith("肺") and len(name) > 1 for name, _ in found):
        found = {one for one in found if one[0] != "肺"}
    return found


def _whole(name: str, sides: frozenset[str]) -> bool:
    return sides == BOTH or name in {"甲状腺", "扁桃体", "卵巢"}


def _described(name: str, side: str, text: str) -> str:
    """The clause that describes the organ (on that side) as present; empty when none does."""
    pattern, other = _NAMES[name], _OTHER_THING.get(name)
    if name in _MAY_BE_A_REGION:
        pattern = re.compile(rf"(?:{pattern.pattern})(?!区|窝)", re.IGNORECASE)
    for sentence in sentences(text):
        if (
            _GONE.search(sentence)
            and pattern.search(sentence)
            and not re.search(r"形态|大小|未见异常|正常|(?:纹理|结构|层次)清晰|壁光滑|normal", sentence)
        ):
            continue
        for part in re.split(r"[，,]", sentence):
            places = (one.start() for one in pattern.finditer(part))
            if not any(not other or not _within(other, part, place) for place in places):
                continue
            if _GONE.search(part) or re.search(r"未见(?:明显)?(?:复发|转移)|残端", part):
                continue
            sides = sides_in(part)
            if side and (not sides or sides == {opposite(side)}):
                continue
            if name == "乳腺" and side and sides == BOTH and _tells_of_it(name, side, text):
                continue  # how dense the breasts are is told of both, and then that the one is gone
            return part.strip()
    return ""


def _tells_of_it(name: str, side: str, text: str) -> bool:
    """Whether the text itself says that the organ of a side is gone."""
    return any(
        _GONE.search(part) and _NAMES[name].search(part) and side in sides_in(part)
        for sentence in sentences(text)
        for part in re.split(r"[，,]", sentence)
    )


def _within(other: re.Pattern[str], text: str, place: int) -> bool:
    return any(match.start() <= place < match.end() for match in other.finditer(text))
