"""Names: surnames read right, PN values right, masks hide what they should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.valuerep import PersonName

from shared.dicomkit import names

PN_OF = {
    "张三": "Zhang^San=张^三",
    "单田芳": "Shan^Tianfang=单^田芳",
    "仇英": "Qiu^Ying=仇^英",
    "曾国藩": "Zeng^Guofan=曾^国藩",
    "解缙": "Xie^Jin=解^缙",
    "区寄": "Ou^Ji=区^寄",
    "查良镛": "Zha^Liangyong=查^良镛",
    "朴树": "Piao^Shu=朴^树",
    "盖叫天": "Ge^Jiaotian=盖^叫天",
    "尉迟恭": "Yuchi^Gong=尉迟^恭",
    "万俟卨": "Moqi^Xie=万俟^卨",
    "欧阳修": "Ouyang^Xiu=欧阳^修",
    "长孙无忌": "Zhangsun^Wuji=长孙^无忌",
    "单于": "Shan^Yu=单^于",
    "任盈盈": "Ren^Yingying=任^盈盈",
    "乐嘉": "Yue^Jia=乐^嘉",
    "翟志刚": "Zhai^Zhigang=翟^志刚",
    "吕布": "Lyu^Bu=吕^布",
    "令狐冲": "Linghu^Chong=令狐^冲",
    "覃海洋": "Qin^Haiyang=覃^海洋",
    "诸葛亮": "Zhuge^Liang=诸葛^亮",
    "司马光": "Sima^Guang=司马^光",
    "缪晓辉": "Miao^Xiaohui=缪^晓辉",
    "华佗": "Hua^Tuo=华^佗",
    "John Smith": "Smith^John",
    "Zhang^San": "Zhang^San",
    "Madonna": "Madonna",
}


@pytest.mark.parametrize(("name", "expected"), PN_OF.items())
def test_pn_values(name: str, expected: str) -> None:
    assert names.pn_value(name) == expected


@pytest.mark.parametrize(
    ("name", "typed", "expected"),
    [
        ("欧阳小明", "Ouyang Xiaoming", "Ouyang^Xiaoming"),
        ("欧阳小明", "Ou Yang Xiao Ming", "Ou Yang^Xiao Ming"),
        ("欧阳小明", "Xiaoming Ouyang", "Ouyang^Xiaoming"),
        ("单田芳", "Dan Tianfang", "Dan^Tianfang"),
        ("张三", "Zhang^San", "Zhang^San"),
        ("张三", "zhangsan", "zhangsan"),
        ("张张", "Zhang Zhang", "Zhang^Zhang"),
        ("阿卜杜·买买提", "Abdul Memet", "Memet^Abdul"),
        ("John Smith", "John Smith", "Smith^John"),
    ],
)
def test_typed_pinyin_has_the_family_name_first(name: str, typed: str, expected: str) -> None:
    assert names.pn_value(name, typed).partition("=")[0] == expected


@pytest.mark.parametrize(
    ("name", "tones"),
    [
        ("单雄信", "shan4"),
        ("燕青", "yan1"),
        ("华罗庚", "hua4"),
        ("任正非", "ren2"),
        ("宁浩", "ning4"),
        ("葛优", "ge3"),
        ("应采儿", "ying1"),
    ],
)
def test_the_surname_has_its_own_tone(name: str, tones: str) -> None:
    assert names.syllables(name)[0] == tones


def test_a_minority_name_keeps_its_dot_and_is_not_split() -> None:
    assert names.pn_value("古力娜扎·拜合提亚尔").endswith("=古力娜扎·拜合提亚尔")
    assert "^" not in names.pn_value("古力娜扎·拜合提亚尔")


def test_pydicom_reads_the_groups() -> None:
    read = PersonName(names.pn_value("欧阳小明"))
    assert (read.family_name, read.given_name) == ("Ouyang", "Xiaoming")
    assert read.ideographic == "欧阳^小明"


@pytest.mark.parametrize(
    ("pn", "shown"),
    [
        ("Zhang^San=张^三", "张三"),
        ("Smith^John", "Smith John"),
        ("张^三", "张三"),
        ("张三", "张三"),
        ("Zhang^San=", "Zhang San"),
        ("", ""),
        ("=张^三", "张三"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "山田太郎"),
    ],
)
def test_names_are_shown_as_people_write_them(pn: str, shown: str) -> None:
    assert names.shown_name(pn) == shown


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("张三", "张*"),
        ("张晓明", "张*明"),
        ("欧阳小明", "欧阳*明"),
        ("欧阳修", "欧阳*"),
        ("王李小明", "王**明"),
        ("爱新觉罗溥仪", "爱***仪"),
        ("买买提", "买*提"),
        ("阿依古丽·买买提", "阿***·**提"),
        ("Madonna", "M***"),
        ("阿卜杜热合曼·买买提", "阿***·**提"),
        ("李", "李*"),
        ("Zhang San", "Zhang S*"),
        ("Smith^John Paul", "Smith J* P*"),
        ("", ""),
    ],
)
def test_masks(name: str, hidden: str) -> None:
    assert names.masked(name) == hidden


def test_search_keys() -> None:
    assert names.search_keys("单田芳") == ("shantianfang", "stf")
    assert names.search_keys("吕布")[0] == "lyubu"
    assert names.search_keys("John Smith") == ("johnsmith", "js")


@given(st.text(max_size=80))
def test_any_text_makes_a_pn_value_within_the_rules(text: str) -> None:
    value = names.pn_value(text)
    groups = value.split("=")
    assert len(groups) <= 3
    assert all(len(group) <= 64 for group in groups)
    assert "\\" not in value
    assert not any(ord(c) < 32 for c in value)
