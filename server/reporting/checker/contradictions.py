"""Contradictions by the words of a diagnosis and by what such a thing looks like.

The first takes the part that a diagnosis names ("duodenal bulb", "Achilles tendon") and finds it in the findings only
as sound. The second knows a few diagnoses whose signs the findings deny.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.anatomy import lesions_in, organs_in, sides_in
from server.reporting.checker.clauses import clauses, mentions, sentences
from server.reporting.checker.places import apart, places_in
from server.reporting.checker.subject import Alarm, AlarmKind, Subject
from server.reporting.checker.wording import REST

_PART = re.compile(r"[^，,；;。：:\n]+")
_ILLNESS = re.compile(
    r"(?:陈旧性|急性|慢性|多发|单发|巨大|小|大量|少量|轻度|中度|重度|部分|完全)*(?:骨折|断裂|撕裂|损伤|挫裂伤|挫伤|破裂|裂伤|溃疡|息肉|结石|囊肿|结节|肿块|占位|肌瘤|腺瘤|血管瘤|癌|瘤|炎|[ⅠⅡⅢI]{1,3}[级度](?:信号|变性)|出血|血肿|梗死|积液|积水|扩张|狭窄|脱位|突出|膨出|血栓|栓塞|斑块|坏死|转移|水肿|闭塞|肿大|增生|肥大|增大|萎缩|硬化|受累|受侵|侵犯破坏|侵犯|疝|憩室|穿孔|梗阻|结核|脓肿|静脉曲张|积气|气胸)"
)
_WELL = re.compile(
    r"无殊|无伤|无特殊|无异|三相|未见|未及|未探及|未发现|正常|清晰|对称|光整|光滑|良好|通畅|完整|连续|居中|不大|不厚|不宽|不扩张|如常|锐利|无(?:扩张|狭窄|异常|增|积|肿|充盈缺损)"
)
_ILL = re.compile(
    r"(?<![未不])见(?!明?显?异常)|增[大厚粗宽高多强]|减[低少]|缩小|变[窄钝浅扁薄尖]|肿[大胀]|积[液水气血]|(?<!无)扩张|结节|骨折|狭窄|囊|影(?!像)|灶|中断|(?<!未见)撕裂|斑块|钙化|萎缩|不连|破坏|缺损|欠|不均|不清|突出|膨出|充血|糜烂|隆起|高信号|低信号|回声|异常(?!$|信号|密度|征象|强化|回声|改变)|\d\s*(?:mm|cm|HU)"
)
_DENIED = re.compile(r"未见|未及|未探及|未发现|未示|无(?!回声|名)|不(?=[大厚宽粗窄])")
_NOT_NOW = re.compile(r"术后|前片|前次|既往|建议|可能|待排|不除外|可疑|除外|\?|？|病史|(?<!已)切除|余|其余|未见|无|不")
_LEAD = re.compile(r"^[\s\d.、()（）①-⑳]+|^(?:考虑|提示|符合|拟|疑|伴|并|及|合并)+|[左右双]侧?")

# A diagnosis, the denial of its sign, and a sign that makes the denial harmless.
_SIGNS: tuple[tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str] | None], ...] = tuple(
    (re.compile(told), re.compile(sign), re.compile(excuse) if excuse else None)
    for told, sign, excuse in (
        (
            r"(?:消化道|胃|肠|空腔脏器)[^，。；]{0,4}穿孔|气腹",
            r"(?:膈下|腹腔)[^，。；]{0,4}(?:未见|无)[^，。；]{0,4}游离气",
            r"",
        ),
        (
            r"急性[^，。；]{0,6}脑?梗[死塞]|新发[^，。；]{0,6}梗[死塞]",
            r"DWI[^，。；]{0,10}(?:未见|无)[^，。；]{0,6}(?:高信号|弥散受限|扩散受限|异常)|(?:未见|无)[^，。；]{0,6}(?:弥散|扩散)受限",
            r"(?<!未见)(?<!无)(?<!未见明显)(?:弥散|扩散)受限|DWI[^，。；未无]{0,8}高信号",
        ),
        (
            r"(?:脑|基底节区?|丘脑|叶|脑干|小脑)[^，。；]{0,4}出血",
            r"(?<!混杂)低密度",
            r"高密度|出血|血肿|高信号|SWI|低信号",
        ),
        (
            r"(?:脑|基底节区?|丘脑|叶|脑干|小脑)[^，。；]{0,4}出血",
            r"DWI[^，。；未无]{0,6}高信号[^。；]{0,8}ADC[^，。；]{0,6}(?:低|减低)",
            r"高密度|出血|血肿|SWI|短T1|T1WI?[^，。；]{0,4}高|GRE|混杂|含铁",
        ),
        (
            r"(?:丘脑|基底节区?|叶|脑干|小脑)(?:急性)?(?:脑)?梗[死塞]",
            r"(?:团|肾形|类圆形)[^，。；]{0,4}高密度",
            r"低密度(?!水肿)|信号|DWI|梗[死塞]|出血性",
        ),
        (r"热结节", r"(?:放射性|摄取)?(?:缺损|稀疏)", r"浓聚|增高"),
        (r"冷结节", r"浓聚|摄取增高", r"缺损|稀疏"),
        (r"硬膜外血肿", r"新月形", r"梭形|双凸|硬膜外"),
        (r"硬膜下血肿", r"(?:梭形|双凸)[^，。；]{0,10}(?:密度|信号)", r"新月|硬膜下"),
        (
            r"(?:脑|基底节区?|丘脑|叶|脑干)[^，。；]{0,4}梗[死塞]",
            r"高密度",
            r"低密度(?!水肿)|信号|DWI|梗[死塞]|密度减低|软化",
        ),
        (
            r"稽留流产|胚胎停育|胎停|(?:未见|无)[^，。；]{0,4}(?:胎心|心管)搏动|死胎",
            r"(?:可?见|探及)[^，。；未]{0,6}(?:胎心|心管|原始心管|心)搏动|胎心率?[^，。；]{0,4}\d+\s*次",
            r"未见[^，。；]{0,6}搏动",
        ),
        (r"宫内(?:早|单)?(?:孕|妊娠)", r"(?:宫腔|宫内)[^，。；]{0,4}(?:未见|无)[^，。；]{0,6}(?:孕囊|妊娠囊)", r""),
        (r"胚胎存活|活胎|存活", r"(?:未见|无|未探及)[^，。；]{0,4}(?:胎心|心管)[^，。；]{0,2}搏动", r""),
        (
            r"肠梗阻",
            r"(?:未见|无)[^，。；]{0,10}(?:扩张|气液平|液气平)",
            r"(?<!未见)(?<!无)扩张[^，。；]{0,6}气液平|见[^，。；]{0,8}气液平",
        ),
        (
            r"闭塞",
            r"狭窄",
            r"闭塞|中断|未见?显影|不显影|充盈缺损|缺如|[无未]见?血流|未探及[^，。；]{0,4}血流|充[满填]|单相|侧支",
        ),
        (
            r"(?:肝脏?|肺|脑|淋巴结|肾上腺)转移|转移瘤",
            r"(?:全身|余|肝|肺|脑)[^，。；]{0,14}(?:未见|无)[^，。；]{0,4}(?:异常|高代谢|占位|结节)",
            r"转移|结节|肿块|占位|病灶|高代谢(?:灶|结节|影)|肿大|(?<!异常)浓聚|(?:代谢|摄取)增高",
        ),
        (r"气胸(?!吸收)", r"(?:未见|无)[^，。；]{0,4}(?:气胸|无肺纹理)", r"(?<!未见)(?:透亮区|透光区)|压缩"),
        (r"骨质疏松", r"骨(?:质)?密度(?:正常|未见异常)|骨密度[^，。；]{0,3}正常", r"减低|稀疏|疏松"),
        (
            r"脂肪肝",
            r"肝[^，。；]{0,6}(?:密度|回声|实质)[^，。；]{0,6}(?:正常|均匀)",
            r"减低|增强|细密|衰减|反相位|低于",
        ),
        (r"心包积液", r"心包[^，。；]{0,4}(?:未见|无)", r"心包[^，。；未无]{0,6}(?:液|积)"),
        (r"阑尾炎", r"阑尾(?:[^，。；]{0,6}(?:正常|未见异常|无增粗|不粗|未见增粗))", r"增粗|管状结构|粪石|模糊|渗出"),
        (r"前交叉韧带(?:断裂|撕裂)", r"前(?:、?后)?交叉韧带[^。；]{0,8}(?:连续|正常|完整)", r"中断|增粗|不连续"),
    )
)


def contradictions(subject: Subject) -> Iterator[Alarm]:
    """The first contradiction of each sort."""
    yield from _sound_part(subject)
    yield from _missing_sign(subject)
    yield from _reached(subject)
    yield from _recurred(subject)
    yield from _test(subject)
    yield from _nature(subject)


# What one calls it, what such a thing never looks like, and what excuses it: each of the same organ.
_NATURES: tuple[tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(told), re.compile(against), re.compile(excuse))
    for told, against, excuse in (
        (
            r"(?<!性)(?<!疡)囊肿",
            r"(?<![未无])(?<!未见)(?<!未见明显)(?:明显|中度|轻度|结节样|不均匀|环形|渐进性|逐渐)(?:异常)?(?:强化|填充)|快进快出|实性",
            r"囊(?!肿)|无回声|水样|无强化|未见(?:明显)?(?:异常)?强化|不强化|长T2|液性|(?:0|1)?\d\s*HU",
        ),
        (
            r"血管瘤|腺瘤|肌瘤|实性结节|错构瘤|脑膜瘤|(?<!囊)腺?癌",
            r"无回声区?|水样密度|无强化|未见(?:明显)?强化|囊性(?!变)",
            r"强化(?<!无强化)(?<!未见强化)(?<!未见明显强化)|实性|[低高等中]回声|分隔|壁结节|密度结节|脂肪|混[合杂]|肿块|CT值|(?<!囊性)[高低等]密度",
        ),
    )
)


def _nature(subject: Subject) -> Iterator[Alarm]:
    """A "cyst" that takes up contrast, a "haemangioma" without an echo, where the organ has nothing else."""
    found = clauses(subject.findings)
    for told in clauses(subject.impression):
        if _NOT_NOW.search(told.text) or not told.organs or len(lesions_in(told.text)) != 1:
            continue
        for name, against, excuse in _NATURES:
            if not name.search(told.text):
                continue
            numbers = {
                one.sentence
                for one in found
                if one.organs & told.organs
                and not apart(one.places, told.places)
                and not (one.sides and told.sides and not one.sides & told.sides)
                and _is_ill(one.text)
                and not one.text.startswith("余")
                and not (_WELL.search(one.text) and "见" not in one.text)
            }
            if len(numbers) != 1:
                continue
            sentence = "，".join(one.text for one in found if one.sentence in numbers)
            sign = against.search(sentence)
            if sign and not excuse.search(sentence):
                why = f"“{told.text}”与影像所见的“{sign[0]}”不像同一病变，请核对影像所见与诊断意见。"
                yield Alarm(AlarmKind.CONFLICT, told.text, why)
                return


def _sound_part(subject: Subject) -> Iterator[Alarm]:
    findings = [[part.strip() for part in _PART.findall(sentence)] for sentence in sentences(subject.findings)]
    for sentence in sentences(subject.impression):
        for told in re.split(r"[，,；;：:]", sentence):
            illness = _ILLNESS.search(told)
            if not illness or _NOT_NOW.search(told):
                continue
            name = _LEAD.sub("", told[: illness.start()]).strip()
            name = _short(name, subject.findings) or _known_end(name, subject.findings)
            if not name:
                continue
            words = illness[0]
            if any(
                words in part
                and not _DENIED.search(part[: part.find(words)])
                and not apart(places_in(part), places_in(told))
                and not (organs_in(part) and organs_in(told) and not organs_in(part) & organs_in(told))
                for parts in findings
                for part in parts
            ):
                continue
            kinds = {name for name, _, _ in lesions_in(told)}
            if any(
                not one.is_denied
                and one.lesion in kinds
                and not apart(one.places, places_in(told))
                and not (one.organs and organs_in(told) and not one.organs & organs_in(told))
                for one in mentions(subject.findings)
            ):
                continue
            about = [parts for parts in findings if any(name in part for part in parts)]
            if _STRUCTURE.fullmatch(name):
                # In one sentence the lunate is sound and the scaphoid is not.
                about = [
                    [part for part in parts if name in part or not _STRUCTURE.match(_LEAD.sub("", part))]
                    for parts in about
                ]
            if not about or any(_is_ill(part) for parts in about for part in parts):
                continue
            if len(name) < 4 and any(
                _speaks_on(one.text, one.organs, name)
                and (len(name) < 3 or not one.organs)
                and not apart(one.places, places_in(told))
                for one in clauses(subject.findings)
            ):
                continue
            sides = sides_in(told) or sides_in(sentence)
            sound = next(
                (
                    part
                    for parts in about
                    for part in parts
                    if name in part
                    and _WELL.search(part)
                    and not REST.search(part)
                    and (not sides or not sides_in(part) or sides & sides_in(part))
                ),
                "",
            )
            if sound:
                yield Alarm(
                    AlarmKind.CONFLICT, told.strip(), f"“{told.strip()}”与“{sound}”相互矛盾，请核对影像所见与诊断意见。"
                )
                return


def _is_ill(part: str) -> bool:
    return bool(_ILL.search(_DENIED.split(part, maxsplit=1)[0]))


_STRUCTURE = re.compile(r".{1,6}?(?:骨|肌腱|跟腱|韧带|半月板|窦|瓣|神经)(?!盆|骼|质|髓|折|内|旁)")


def _short(name: str, findings: str) -> str:
    """How the findings write an organ of one character; "" when it is none or they do not."""
    if name not in set("肝脾胰肾胃肺"):
        return ""
    match = re.search(rf"(?<![一-鿿]){name}(?:[、及和]|[脏腺壁实]|未见|正常|大小)|双{name}", findings)
    return match[0] if match else ""


def _known_end(name: str, findings: str) -> str:
    """The longest end of a name, of at least two characters, that the findings have; "" for none."""
    # "oedema of the lunate's marrow": that the report speaks of marrow elsewhere does not make it the lunate's.
    bone = _STRUCTURE.match(name)
    if bone and bone[0] in findings:
        return bone[0]
    # "outer meniscus, rear horn": that the inner one has such a horn does not make it this one.
    head = next((name[:end] for end in range(len(name) - 1, 3, -1) if name[:end] in findings), "")
    if head and re.match(r"[内外]侧|[前后上下]", name):
        return head
    return next((name[start:] for start in range(len(name) - 1) if name[start:] in findings), "")


def _speaks_on(part: str, organs: frozenset[str], name: str) -> bool:
    """Whether a clause shows something without saying where, or in the organ of the name."""
    return (
        _is_ill(part)
        and not re.search(r"进镜|循腔|距门齿|距肛", part)
        and (not organs or bool(organs & organs_in(name)))
    )


def _missing_sign(subject: Subject) -> Iterator[Alarm]:
    told_clauses = [one.text for one in clauses(subject.impression)]
    for told, denial, excuse in _SIGNS:
        for words in told_clauses:
            match = told.search(words)
            if not match or re.search(
                r"除外|待排|可能|术后|陈旧|建议|\?|？|后遗|吸收|史|余|(?:未见|无)(?!.{0,4}搏动)", words
            ):
                continue
            against = denial.search(subject.findings)
            if against and not (excuse and excuse.search(subject.findings.replace(against[0], "", 1))):
                yield Alarm(
                    AlarmKind.CONFLICT,
                    words,
                    f"“{words}”与影像所见的“{against[0]}”相互矛盾，请核对影像所见与诊断意见。",
                )
                return


def _reached(subject: Subject) -> Iterator[Alarm]:
    """ "Invades X" and "X is not invaded"."""
    for match in re.finditer(r"(?<![未无])(?:累及|侵犯|侵及)([一-鿿]{2,6}?)(?=$|[，。；、及])", subject.impression):
        denial = re.search(
            rf"{match[1]}[^，。；]{{0,6}}(?:未见|无|未)[^，。；]{{0,4}}(?:累及|受累|受侵|侵犯|侵)|{match[1]}[^，。；]{{0,3}}(?:界面|界限|脂肪间隙|间隙|边界)[^，。；]{{0,2}}(?:清晰|清楚|存在)|{match[1]}腺?[^，。；]{{0,4}}(?:未见(?:明显)?异常|(?:形态|信号)正常)",
            subject.findings,
        )
        if denial:
            yield Alarm(AlarmKind.CONFLICT, match[0], f"“{match[0]}”与影像所见的“{denial[0]}”相互矛盾，请核对。")
            return


_BED = re.compile(r"(术区|残端|吻合口|瘤床|胸壁)[^，。；未无]{0,6}复发(?!可能|待|\?|？)")


def _recurred(subject: Subject) -> Iterator[Alarm]:
    """ "Recurrence at the stump" and a stump that shows nothing."""
    for match in _BED.finditer(subject.impression):
        said = [one for one in sentences(subject.findings) if match[1] in one]
        if said and all(
            re.search(r"未见|均匀|光滑", one.split(match[1], 1)[1])
            and not re.search(r"结节|肿块|增厚(?<!未见增厚)|(?<!异常)强化|复发", one.split(match[1], 1)[1])
            for one in said
        ):
            yield Alarm(AlarmKind.CONFLICT, match[0], f"“{match[0]}”与影像所见的“{said[0]}”相互矛盾，请核对。")
            return


_TEST = re.compile(
    r"(?<![A-Za-z])(Hp|HP|幽门螺杆菌|DWI|DOTATATE|PSMA|MRF|EMVI|CRM)\s*[（(]?\s*(阳性|阴性|[+＋\-－—]|未受累|未受侵|受累|受侵)"
)


def _test(subject: Subject) -> Iterator[Alarm]:
    """A test that is positive in one part and negative in the other."""
    found = {_test_name(one[1]): (_is_positive(one[2]), one[0]) for one in _TEST.finditer(subject.findings)}
    for match in _TEST.finditer(subject.impression):
        there = found.get(_test_name(match[1]))
        if there and there[0] is not _is_positive(match[2]):
            yield Alarm(AlarmKind.CONFLICT, match[0], f"“{match[0]}”与影像所见的“{there[1]}”相反，请核对。")
            return


def _test_name(name: str) -> str:
    return "HP" if name == "幽门螺杆菌" else name.upper()


def _is_positive(word: str) -> bool:
    return word in {"阳性", "+", "＋", "受累", "受侵"}
