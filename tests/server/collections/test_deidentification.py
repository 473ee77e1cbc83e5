"""What a teaching file may not hold: names however they are written, numbers, days, addresses; and what must stay."""

from __future__ import annotations

import pytest

from server.collections.deidentification import Identity, clean, leftover

WHO = Identity(
    names=("张三", "Zhang San", "ZhangSan"), staff=("李建国", "Li Jianguo"), numbers=("P00000001", "261123CT0001")
)


@pytest.mark.parametrize(
    "name",
    [
        "张三",
        "张 三",
        "张　三",
        "Zhang^San",
        "ZHANG  SAN",
        "Zhang, San",
        "San Zhang",
        "zhang-san",
        "Zhāng Sān",
        "zhangsan",
    ],
)
def test_the_patients_name_is_found_however_it_is_written(name: str) -> None:
    text = f"老年患者{name}，咳嗽三天"
    assert leftover(text, WHO) == name
    cleaned = clean(text, WHO)
    assert name not in cleaned and leftover(cleaned, WHO) == "" and cleaned.endswith("，咳嗽三天")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("患者张某，张先生自述", "患者，患者自述"),
        ("李 建国阅片，签名：王五", "某医生阅片，签名：＊"),
        ("2026-1-5、2026.01.05、26/11/23、11/23/2026 查", "某日、某日、某日、某日 查"),
        ("2026年3月、2026-03、3月5号、二〇二六年三月五日", "某日、某日、某日、某日"),
        ("on 23 Nov 2026 and Nov 23, 2026, 05-Jan-2026", "on 某日 and 某日, 某日"),
        ("电话 0571-88886666，138 0013 8000", "电话 ＊，＊"),
        ("身份证 110101 19900307 251X，a.b@qq.com", "身份证 ＊，＊"),
        ("住院号：123456，病历号 88231，CT号12345", "住院号：＊，病历号 ＊，CT号＊"),
        ("检查号 261123CT0009", "检查号 ＊"),
        ("病理号：2026-12345", "病理号：＊"),
        ("住浙江省杭州市西湖区文三路12号", "某地"),
    ],
)
def test_what_leads_to_a_person_goes(text: str, cleaned: str) -> None:
    assert clean(text, WHO) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "大小约12mm×9mm，CT值-850HU，SUVmax 12.3",
        "第3/4后肋、第10-11-12肋骨折，12.10.8 mm",
        "C3/4、L4/5椎间盘，MR:T12椎体，CBCT:38阻生",
        "建议3-6个月复查，1-2月后复查，术后2年3月，2020年体检",
        "PI-RADS 4分（2019版），Gleason 3+4=7，淋巴结 10/12",
        "主动脉弓、肺动脉干显张，三维重建",
    ],
)
def test_medicine_stays(text: str) -> None:
    assert clean(text, WHO) == text and leftover(text, WHO) == ""
