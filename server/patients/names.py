"""Chinese names in pinyin, for search and for DICOM's alphabetic group."""

from __future__ import annotations

from server.patients.rules import has_chinese, initials_of

# Readings of family names that differ from the usual reading of the character.
_FAMILY_READINGS = {
    "单": "Shan", "曾": "Zeng", "仇": "Qiu", "解": "Xie", "查": "Zha", "任": "Ren", "区": "Ou", "盖": "Ge",
    "翟": "Zhai", "覃": "Qin", "朴": "Piao", "乐": "Yue", "缪": "Miao", "员": "Yun", "尉": "Wei", "华": "Hua",
    "纪": "Ji", "召": "Shao", "黑": "He", "种": "Chong", "折": "She", "繁": "Po", "秘": "Bi", "冼": "Xian",
    "尉迟": "Yuchi", "长孙": "Zhangsun", "万俟": "Moqi", "令狐": "Linghu", "澹台": "Tantai",
}  # fmt: skip
_COMPOUND = frozenset(
    "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 司徒 司空 夏侯 端木 独孤 南宫 闻人 轩辕 钟离 鲜于 "
    "闾丘 太史 申屠 公羊 赫连 澹台 濮阳 淳于 单于 万俟 呼延 百里 东郭 西门 第五 完颜 拓跋 纳兰 叶赫".split()
)


def split_name(name: str) -> tuple[str, str]:
    """Split a Chinese name into family and given name; compound family names count as such."""
    if len(name) > 2 and name[:2] in _COMPOUND:
        return name[:2], name[2:]
    return name[:1], name[1:]


def pinyin_of(name: str) -> str:
    """Return "Zhang^San" of 张三, "Ouyang^Xiaoming" of 欧阳小明; a name without Chinese comes back as it is."""
    bare = "".join(name.split())
    if not has_chinese(bare):
        return " ".join(name.split())
    family, given = split_name(bare)
    family_pinyin = _FAMILY_READINGS.get(family) or _syllables(family)
    given_pinyin = _syllables(given)
    return f"{family_pinyin}^{given_pinyin}" if given_pinyin else family_pinyin


def initials_of_name(name: str) -> str:
    """Return the pinyin initials of a name: zs of 张三, oyxm of 欧阳小明."""
    from pypinyin import Style, lazy_pinyin

    bare = "".join(name.split())
    family, given = split_name(bare)
    first = _FAMILY_READINGS.get(family)
    head = first[0] if first and len(family) == 1 else "".join(lazy_pinyin(family, style=Style.FIRST_LETTER))
    return (head + "".join(lazy_pinyin(given, style=Style.FIRST_LETTER))).casefold()


def initials_for(name: str, pinyin: str) -> str:
    """Return the search initials of a patient, at most 16 letters."""
    return (initials_of_name(name) if has_chinese(name) else initials_of(pinyin))[:16]


def _syllables(text: str) -> str:
    from pypinyin import Style, lazy_pinyin

    joined = "".join(lazy_pinyin(text, style=Style.NORMAL))
    # ü has no place in DICOM's default repertoire; passports write YU (GB/T 28039-2011).
    return joined.replace("ü", "yu").capitalize()
