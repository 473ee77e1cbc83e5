"""What is read aloud: two hundred names and numbers give the right pinyin, and espeak knows every syllable."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clients.kit.voice.espeak_voice import EspeakVoice
from clients.kit.voice.numerals import ticket_words
from clients.kit.voice.reading import Part, name_pinyin, plain_spoken, sandhi, spoken_parts, words_pinyin
from shared.contract.halls import SpokenNumber

# name: reading, third-tone sandhi applied
_LISTED = """
单田芳:shan4 tian2 fang1|仇英:qiu2 ying1|曾国藩:zeng1 guo2 fan1|解缙:xie4 jin4|区寄:ou1 ji4
查良镛:zha1 liang2 yong1|朴树:piao2 shu4|盖叫天:ge3 jiao4 tian1|尉迟恭:yu4 chi2 gong1|万俟卨:mo4 qi2 xie4
欧阳修:ou1 yang2 xiu1|长孙无忌:zhang3 sun1 wu2 ji4|任盈盈:ren2 ying2 ying2|华佗:hua4 tuo2|燕青:yan1 qing1
翟志刚:zhai2 zhi4 gang1|乐嘉:yue4 jia1|种师道:chong2 shi1 dao4|冼星海:xian3 xing1 hai3|缪晓辉:miao4 xiao3 hui1
晁盖:chao2 gai4|尉健行:wei4 jian4 xing2|沈从文:shen3 cong2 wen2|隗嚣:wei3 xiao1|覃海洋:qin2 hai3 yang2
牟其中:mu4 qi2 zhong1|宁浩:ning4 hao4|葛优:ge3 you1|应采儿:ying1 cai3 er2|那英:na1 ying1|谌龙:chen2 long2
瞿秋白:qu2 qiu1 bai2|褚遂良:chu3 sui4 liang2|臧克家:zang1 ke4 jia1|撒贝宁:sa4 bei4 ning2|阚清子:kan4 qing1 zi3
曲波:qu1 bo1|万里:wan4 li3|石涛:shi2 tao1|贾平:jia3 ping2|强生:qiang2 sheng1|纪晓岚:ji2 xiao3 lan2
吕布:lv3 bu4|诸葛亮:zhu1 ge3 liang4|司马光:si1 ma3 guang1|上官婉儿:shang4 guan1 wan3 er2|皇甫嵩:huang2 fu3 song1
令狐冲:ling2 hu2 chong1|公孙胜:gong1 sun1 sheng4|慕容复:mu4 rong2 fu4|夏侯惇:xia4 hou2 dun1
东方朔:dong1 fang1 shuo4|宇文泰:yu3 wen2 tai4|钟离昧:zhong1 li2 mei4|张三:zhang1 san1|李四:li3 si4
王五:wang2 wu3|赵六:zhao4 liu4|张伟:zhang1 wei3|王芳:wang2 fang1|李娜:li3 na4|刘洋:liu2 yang2|陈静:chen2 jing4
杨帆:yang2 fan1|黄磊:huang2 lei3|周杰:zhou1 jie2|吴刚:wu2 gang1|徐静:xu2 jing4|孙丽:sun1 li4|马超:ma3 chao1
朱军:zhu1 jun1|胡军:hu2 jun1|郭靖:guo1 jing4|何平:he2 ping2|高远:gao1 yuan3|林青:lin2 qing1|罗兰:luo2 lan2
郑和:zheng4 he2|梁启超:liang2 qi3 chao1|谢安:xie4 an1|宋江:song4 jiang1|唐寅:tang2 yin2|许仙:xu3 xian1
韩信:han2 xin4|冯巩:feng2 gong3|邓超:deng4 chao1|曹操:cao2 cao1|彭越:peng2 yue4|肖战:xiao1 zhan4|田汉:tian2 han4
董卓:dong3 zhuo2|袁绍:yuan2 shao4|潘安:pan1 an1|于谦:yu2 qian1|蒋英:jiang3 ying1|蔡伦:cai4 lun2|余华:yu2 hua2
杜甫:du4 fu3|叶问:ye4 wen4|程颐:cheng2 yi2|苏轼:su1 shi4|魏征:wei4 zheng1|熊希龄:xiong2 xi1 ling2
雄飞:xiong2 fei1|邱云:qiu1 yun2|江海:jiang1 hai3|史可法:shi3 ke2 fa3|顾恺之:gu4 kai3 zhi1|侯宝林:hou2 bao3 lin2
邵逸夫:shao4 yi4 fu1|孟非:meng4 fei1|龙云:long2 yun2|段誉:duan4 yu4|雷军:lei2 jun1|钱学森:qian2 xue2 sen1
汤显祖:tang1 xian2 zu3|尹正:yin3 zheng4|黎明:li2 ming2|易中天:yi4 zhong1 tian1|常香玉:chang2 xiang1 yu4
武松:wu3 song1|乔峰:qiao2 feng1|贺龙:he4 long2|赖声川:lai4 sheng1 chuan1|龚琳娜:gong1 lin2 na4
文天祥:wen2 tian1 xiang2|庞统:pang2 tong3|樊哙:fan2 kuai4|兰陵:lan2 ling2|殷桃:yin1 tao2|施琅:shi1 lang2
陶渊明:tao2 yuan1 ming2|洪秀全:hong2 xiu4 quan2|安康:an1 kang1|严复:yan2 fu4|牛顿:niu2 dun4|温岚:wen1 lan2
芦笛:lu2 di2|季羡林:ji4 xian4 lin2|俞敏洪:yu2 min3 hong2|章子怡:zhang1 zi3 yi2|鲁迅:lu3 xun4
韦小宝:wei2 xiao2 bao3|昌平:chang1 ping2|李小勇:li3 xiao2 yong3|马武:ma2 wu3|古井:gu2 jing3|吕品:lv2 pin3
五柳:wu2 liu3|郝海东:hao2 hai3 dong1|康有为:kang1 you3 wei2|毛泽:mao2 ze2|秦始:qin2 shi3|江一帆:jiang1 yi1 fan1
白展堂:bai2 zhan3 tang2|崔健:cui1 jian4|廖化:liao4 hua4|石磊:shi2 lei3|万芳:wan4 fang1|柏杨:bai3 yang2
艾青:ai4 qing1|骆宾王:luo4 bin1 wang2|路遥:lu4 yao2|左宗棠:zuo3 zong1 tang2|齐白石:qi2 bai2 shi2
易建联:yi4 jian4 lian2|巴金:ba1 jin1|车晓:che1 xiao3|谷歌:gu3 ge1|申公:shen1 gong1|柴静:chai2 jing4
耿飚:geng3 biao1|关羽:guan1 yu3|窦唯:dou4 wei2|费玉清:fei4 yu4 qing1|祝枝山:zhu4 zhi1 shan1
霍元甲:huo4 yuan2 jia3|戚继光:qi1 ji4 guang1|宁静:ning4 jing4|聂耳:nie4 er3|岳飞:yue4 fei1|包拯:bao1 zheng3
王少华:wang2 shao4 hua2|李有为:li2 you3 wei2|赵为民:zhao4 wei4 min2|陈朝阳:chen2 zhao1 yang2|周长江:zhou1 chang2 jiang1
吴重阳:wu2 chong2 yang2|孙晟:sun1 sheng4|贾平凹:jia3 ping2 wa1|区志勇:ou1 zhi4 yong3|单于静:chan2 yu2 jing4
尉迟琳:yu4 chi2 lin2|万俟云:mo4 qi2 yun2|仇晓:qiu2 xiao3|任重:ren2 zhong4|曾子墨:zeng1 zi3 mo4|华罗庚:hua4 luo2 geng1
盖志强:ge3 zhi4 qiang2|查慧敏:zha1 hui4 min3|解晓东:xie4 xiao3 dong1|乐佳:yue4 jia1|朴志英:piao2 zhi4 ying1
闻一多:wen2 yi1 duo1|鲍国安:bao4 guo2 an1|滕王:teng2 wang2|屈原:qu1 yuan2
"""
NAMES: dict[str, str] = dict(item.split(":") for item in _LISTED.strip().replace("\n", "|").split("|"))


def test_at_least_two_hundred_names_and_numbers_are_listed() -> None:
    assert len(NAMES) + len(NUMBERS) >= 200


@pytest.mark.parametrize(("name", "reading"), NAMES.items())
def test_names_are_read_by_the_surname_rules(name: str, reading: str) -> None:
    assert name_pinyin(name) == reading


NUMBERS = {
    "A012": "A ling2 yi1 er4",
    "1": "yi1",
    "201": "er4 ling2 yi1",
    "3456789": "san1 si4 wu3 liu4 qi1 ba1 jiu3",
    "CT一室": "C T yi1 shi4",
    "CT 1 室": "C T yi1 shi4",
    "MR2室": "M R er4 shi4",
    "DR检查室": "D R jian3cha2shi4",
    "B超二室": "B chao1 er4 shi4",
    "12号窗口": "yi1 er4 hao4 chuang1kou3",
    "三号检查室": "san1 hao4 jian3cha2shi4",
    "骨密度室": "gu3mi4du4 shi4",
    "心电图": "xin1dian4tu2",
    "登记台": "deng1ji4tai2",
    "２０１": "er4 ling2 yi1",
}


@pytest.mark.parametrize(("text", "reading"), NUMBERS.items())
def test_numbers_and_rooms_are_read_digit_by_digit(text: str, reading: str) -> None:
    [part] = spoken_parts(text, "zh")
    assert part.text == reading


TICKETS = {  # plain, with the letter, digit by digit; 一 is yi4 before the third tone of 百
    "A003": ("san1", "A san1", "A ling2 ling2 san1"),
    "A010": ("shi2", "A shi2", "A ling2 yi1 ling2"),
    "A012": ("shi2 er4", "A shi2 er4", "A ling2 yi1 er4"),
    "B020": ("er4 shi2", "B er4 shi2", "B ling2 er4 ling2"),
    "C101": ("yi4 bai3 ling2 yi1", "C yi4 bai3 ling2 yi1", "C yi1 ling2 yi1"),
    "C110": ("yi4 bai3 yi1 shi2", "C yi4 bai3 yi1 shi2", "C yi1 yi1 ling2"),
    "D999": ("jiu3 bai3 jiu3 shi2 jiu3", "D jiu3 bai3 jiu3 shi2 jiu3", "D jiu3 jiu3 jiu3"),
}


@pytest.mark.parametrize(("number", "readings"), TICKETS.items())
def test_ticket_numbers_are_read_in_the_halls_way(number: str, readings: tuple[str, ...]) -> None:
    for style, reading in zip(SpokenNumber, readings, strict=True):
        assert words_pinyin(ticket_words(number, style)) == reading


def test_one_is_yao_only_where_the_hospital_wants_it() -> None:
    assert words_pinyin("A112", one_as_yao=True) == "A yao1 yao1 er4"
    assert words_pinyin("一室", one_as_yao=True) == "yi1 shi4"


@pytest.mark.parametrize(
    "text",
    [
        "请A012号，单田芳，到CT一室检查。",
        "请 单田芳 到 CT 一室 检查",
        "请单田芳到CT一室检查。",
        "请 A012 号 单田芳 到 CT一室 检查",
        "请12号单田芳，到CT一室检查",
        "请A零一二号，单田芳，到CT一室检查。",
    ],
)
def test_the_name_is_found_in_every_usual_sentence(text: str) -> None:
    parts = spoken_parts(text, "zh")
    assert "shan4 tian2 fang1" in [part.text for part in parts]
    assert "C T yi1 shi4 jian3cha2" in parts[-1].text


@pytest.mark.parametrize(
    ("shown", "read"), [("单*芳", "shan4 mou3 fang1"), ("欧**明", "ou1 mou3 ming2"), ("张*", "zhang1 mou3")]
)
def test_masked_names_are_read_with_mou(shown: str, read: str) -> None:
    assert any(part.text == read for part in spoken_parts(f"请{shown}到CT一室检查", "zh"))


def test_commas_and_stops_pause() -> None:
    assert spoken_parts("欢迎，请坐。", "zh") == (Part("huan1 ying2", "zh", 220), Part("qing3 zuo4", "zh", 450))


def test_english_keeps_chinese_names_chinese() -> None:
    parts = spoken_parts("Number A012, 单*芳, please go to CT room 12.", "en")
    assert [part.language for part in parts] == ["en", "zh", "en"]
    assert parts[0].text == "Number A 0 1 2"
    assert parts[1].text == "shan4 mou3 fang1"
    assert parts[2].text == "please go to C T room 1 2"


def test_plain_text_for_system_voices() -> None:
    assert plain_spoken("请A012号，张*明，到201室", "zh") == "请A零一二号,张某明,到二零一室"
    assert plain_spoken("room 12", "en") == "room 1 2"
    assert plain_spoken("11号", "zh", one_as_yao=True) == "幺幺号"


def test_third_tones_change_only_before_third_tones() -> None:
    assert sandhi(["li3", "xiao3", "yong3"]) == ["li2", "xiao2", "yong3"]
    assert sandhi(["zhang1", "wei3"]) == ["zhang1", "wei3"]


@pytest.mark.parametrize("text", ["", "***", "，。！", "\x00\ud7ff", "😀", "请到", "请，到。"])
def test_odd_texts_never_fail(text: str) -> None:
    for language in ("zh", "en"):
        assert all(part.text for part in spoken_parts(text, language))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def espeak() -> Iterator[EspeakVoice]:
    voice = EspeakVoice()
    reason = voice.available()
    if reason is not None:
        pytest.skip(reason)
    yield voice
    voice.close()


def test_espeak_reads_every_mandarin_syllable_as_mandarin(espeak: EspeakVoice) -> None:
    from pypinyin import Style, pinyin
    from pypinyin.constants import PINYIN_DICT

    syllables = sorted(
        {
            syllable.replace("ü", "v")
            for code in PINYIN_DICT
            if 0x4E00 <= code <= 0x9FFF
            for syllable in pinyin(
                chr(code), style=Style.TONE3, heteronym=True, neutral_tone_with_five=True, v_to_u=False
            )[0]
        }
    )
    assert len(syllables) > 1400
    phonemes = espeak.phonemes(syllables)
    read_as_english = [
        s for s, read in zip(syllables, phonemes, strict=True) if "(en)" in read or not read.strip("_| ")
    ]
    assert read_as_english == []


@pytest.mark.parametrize(
    ("pinyin", "tone"),
    [("shan4", "51"), ("dan1", "55"), ("qiu2", "35"), ("xiong2", "35"), ("xie4", "51"), ("li3", "214")],
)
def test_espeak_keeps_the_tone_we_ask_for(espeak: EspeakVoice, pinyin: str, tone: str) -> None:
    [read] = espeak.phonemes([pinyin])
    assert tone in read


@pytest.mark.parametrize("name", NAMES)
def test_espeak_gives_each_name_its_tones(espeak: EspeakVoice, name: str) -> None:
    contours = {"1": "55", "2": "35", "3": "214", "4": "51", "5": "11"}
    reading = name_pinyin(name).split()
    [read] = espeak.phonemes([" ".join(reading)])
    assert "(en)" not in read
    words = read.replace("_", "").strip("| ").split("|")
    assert len(words) == len(reading)
    for syllable, word in zip(reading, words, strict=True):
        assert contours[syllable[-1]] in word, (syllable, word)
