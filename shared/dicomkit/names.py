"""Person names: Chinese and pinyin, DICOM PN values, masking; the readings of surnames that dictionaries get wrong."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

COMPOUND_SURNAMES = {
    "欧阳": "ou1 yang2", "司马": "si1 ma3", "上官": "shang4 guan1", "诸葛": "zhu1 ge3", "东方": "dong1 fang1",
    "皇甫": "huang2 fu3", "尉迟": "yu4 chi2", "公羊": "gong1 yang2", "澹台": "tan2 tai2", "公冶": "gong1 ye3",
    "宗政": "zong1 zheng4", "濮阳": "pu2 yang2", "淳于": "chun2 yu2", "单于": "chan2 yu2", "太叔": "tai4 shu1",
    "申屠": "shen1 tu2", "公孙": "gong1 sun1", "仲孙": "zhong4 sun1", "轩辕": "xuan1 yuan2", "令狐": "ling2 hu2",
    "钟离": "zhong1 li2", "宇文": "yu3 wen2", "长孙": "zhang3 sun1", "慕容": "mu4 rong2", "鲜于": "xian1 yu2",
    "闾丘": "lv2 qiu1", "司徒": "si1 tu2", "司空": "si1 kong1", "亓官": "qi2 guan1", "司寇": "si1 kou4",
    "子车": "zi3 ju1", "颛孙": "zhuan1 sun1", "端木": "duan1 mu4", "巫马": "wu1 ma3", "公西": "gong1 xi1",
    "漆雕": "qi1 diao1", "乐正": "yue4 zheng4", "壤驷": "rang3 si4", "公良": "gong1 liang2", "拓跋": "tuo4 ba2",
    "夹谷": "jia2 gu3", "宰父": "zai3 fu3", "谷梁": "gu3 liang2", "段干": "duan4 gan1", "百里": "bai3 li3",
    "东郭": "dong1 guo1", "南门": "nan2 men2", "呼延": "hu1 yan2", "羊舌": "yang2 she2", "微生": "wei1 sheng1",
    "梁丘": "liang2 qiu1", "左丘": "zuo3 qiu1", "东门": "dong1 men2", "西门": "xi1 men2", "南宫": "nan2 gong1",
    "第五": "di4 wu3", "万俟": "mo4 qi2", "夏侯": "xia4 hou2", "赫连": "he4 lian2", "闻人": "wen2 ren2",
    "独孤": "du2 gu1", "完颜": "wan2 yan2", "耶律": "ye1 lv4", "纳兰": "na4 lan2", "哥舒": "ge1 shu1",
    "达奚": "da2 xi1", "叱干": "chi4 gan1", "屈突": "qu1 tu1",
}  # fmt: skip
"""Surnames of two characters and their readings."""

SURNAME_READINGS = {
    "单": "shan4", "仇": "qiu2", "曾": "zeng1", "解": "xie4", "区": "ou1", "查": "zha1", "朴": "piao2", "盖": "ge3",
    "任": "ren2", "华": "hua4", "燕": "yan1", "翟": "zhai2", "柏": "bai3", "乐": "yue4", "员": "yun4", "种": "chong2",
    "秘": "bi4", "冼": "xian3", "洗": "xian3", "句": "gou1", "召": "shao4", "缪": "miao4", "晁": "chao2", "逄": "pang2",
    "繁": "po2", "那": "na1", "尉": "wei4", "沈": "shen3", "黑": "he4", "隗": "wei3", "车": "che1", "覃": "qin2",
    "郗": "xi1", "佴": "nai4", "都": "du1", "能": "nai4", "牟": "mu4", "宁": "ning4", "葛": "ge3", "应": "ying1",
    "过": "guo1", "要": "yao1", "哈": "ha3", "谌": "chen2", "瞿": "qu2", "褚": "chu3", "藏": "zang4", "臧": "zang1",
    "折": "she2", "撒": "sa4", "呙": "guo1", "郇": "huan2", "芮": "rui4", "阚": "kan4", "亓": "qi2", "邸": "di3",
    "幺": "yao1", "相": "xiang4", "祭": "zhai4", "曲": "qu1", "万": "wan4", "石": "shi2", "重": "chong2",
    "贾": "jia3", "强": "qiang2", "卜": "bu3", "纪": "ji3", "适": "kuo4", "宓": "mi4", "戴": "dai4", "洪": "hong2",
    "俞": "yu2", "喻": "yu4", "尧": "yao2", "占": "zhan1", "干": "gan1", "和": "he2", "同": "tong2", "行": "xing2",
    "令": "ling2", "肖": "xiao1", "於": "yu1", "于": "yu2", "訾": "zi1", "眭": "sui1", "麻": "ma2", "仝": "tong2",
    "闫": "yan2", "岑": "cen2", "钭": "tou3", "琚": "ju1", "郏": "jia2", "郄": "qie4", "逯": "lu4", "亢": "kang4",
    "殷": "yin1", "咸": "xian2", "塔": "ta3", "逢": "pang2", "叶": "ye4", "吕": "lv3", "律": "lv4", "陆": "lu4",
    "舍": "she4", "薄": "bo2", "藉": "ji2", "红": "hong2", "给": "ji3", "洞": "dong4", "费": "fei4", "参": "shen1",
    "不": "fou1", "南": "nan2", "教": "jiao4", "盛": "sheng4", "称": "cheng1", "晟": "cheng2", "降": "jiang4",
    "夏": "xia4", "洛": "luo4", "冯": "feng2", "尹": "yin3", "便": "pian2", "钻": "zuan1", "莘": "shen1", "鲜": "xian1",
    "巷": "xiang4", "长": "chang2",
    "笮": "ze2", "甄": "zhen1", "郭": "guo1", "阿": "a1", "佟": "tong2", "苫": "shan1", "虞": "yu2",
}  # fmt: skip
"""Surnames of one character whose reading as a name must not be left to a dictionary of words."""

GIVEN_READINGS = {
    "少": "shao4", "晟": "sheng4", "冠": "guan4", "都": "du1", "曾": "zeng1", "凹": "wa1", "单": "dan1", "解": "jie3",
    "翟": "zhai2", "乾": "qian2", "珩": "heng2", "昊": "hao4", "珺": "jun4", "玥": "yue4", "璟": "jing3", "妤": "yu2",
}  # fmt: skip
"""Characters of given names whose usual reading in names is not the one of everyday words (少 in 少华 is shao4)."""

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_FORBIDDEN = re.compile(r"[\\^=\x00-\x1f\x7f]")
_DOTS = "·•・‧．"
MAX_COMPONENT_GROUP = 64  # characters, PS3.5 6.2 (PN)


def is_chinese(text: str) -> bool:
    """Tell whether `text` holds at least one Chinese character."""
    return _CHINESE.search(text) is not None


class PersonNameParts(NamedTuple):
    """The three component groups of a person name (PS3.5 6.2.1), each with its own carets."""

    alphabetic: str
    ideographic: str
    phonetic: str


def name_parts(name: str) -> PersonNameParts:
    """Split a decoded person name; Chinese in the alphabetic group, as old devices write it, is ideographic too."""
    groups = [group.strip().rstrip("^") for group in name.split("=")[:3]]
    groups += [""] * (3 - len(groups))
    alphabetic, ideographic, phonetic = groups
    if not ideographic and is_chinese(alphabetic):
        ideographic = alphabetic
    return PersonNameParts(alphabetic, ideographic, phonetic)


def ascii_name(name: str) -> str:
    """A PN value for a device that knows only ASCII: "张^三" and "Zhang^San=张^三" become "Zhang^San".

    The surname is read as a surname (单 Shan, 曾 Zeng, 欧阳 Ouyang), ü is written yu as in passports; Latin letters
    lose their accents. What is left that is not ASCII becomes a question mark. At most 64 characters (PS3.5 6.2).
    """
    parts = name_parts(name)
    if parts.alphabetic and not is_chinese(parts.alphabetic):
        latin = parts.alphabetic
    elif parts.ideographic and is_chinese(parts.ideographic):
        family, caret, given = parts.ideographic.partition("^")
        latin = _spelled(family, given) if caret and given else romanised(parts.ideographic.replace("^", ""))
    else:
        latin = parts.alphabetic or parts.ideographic or parts.phonetic
    folded = unicodedata.normalize("NFKD", latin.translate(_SPELLED_OUT))
    kept = "".join(c for c in folded if not unicodedata.combining(c))
    return kept.encode("ascii", "replace").decode("ascii")[:MAX_COMPONENT_GROUP].rstrip(" ^")


_SPELLED_OUT = str.maketrans(
    {"ß": "ss", "Æ": "Ae", "æ": "ae", "Ø": "O", "ø": "o", "Œ": "Oe", "œ": "oe", "Ð": "D", "ð": "d", "Þ": "Th",
     "þ": "th", "Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "ı": "i"}
)  # fmt: skip


def _spelled(family: str, given: str) -> str:
    """Pinyin of a name whose parts are known: the family name is read as one even where its length is unusual."""
    family, given = family.strip(), given.replace("^", "").strip()
    whole = syllables(family + given)
    if split_chinese(family + given)[0] != family or len(whole) != len(family + given):
        read = [_plain(one).capitalize() for one in (*syllables(family), *word_syllables(given))]
        at = len(syllables(family))
        return f"{''.join(read[:at]).capitalize()}^{''.join(read[at:]).capitalize()}"
    return romanised(family + given)


def split_chinese(name: str) -> tuple[str, str]:
    """Family and given name of a Chinese name; a name with a middle dot (阿卜杜·买买提) has no family part of its own.

    >>> split_chinese("欧阳小明")
    ('欧阳', '小明')
    """
    name = "".join(name.split())
    if any(dot in name for dot in _DOTS) or len(name) < 2:
        return name, ""
    if len(name) >= 3 and name[:2] in COMPOUND_SURNAMES:
        return name[:2], name[2:]
    if not is_chinese(name[0]):
        return name, ""
    return name[:1], name[1:]


@lru_cache(maxsize=4096)
def syllables(name: str) -> tuple[str, ...]:
    """The reading of a Chinese name, one syllable per character with its tone number ("shan4"; ü is v, neutral is 5).

    The family name is read by the surname tables, the rest by pypinyin's dictionary; other writing passes as is.
    """
    family, given = split_chinese(name)
    if family in COMPOUND_SURNAMES:
        read = tuple(COMPOUND_SURNAMES[family].split())
    elif family in SURNAME_READINGS and given:
        read = (SURNAME_READINGS[family],)
    else:
        read = word_syllables(family)
    return read + _given(given)


def _given(given: str) -> tuple[str, ...]:
    """The reading of a given name: 为 means to do at its end (有为 wei2), for somebody at its beginning (为民 wei4)."""
    read = [
        GIVEN_READINGS.get(c, _stressed(c, syllable)) for c, syllable in zip(given, word_syllables(given), strict=False)
    ]
    if len(given) > 1 and given.endswith("为") and len(read) == len(given):
        read[-1] = "wei2"
    return tuple(read)


def _stressed(character: str, syllable: str) -> str:
    """In names no syllable is toneless: 子 in 章子怡 is zi3, though the dictionary of words says zi5."""
    if not syllable.endswith("5"):
        return syllable
    from pypinyin import Style, pinyin

    [readings] = pinyin(character, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True, v_to_u=False)
    return next((r.replace("ü", "v") for r in readings if not r.endswith("5")), syllable)


@lru_cache(maxsize=4096)
def word_syllables(text: str) -> tuple[str, ...]:
    """The reading of ordinary words, like `syllables` but without the rules for names."""
    from pypinyin import Style, lazy_pinyin

    cleaned = "".join(c for c in text if c not in _DOTS)
    read = lazy_pinyin(cleaned, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)
    return tuple(syllable.replace("ü", "v") for syllable in read)


def _plain(syllable: str) -> str:
    """Without tone; ü as "yu" after l and n, as on Chinese passports (吕 LYU)."""
    return re.sub(r"^([ln])v", r"\1yu", syllable.rstrip("12345")).replace("v", "u")


def romanised(name: str) -> str:
    """The Latin PN component group of a name: "Shan^Tianfang" for 单田芳.

    Latin names pass: with carets as they are, else the last word is the family name ("John Smith" → "Smith^John").
    """
    if not is_chinese(name):
        return _latin(name)
    family, given = split_chinese(name)
    if not given:
        parts = re.split(f"[{_DOTS}]", name)
        return " ".join("".join(_plain(s) for s in syllables(part)).capitalize() for part in parts if part)
    read = [_plain(syllable) for syllable in syllables(name)]
    return f"{''.join(read[: len(family)]).capitalize()}^{''.join(read[len(family) :]).capitalize()}"


def _latin(name: str) -> str:
    if "^" in name:
        return "^".join(_FORBIDDEN.sub("", part).strip() for part in name.split("^")).rstrip("^")
    words = _FORBIDDEN.sub(" ", name).split()
    if len(words) < 2:
        return "".join(words)
    return f"{words[-1]}^{' '.join(words[:-1])}"


def _typed_pinyin(latin: str, name: str) -> str:
    """The Latin group of a Chinese name whose pinyin was typed: the family name stands first, as in Chinese, unless
    only the last word is read as it."""
    words = _FORBIDDEN.sub(" ", latin).split()
    if "^" in latin or len(words) < 2 or not split_chinese(name)[1]:
        return _latin(latin)
    family = romanised(name).partition("^")[0].casefold()
    if words[-1].casefold() == family and words[0].casefold() != family:
        return _latin(latin)
    for count in range(1, len(words)):  # "Ou Yang Xiao Ming": as many words as make the family name
        if "".join(words[:count]).casefold() == family:
            return f"{' '.join(words[:count])}^{' '.join(words[count:])}"
    return f"{words[0]}^{' '.join(words[1:])}"


def pn_value(name: str, latin: str = "") -> str:
    """The PN value of a name as people write it: "Zhang^San=张^三" (PS3.5 6.2.1). `latin` overrides the pinyin.

    Signs that PN uses itself (^ = \\) are dropped from Chinese names; each group is cut at 64 characters.
    """
    name = name.strip()
    if not is_chinese(name):
        return _latin(latin or name)[:MAX_COMPONENT_GROUP]
    name = _FORBIDDEN.sub("", name)
    alphabetic = (_typed_pinyin(latin, name) if latin else romanised(name))[:MAX_COMPONENT_GROUP]
    family, given = split_chinese(name)
    ideographic = f"{family}^{given}" if given else family
    return f"{alphabetic}={ideographic[:MAX_COMPONENT_GROUP]}"


def shown_name(pn: str) -> str:
    """The name as a screen shows it: the ideographic group joined, else the Latin one as "Family Given"."""
    groups = [*pn.split("="), "", ""]
    alphabetic, ideographic = groups[0], groups[1]
    if ideographic.strip(" ^"):
        return "".join(part.strip() for part in ideographic.split("^"))
    if is_chinese(alphabetic):  # many devices write Chinese into the first group
        return "".join(part.strip() for part in alphabetic.split("^"))
    return " ".join(part.strip() for part in alphabetic.split("^") if part.strip())


def masked(name: str) -> str:
    """The name with its middle hidden, for everybody in a hall to see.

    张明 → 张* · 张小明 → 张*明 · 王李小明 → 王**明 · 欧阳修 → 欧阳* · 欧阳小明 → 欧阳*明 · 阿卜杜·买买提 → 阿**·**提;
    of Latin names the first word and initials stay, of a single word its first letter. At most three stars together.
    """
    name = name.strip()
    if not name:
        return ""
    if is_chinese(name):
        compact = "".join(name.replace("^", " ").split()).strip(_DOTS)
        family, given = split_chinese(compact)
        if not given:
            hidden = re.sub(f"[^{_DOTS}]", "*", compact)
            shown = compact[0] + hidden[1:-1] + (compact[-1] if len(compact) > 2 else hidden[1:])
            return re.sub(r"\*{4,}", "***", shown if len(compact) > 1 else f"{compact}*")
        return family + "*" * min(max(len(given) - 1, 1), 3) + (given[-1] if len(given) > 1 else "")
    family, _, given = romanised(name).partition("^") if "^" in name else name.partition(" ")
    if not given.replace("^", "").strip():
        return f"{family[:1]}***"
    return " ".join([family, *(word[0] + "*" for word in given.replace("^", " ").split())])


def search_keys(name: str) -> tuple[str, str]:
    """Full pinyin without spaces and the initials, in lower case: 单田芳 → ("shantianfang", "stf")."""
    if not is_chinese(name):
        words = re.findall(r"[a-z0-9]+", name.lower())
        return "".join(words), "".join(word[0] for word in words)
    read = [_plain(syllable).lower() for syllable in syllables(name)]
    return "".join(read), "".join(syllable[0] for syllable in read if syllable)
