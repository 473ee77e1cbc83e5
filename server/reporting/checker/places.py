"""Places within an organ: lobes, levels, segments, branches, bones of one joint; of one kind a lesion has one."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from functools import lru_cache

# Kind of place -> its places and the words for each. A word may stand for several places.
_KINDS: dict[str, dict[str, str]] = {
    "肺叶": {
        "上叶": r"(?<![甲肝])上叶|(?<![以向])上[中]?肺(?!静|动)|上[中]?下肺|舌[叶段]|尖后段|肺尖|(?<!椎)尖段|upper lobe|lingula|(?<![A-Z])[RL]UL(?![A-Z])",
        "中叶": r"中叶|[上]?中[下]?肺野|middle lobe|(?<![A-Z])RML(?![A-Z])",
        "下叶": r"(?<![甲肝])下叶|(?<![以向])下肺(?!静|动)|基底段|背段|肺底|lower lobe|(?<![A-Z])[RL]LL(?![A-Z])",
    },
    "肝叶": {
        "左叶": r"肝[^，,。；;]{0,3}左[外内]?叶|左半肝|肝\s*S\s?[234](?!\d)|left (?:hepatic )?lobe of the liver",
        "右叶": r"肝[^，,。；;]{0,3}右[前后]?叶|右半肝|肝\s*S\s?[5-8](?!\d)|肝[^，,。；;]{0,3}右叶",
        "尾叶": r"尾状叶|肝尾叶|肝\s*S\s?1(?!\d)",
    },
    "肝段": {f"S{number}": rf"(?<![A-Za-z])S\s?{number}(?!\d)" for number in range(1, 9)},
    "脑叶": {
        "额叶": r"额(?!窦|突|骨)",
        "顶叶": r"顶(?!壁|骨|部骨|椎|部$)",
        "颞叶": r"颞(?!骨|肌|下颌)",
        "枕叶": r"枕(?!骨|大池)",
        "小脑": r"小脑(?!脑池)",
        "基底节": r"基底节|豆状核|壳核|苍白球|尾状核|内囊|外囊|basal gangl",
        "丘脑": r"丘脑|thalam",
        "脑干": r"脑干|脑桥|桥脑|中脑|延髓|brain ?stem|pons",
    },
    "脑白质": {"放射冠": r"放射冠", "半卵圆中心": r"半卵圆", "侧脑室旁": r"侧脑室(?:旁|周围)"},
    "冠脉": {
        "前降支": r"前降支|(?<![A-Za-z])LAD(?![A-Za-z])",
        "对角支": r"对角支|(?<![A-Za-z])D[12](?![A-Za-z0-9])",
        "钝缘支": r"钝缘支|(?<![A-Za-z])OM[12]?(?![A-Za-z0-9])",
        "回旋支": r"回旋支|(?<![A-Za-z])LCX(?![A-Za-z])",
        "右冠": r"右冠|(?<![A-Za-z])RCA(?![A-Za-z])",
        "左主干": r"左主干|(?<![A-Za-z])LM(?![A-Za-z])",
    },
    "结肠": {
        "升结肠": r"升结肠|肝曲",
        "横结肠": r"横结肠|肝曲|脾曲",
        "降结肠": r"(?<!横)降结肠|脾曲",
        "乙状结肠": r"乙状结肠|直乙",
        "直肠": r"直肠(?!子宫|膀胱|陷凹)|直乙",
        "盲肠": r"盲肠|回盲",
    },
    "胃": {"胃窦": r"胃窦|幽门", "胃体": r"胃体|胃角|角切迹", "胃底": r"胃底|贲门"},
    "胰": {"胰头": r"胰[^，,。]{0,2}头|钩突", "胰体尾": r"胰[^，,。]{0,2}[体尾]"},
    "半月板": {"内侧": r"内(?:、外)?侧半月板|内外侧半月板|medial menisc", "外侧": r"外侧半月板|lateral menisc"},
    "平台": {"内侧": r"胫骨内侧平台|内侧胫骨平台", "外侧": r"胫骨外侧平台|外侧胫骨平台"},
    "交叉韧带": {
        "前": r"前(?:、后)?交叉韧带|前后交叉韧带|\bACL\b|anterior cruciate",
        "后": r"后交叉韧带|\bPCL\b|posterior cruciate",
    },
    "侧副韧带": {"内侧": r"内(?:、外)?侧副韧带|内外侧副韧带", "外侧": r"外侧副韧带"},
    "肩": {
        "冈上肌": r"冈上肌|supraspinatus",
        "冈下肌": r"冈下肌|infraspinatus",
        "肩胛下肌": r"肩胛下肌",
        "盂唇": r"盂唇|labr",
    },
    "前臂骨": {"尺骨": r"尺骨", "桡骨": r"桡骨"},
    "小腿骨": {"胫骨": r"胫骨|内踝|后踝", "腓骨": r"腓骨|外踝"},
    "腕骨": {"舟骨": r"舟骨", "月骨": r"月骨", "三角骨": r"(?<!距后)(?<!距骨后)三角骨", "钩骨": r"钩骨"},
    "跗骨": {"跟骨": r"跟骨", "距骨": r"距骨", "骰骨": r"骰骨", "足舟骨": r"舟骨"},
    "象限": {"外上": r"外上象限|外上", "外下": r"外下象限", "内上": r"内上象限", "内下": r"内下象限"},
    "前列腺": {"外周带": r"外周带", "移行带": r"移行带|中央腺"},
    "下肢血管": {
        "髂": r"髂[总外内]?[静动]脉",
        "股总": r"股总|股[静动]脉|股(?=、[腘胫])",
        "股浅": r"股(?:总、)?浅|股[静动]脉|股(?=、[腘胫])",
        "股深": r"股(?:总、)?(?:浅、)?深|股[静动]脉|股(?=、[腘胫])",
        "腘": r"腘",
        "胫前": r"胫前",
        "大隐": r"大隐",
        "小隐": r"小隐",
        "肌间": r"肌间",
        "胫后": r"胫后",
        "腓": r"腓[静动]脉",
    },
    "颈部血管": {"颈总": r"颈总动脉|颈动脉", "颈内": r"颈内动脉|颈动脉", "颈外": r"颈外动脉", "椎动脉": r"椎动脉"},
    "鼻窦": {
        "上颌窦": r"上颌|maxillary",
        "筛窦": r"筛|ethmoid",
        "额窦": r"额(?:、[蝶筛])*窦|frontal sinus",
        "蝶窦": r"蝶|sphenoid",
    },
    "上颌窦壁": {
        "前": r"上颌窦[^，。；]{0,5}前[、外内后侧]{0,6}壁",
        "后": r"上颌窦[^，。；]{0,7}后[、外内侧]{0,4}壁",
        "内": r"上颌窦[^，。；]{0,7}内[、外后侧]{0,4}壁",
        "外": r"上颌窦[^，。；]{0,7}外侧?[、]?后?壁",
    },
    "肌锥": {"内": r"肌锥内(?!外)", "外": r"肌锥外|肌锥内外"},
    "腮腺叶": {"浅叶": r"浅叶", "深叶": r"深叶"},
    "附睾": {"头": r"附睾头", "体": r"附睾体", "尾": r"附睾尾"},
    "肾上腺支": {"内侧支": r"内侧支|内支", "外侧支": r"外侧支(?!韧带)|外支"},
    "鼻甲": {"上": r"上鼻甲", "中": r"中鼻甲", "下": r"下鼻甲"},
    "大脑动脉": {"前": r"大脑前动脉", "中": r"大脑中动脉", "后": r"大脑后动脉"},
    "主动脉段": {"升": r"升主动脉", "弓": r"主动脉弓|弓部", "胸降": r"降主动脉|胸主动脉", "腹": r"腹主动脉"},
    "胆囊部": {"底": r"胆囊底", "体": r"胆囊体", "颈": r"胆囊颈"},
    "膀胱壁": {
        "前": r"膀胱[^，,。；;]{0,4}前壁",
        "后": r"膀胱[^，,。；;]{0,4}后壁",
        "顶": r"膀胱[^，,。；;]{0,4}顶",
        "三角区": r"膀胱[^，,。；;]{0,4}三角",
    },
    "长骨段": {
        "近": r"[肱股桡尺胫腓]骨(?:近[端段]|上段|外科颈|头|颈)",
        "中": r"[肱股桡尺胫腓]骨(?:干?中[段部]|干)",
        "远": r"[肱股桡尺胫腓]骨(?:远[端段]|下段|髁上)",
    },
    "甲状腺部": {"侧叶": r"[左右双]侧?叶|甲状腺[左右双]", "峡部": r"峡部"},
    "颅骨": {name: rf"{name}骨" for name in "额顶颞枕蝶"},
    "股骨近端": {
        "头": r"股骨头(?!下)",
        "颈": r"股骨颈|头下|经颈",
        "粗隆间": r"[粗转]隆?子?间",
        "粗隆下": r"[粗转]隆?子?下",
    },
    "骨": {
        "锁骨": r"锁骨",
        "肩胛骨": r"肩胛骨|肩峰|喙突(?!下)|关节盂(?!下)",
        "肱骨": r"肱骨",
        "桡骨": r"桡骨",
        "尺骨": r"尺骨|鹰嘴",
        "掌骨": r"掌骨",
        "指骨": r"指骨|[远中近]节指",
        "腕骨": r"腕骨|月骨|(?<!距后)(?<!距骨后)三角骨|钩骨|豌豆骨|头状骨|大多角骨|手舟骨",
        "股骨": r"股骨|粗隆|转子|髁间",
        "髌骨": r"髌骨",
        "胫骨": r"胫骨|内踝|后踝|双踝|三踝|平台",
        "腓骨": r"腓骨|外踝|双踝|三踝",
        "跟骨": r"跟骨",
        "距骨": r"距骨",
        "跖骨": r"跖骨",
        "趾骨": r"趾骨|[远中近]节趾",
        "耻骨": r"耻骨",
        "坐骨": r"坐骨",
        "髂骨": r"髂骨|骶髂",
        "骶骨": r"骶骨|骶椎|骶髂|骶[1-5]",
        "尾骨": r"尾骨|尾椎|尾\s?[1-4]|骶尾",
        "髋臼": r"髋臼",
        "肋骨": r"肋",
        "胸骨": r"胸骨",
        "鼻骨": r"鼻骨",
        "颧骨": r"颧[骨弓]",
        "下颌骨": r"下颌",
        "上颌骨": r"上颌骨",
    },
    "胆管": {
        "肝内": r"肝内(?:外)?胆管",
        "肝外": r"胆总管|肝总管|肝内?外胆管",
    },
    "肾盏": {"上盏": r"上[盏极]", "中盏": r"中[盏部]", "下盏": r"下[盏极]"},
    "颈区": {
        number: rf"颈[^，。；]{{0,4}}(?:{roman}|{letter})[abAB]?\s?区|(?:{roman}|{letter})[abAB]?\s?区"
        for number, roman, letter in (
            ("1", "Ⅰ", "I(?!I|V)"),
            ("2", "Ⅱ", "(?<!I)II(?!I)"),
            ("3", "Ⅲ", "III"),
            ("4", "Ⅳ", "IV"),
            ("5", "Ⅴ", "(?<!I)V(?!I)"),
            ("6", "Ⅵ", "VI"),
        )
    },
    "眶壁": {
        "内壁": r"眶[^，。；]{0,3}内侧?壁",
        "外壁": r"眶[^，。；]{0,3}外侧?壁",
        "上壁": r"眶[^，。；]{0,3}(?:上壁|顶)",
        "下壁": r"眶[^，。；]{0,3}(?:下壁|底)",
    },
    "纵隔区": {"前": r"前[上中下]?纵隔", "中": r"中纵隔", "后": r"后[上中下]?纵隔"},
    "消化管": {
        "胃": r"胃(?!肠|左|右|网)",
        "十二指肠": r"十二指肠|球部|降部",
        "食管": r"食管",
        "结肠": r"结肠",
        "直肠": r"(?<!结)直肠",
    },
    "胎位": {
        "头位": r"头位(?!于|置)|头先露|胎头[^，。；]{0,2}(?:位于|在)(?:下|耻骨|盆)|枕[左右]?[前后横]位?|(?<![A-Z])[LR]O[AP](?![A-Z])",
        "臀位": r"臀位|臀先露|胎头[^，。；]{0,2}(?:位于|在)(?:宫底|上)",
        "横位": r"横位",
    },
    "子宫壁": {"前壁": r"子宫[^，,。；;]{0,6}前壁|^前壁", "后壁": r"子宫[^，,。；;]{0,6}后壁|^后壁"},
    "半月板角": {
        "前角": r"半月板[^，。；]{0,4}前角",
        "体部": r"半月板[^，。；后前]{0,3}体部",
        "后角": r"半月板[^，。；]{0,6}后角",
    },
    "心肌": {
        "前壁": r"(?:左室|心肌|室壁|前间隔)[^，。；]{0,5}前壁|前壁(?=心肌|心梗)|广泛前壁",
        "下壁": r"(?<![眶窦])下壁(?!骨)",
        "侧壁": r"(?:左室|心肌|室壁)[^，。；]{0,6}侧壁|侧壁(?=心肌|心梗)",
        "心尖": r"心尖(?!四|两|长|搏|切)",
    },
    "胃弯": {"小弯": r"小弯", "大弯": r"大弯"},
    "十二指肠部": {"球部": r"球部", "降部": r"十二指肠[^，。；]{0,3}降[部段]", "水平部": r"水平[部段]"},
    "眼肌": {name: rf"{name[:1]}(?:、[上下内外])*直肌" for name in ("上直", "下直", "内直", "外直")},
    "踝韧带": {"距腓前": r"距腓前", "跟腓": r"跟腓", "距腓后": r"距腓后|距腓前、后", "三角": r"三角韧带"},
    "指": {"拇": r"拇指", "食": r"食指|示指", "中": r"中指(?!骨)", "环": r"环指|无名指", "小": r"小指"},
    "指节": {"近节": r"近节(?:[指趾]|$)", "中节": r"中节[指趾]", "远节": r"(?:远|末)节[指趾]"},
    "听骨": {"锤骨": r"锤骨", "砧骨": r"砧骨", "镫骨": r"镫骨"},
    "大脑中段": {"M1": r"M1段?", "M2": r"M2段?", "M3": r"M3段?"},
    "椎动脉段": {"V1": r"V1段", "V2": r"V2段", "V3": r"V3段", "V4": r"V4段|颅内段"},
    "钟点": {str(hour): rf"(?<!\d){hour}\s?(?:点|时|°?钟)(?!\d)" for hour in range(1, 13)},
    "甲状腺极": {
        "上": r"叶[^，。；]{0,3}上[极部]|^上[极部](?=见)",
        "中": r"叶[^，。；]{0,3}中(?:部|上部|下部)",
        "下": r"叶[^，。；]{0,3}下[极部]|^下[极部](?=见)",
    },
    "宫": {"宫颈": r"宫颈", "宫腔": r"宫腔", "宫底": r"宫底"},
    "肌瘤": {
        "浆膜下": r"浆膜下|外突|突向浆膜|向外突",
        "肌壁间": r"肌?壁间|肌层内",
        "黏膜下": r"[黏粘]膜下(?=[^，。；]{0,6}肌瘤)|突[向入]宫腔",
    },
    "舟骨极": {"近极": r"近极", "远极": r"远极"},
    "结肠曲": {"肝曲": r"肝曲", "脾曲": r"脾曲"},
    "几踝": {"三踝": r"三踝", "双踝": r"双踝"},
    "神经": {
        name: name
        for name in (
            "尺神经",
            "正中神经",
            "桡神经",
            "胫神经",
            "腓总神经",
            "坐骨神经",
            "腋神经",
            "面神经",
            "听神经",
            "三叉神经",
        )
    },
    "胎盘": {"前壁": r"胎盘[^，。；]{0,8}前壁", "后壁": r"胎盘[^，。；]{0,8}后壁"},
    "涎腺": {"腮腺": r"腮腺", "颌下腺": r"[颌下]下腺", "舌下腺": r"舌下腺"},
    "垂体叶": {"前叶": r"垂体前叶", "后叶": r"垂体后叶"},
    "腹股沟疝": {"斜": r"斜疝|腹壁下动脉外侧", "直": r"直疝|腹壁下动脉内侧"},
    "肺气肿型": {"小叶中心": r"小叶中心(?:型|性)", "间隔旁": r"间隔旁", "全小叶": r"全小叶"},
    "绒": {"单绒": r"单绒", "双绒": r"双绒|双胎峰|λ"},
    "分流": {"左右": r"左向右|左至右", "右左": r"右向左|右至左"},
    "肱盂": {
        "前": r"肱骨头[^，。；]{0,6}前下?方|肩[^，。；]{0,4}前脱位",
        "后": r"肱骨头[^，。；]{0,6}后方|肩[^，。；]{0,4}后脱位",
    },
    "瓣": {"二尖瓣": r"二尖瓣", "三尖瓣": r"三尖瓣", "主动脉瓣": r"主动脉瓣", "肺动脉瓣": r"肺动脉瓣"},
} | {
    f"{organ}的段": {
        part: rf"{organ}[^，,。；;]{{0,4}}{part}[段端]"
        + (rf"|{organ}[^，,。；;]{{0,2}}(?:末[端段]|远[端段])|膀胱入口" if part == "下" else "")
        for part in "上中下"
    }
    for organ in ("输尿管", "食管", "直肠", "胆总管", "气管")
}
_PLACES = [
    (kind, place, re.compile(pattern, re.IGNORECASE))
    for kind, places in _KINDS.items()
    for place, pattern in places.items()
]
_SPINE = ("C", 7), ("T", 12), ("L", 5), ("S", 5)
_ORDER = [f"{letter}{number}" for letter, most in _SPINE for number in range(1, most + 1)]
_CHINESE = {"颈": "C", "胸": "T", "腰": "L", "骶": "S"}
_DISC = re.compile(r"([CTLS颈胸腰骶])\s?(\d{1,2})\s*[/／]\s*([CTLS颈胸腰骶]?)\s?(\d{1,2})", re.IGNORECASE)
_RANGE = re.compile(
    r"([CTLS颈胸腰骶])\s?(\d{1,2})\s*[-~～至—–]\s*([CTLS颈胸腰骶]?)\s?(\d{1,2})(?!\s*[/／\d])", re.IGNORECASE
)
_BODY = re.compile(
    r"(?<![A-Za-z/／\d])([CTLS颈胸腰骶])\s?(\d{1,2})(?:\s*[、,，及和]\s*\d{1,2})*(?![\d/／])(?=椎|、|及|和|[左右双]侧|陈旧|压缩|骨折|爆裂|楔形|棘突|横突|附件|滑脱|峡部|[-~～至]|\s*vertebra)",
    re.IGNORECASE,
)
_RIBS = re.compile(
    r"第?\s?(\d{1,2}(?:\s*[、,，\-~～至及和]\s*第?\d{1,2})*)\s*(?:[前后侧]|前后|腋段)?(肋|跖骨|掌骨|趾|指)"
)


_TOOTH = re.compile(
    r"(?<![\d.×xX*/-])([1-4][1-8])(?=牙|号牙|、[1-4][1-8]|(?:近中|远中|低位|水平|垂直|部分|完全)*阻生|缺失|根尖|残根|龋)"
)


@lru_cache(maxsize=2048)
def places_in(text: str) -> frozenset[tuple[str, str]]:
    """The places that a clause names, each with its kind."""
    found = {(kind, place) for kind, place, pattern in _PLACES if pattern.search(text)}
    if "肝" not in text:
        found = {one for one in found if one[0] != "肝段"}
    if any(kind == "鼻窦" for kind, _ in found) and "窦" in text:
        found = {one for one in found if one[0] != "脑叶"}
    else:
        found = {one for one in found if one[0] != "鼻窦"}
    if not re.search(r"(?<![A-Z])[RL][UML]L(?![A-Z])|肺|支气管|叶[见内上下尖前后，]|lobe", text):
        found = {one for one in found if one[0] != "肺叶" or one[1] not in text}
    found |= {("牙", number) for number in _TOOTH.findall(text)}
    return frozenset(found | _levels(text) | _counted(text))


def apart(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> str:
    """The kind of place in which two texts name different places; "" when in none."""
    for kind in sorted({kind for kind, _ in one} & {kind for kind, _ in other}):
        here, there = of_kind(one, kind), of_kind(other, kind)
        if not here & there:
            return kind
    return ""


def of_kind(places: frozenset[tuple[str, str]], kind: str) -> frozenset[str]:
    """The places of one kind."""
    return frozenset(place for each, place in places if each == kind)


def _levels(text: str) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for match in _DISC.finditer(text):
        upper = f"{_letter(match[1])}{int(match[2])}"
        if upper in _ORDER:
            found.add(("椎间隙", upper))
            if rest := re.match(r"\s*[-~～至—–]\s*([CTLS颈胸腰骶]?)\s?(\d{1,2})\s*[/／]", text[match.end() :]):
                found |= {("椎间隙", one) for one in _between(upper, f"{_letter(rest[1] or match[1])}{int(rest[2])}")}
    for match in re.finditer(
        r"([CTLS颈胸腰骶])\s?\d{1,2}[/／]\d{1,2}((?:\s*[、,，及和]\s*\d{1,2}[/／][CTLS]?\d{1,2})+)", text
    ):
        for number in re.findall(r"(\d{1,2})[/／]", match[2]):
            found.add(("椎间隙", f"{_letter(match[1])}{int(number)}"))
    for match in re.finditer(r"第\s?(\d{1,2}(?:\s*[、,，及和]\s*第?\d{1,2})*)\s*([颈胸腰骶])椎", text):
        found |= {("椎体", f"{_letter(match[2])}{int(number)}") for number in re.findall(r"\d{1,2}", match[1])}
    for match in _RANGE.finditer(text):
        first, last = f"{_letter(match[1])}{int(match[2])}", f"{_letter(match[3] or match[1])}{int(match[4])}"
        inside = _between(first, last)
        found |= {("椎体", one) for one in inside} | {("椎间隙", one) for one in inside[:-1]}
    for match in _BODY.finditer(text):
        for number in re.findall(r"\d{1,2}", match[0]):
            found.add(("椎体", f"{_letter(match[1])}{int(number)}"))
    return found


def _between(first: str, last: str) -> list[str]:
    if first not in _ORDER or last not in _ORDER:
        return []
    return _ORDER[_ORDER.index(first) : _ORDER.index(last) + 1]


def _letter(letter: str) -> str:
    return _CHINESE.get(letter, letter.upper())


def _counted(text: str) -> set[tuple[str, str]]:
    """Ribs and rays of hand and foot by their numbers; "4-6" are three."""
    found: set[tuple[str, str]] = set()
    for match in _RIBS.finditer(text):
        for part in re.split(r"[、,，及和]", match[1]):
            numbers = [int(number) for number in re.findall(r"\d{1,2}", part)]
            if numbers:
                found |= {(match[2], str(number)) for number in range(min(numbers), min(max(numbers), 12) + 1)}
    return found
