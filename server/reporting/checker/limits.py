"""How large things are: from and to which size each is believed, and which thing a measure belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from server.reporting.checker.clauses import clauses, sizes_in


class Limits(NamedTuple):
    """From and to which size, in mm, a thing is believed; the largest measure given counts."""

    thing: re.Pattern[str]
    least: float
    most: float
    name: str


# Of two that match, the one nearer to the number names what is measured; at the same place the first listed.
_LIMITS = tuple(
    Limits(re.compile(pattern, re.IGNORECASE), least, most, name)
    for pattern, least, most, name in (
        (r"(?:桥小脑角|鞍区|听神经|内听道|脑膜|脑|颅内)[^。]{0,24}(?:肿块|占位)", 0.5, 130, "颅内病变"),
        (r"乳[^。]{0,40}(?:肿块|占位|包块)", 0.5, 110, "乳腺病变"),
        (r"乳[^。]{0,40}(?:结节|[低无]回声)", 0.5, 60, "乳腺结节"),
        (r"(?:颈[总内外]?动脉|窦部?|分叉处?)[^。；]{0,24}斑块", 0.4, 45, "颈动脉斑块"),
        (r"(?:交通|颈内|大脑[前中后]|基底)动脉[^。；]{0,16}(?:动脉瘤|囊[状袋]|突起)", 0.5, 35, "颅内动脉瘤"),
        (r"龛影", 0.5, 45, "龛影"),
        (r"骶管[^。；]{0,16}", 1, 90, "骶管囊肿"),
        (r"垂体[^。]{0,24}(?:低强化区|低信号|结节|微腺瘤)", 0.5, 25, "垂体病变"),
        (r"输尿管[^，。]{0,24}(?:结石|高密度影|致密影|强回声)", 0.5, 40, "输尿管结石"),
        (r"(?:肺[^，。]{0,12}|磨玻璃|实性|微|小)结节|(?<!增生)结节(?!性肝)|nodul", 0.5, 55, "结节"),
        (r"肿块|包块|肿物|团块|占位|\bmass\b", 5, 300, "肿块"),
        (r"结石|强回声(?!斑块)|致密影|\bstones?|calcul", 0.5, 65, "结石"),
        # Larger ones fill the whole renal pelvis and are called by their shape.
        (
            r"(?<!鹿角)(?<!铸)[左右]肾(?:[上中下][极盏部]|内|集合系统)?[^，。；铸鹿角]{0,8}(?:结石|强回声团|高密度影)(?!铸)",
            0.5,
            45,
            "肾结石",
        ),
        (r"息肉|隆起", 0.5, 80, "息肉"),
        (r"囊肿|囊性|无回声|低密度影|\bcyst", 1, 215, "囊肿"),
        (r"肌瘤|血管瘤|脑膜瘤|腺瘤|癌|瘤(?!样)", 1, 300, "肿瘤"),
        (r"微腺瘤", 1, 12, "微腺瘤"),
        (r"病灶|灶|[高低]回声|附着", 0.5, 250, "病灶"),
        (r"距门齿|距切牙", 140, 500, "距门齿"),
        (r"最大?厚度|最厚", 0.2, 70, "厚度"),
        (r"胆囊壁", 0.5, 25, "胆囊壁"),
        (r"胆囊(?:大小|长径|体积|切面)", 12, 200, "胆囊"),
        (r"胆总管(?!结石)", 1, 35, "胆总管"),
        (r"肝内胆管|胰管", 0.3, 25, "管"),
        (r"胰[头体尾腺]", 4, 120, "胰"),
        (r"门静脉", 3, 35, "门静脉"),
        (r"脾静脉", 2, 25, "脾静脉"),
        (r"腔静脉", 4, 50, "腔静脉"),
        (r"精索静脉|静脉丛", 0.3, 15, "精索静脉"),
        (r"(?:肌间|隐|股|腘|腓|胫|髂|颈内|深)静脉", 0.3, 35, "静脉"),
        (r"内-?膜?中层?膜|内膜-?中层|内中膜|IMT", 0.2, 4.5, "内中膜"),
        (r"斑块", 0.4, 80, "斑块"),
        (r"椎动脉", 0.5, 12, "椎动脉"),
        (r"颈[总内外]?动脉(?!瘤|体)", 0.5, 30, "颈动脉"),
        (r"盲端", 1.5, 45, "阑尾"),
        (r"(?:颈|椎|肾|股|腘|髂|锁骨下)\w{0,2}动脉", 0.5, 70, "动脉"),
        (r"主动脉", 8, 130, "主动脉"),
        (r"主动脉[^。；]{0,20}(?:瘤样扩张|动脉瘤|梭形扩张)", 13, 150, "主动脉瘤"),
        (r"动脉瘤", 1, 130, "动脉瘤"),
        (r"肺动脉", 6, 80, "肺动脉"),
        (r"(?<![A-Za-z])(?:LAD?|RA)(?![A-Za-z近中远开])", 12, 100, "心房"),
        (r"(?<![A-Za-z])AO(?![A-Za-z])", 8, 100, "主动脉"),
        (r"(?<![A-Za-z])LV(?:D[ds]?|ID[ds])?(?![A-Za-z])", 15, 110, "左室"),
        (r"(?<![A-Za-z])RV(?![A-Za-z])", 5, 80, "右室"),
        (r"(?<![A-Za-z])(?:IVS|LVPW)", 2, 45, "室壁"),
        (r"肝[^，。]{0,3}(?:斜径|前后径|上下径)", 30, 260, "肝"),
        (r"左心?房", 12, 100, "左房"),
        (r"右心?房", 12, 100, "右房"),
        (r"左心?室(?!壁|后壁)", 15, 110, "左室"),
        (r"右心?室(?!壁)", 5, 80, "右室"),
        (r"室间隔|室壁|后壁厚|心肌厚", 2, 45, "室壁"),
        (r"中线", 0.5, 35, "中线移位"),
        (r"垂体高度?|垂体高径", 1, 20, "垂体"),
        (r"垂体柄", 0.5, 8, "垂体柄"),
        (r"[脑颅]|基底节|丘脑|[额颞顶枕岛]叶|放射冠|半卵圆|鞍区", 0.5, 115, "颅内病变"),
        (r"[上颌筛额蝶]窦|鼻窦", 0.5, 70, "鼻窦病变"),
        (r"甲状腺(?:左|右)?侧?叶|[左右]侧?叶大小", 4, 110, "甲状腺叶"),
        (r"峡部", 0.5, 18, "峡部"),
        (r"腺体层?厚", 1, 60, "腺体层"),
        (r"腮腺|乳", 0.5, 200, "病变"),
        (r"卵巢|附件", 1, 250, "卵巢"),
        (r"卵泡", 1, 40, "卵泡"),
        (r"断端|骨折|骨.{0,10}移位|塌陷|分离|错位", 0.3, 45, "骨折移位"),
        (r"椎间盘|后凸|(?:椎|盘|[CTL]\d)[^。；]{0,20}(?:突出|膨出)", 0.5, 25, "椎间盘突出"),
        (r"骨化", 0.5, 20, "骨化"),
        (r"椎体[^。]{0,30}(?:信号|密度影|灶|结节)", 0.5, 75, "椎体病变"),
        (r"椎管", 2, 40, "椎管"),
        (r"滑脱|滑移", 0.5, 30, "滑脱"),
        (r"淋巴结|短径", 0.8, 80, "淋巴结"),
        (r"内膜(?!片|下)|endometri", 0.5, 50, "内膜厚度"),
        (r"胸膜", 0.5, 60, "胸膜厚度"),
        (r"脑室|third ventricle", 0.5, 60, "脑室宽度"),
        (r"前列腺|prostate", 12, 130, "前列腺"),
        (r"精囊", 3, 80, "精囊"),
        (r"睾丸|testi", 6, 75, "睾丸"),
        (r"附睾", 1, 60, "附睾"),
        (r"子宫(?!.{0,6}壁)|uterus", 12, 300, "子宫"),
        (r"[左右双]侧?肾(?!上腺)|移植肾|kidney", 25, 220, "肾"),
        (r"集合系统|肾盂|输尿管", 0.5, 90, "集合系统"),
        (r"副脾", 2, 60, "副脾"),
        (r"反流(?:颈|束)", 0.5, 40, "反流束"),
        (r"眼轴", 14, 40, "眼轴"),
        (r"扁桃体[^，。；]{0,12}(?:低于|下移|下疝)[^，。；]{0,8}|枕大孔连线", 0.5, 45, "小脑扁桃体下移"),
        (r"脾(?!静脉)|spleen", 10, 300, "脾"),
        (r"阑尾|appendix", 1.5, 40, "阑尾"),
        (r"[肠胃膀胱囊管食]壁|壁厚|壁最厚", 0.3, 70, "壁厚"),
        (r"半月板", 0.2, 30, "半月板"),
        (r"积液|深|暗区|effusion|fluid", 0.5, 250, "积液"),
        (r"[胎胚]芽|头臀", 0.8, 45, "胎芽"),
        (r"头臀[长径]|CRL", 0.8, 90, "头臀长"),
        (r"孕囊|妊娠囊", 1.5, 110, "孕囊"),
        (r"卵黄囊", 0.8, 15, "卵黄囊"),
        (r"双顶径|BPD", 8, 115, "双顶径"),
        (r"头围|(?<![A-Za-z])HC(?![A-Za-z])", 40, 400, "头围"),
        (r"腹围|(?<![A-Za-z])AC(?![A-Za-z])", 40, 430, "腹围"),
        (r"股骨长|(?<![A-Za-z])FL(?![A-Za-z])", 4, 90, "股骨长"),
        (r"胎盘", 5, 80, "胎盘厚度"),
        (r"羊水[^，。；]{0,4}深", 8, 200, "羊水深度"),
        (r"羊水", 3, 350, "羊水"),
        (r"颈项透明层|(?<![A-Za-z])NT(?![A-Za-z])", 0.3, 12, "颈项透明层"),
    )
)
_ANYTHING = Limits(re.compile(""), 0.05, 500, "病变")
# What is measured as a whole; after a lesion was named in its sentence the size is the lesion's.
_WHOLE_ORGANS = frozenset("肝 肾 脾 子宫 前列腺 胆囊 甲状腺叶 睾丸 胰 卵巢 膀胱".split())
_LESION_NAMED = re.compile(
    r"(?:囊肿|结节|结石|肌瘤|病灶|肿[块瘤物]|占位|灶|[低高无]回声区?|[低高]密度影|[较最]?大者|其一|(?:信号|密度|强化)(?:影|结节|区|囊)?|见|探及|可及)[^。；]*$"
)
_WALL_OF_GALLBLADDER = Limits(re.compile(""), 0.5, 25, "胆囊壁")
# "The gallbladder is so large, its wall is rough, so thick": the thickness is the wall's.
_THICK = re.compile(r"^，?厚(?:度|约|为|\d|$)")
_WALL = re.compile(r"壁[^。；]{0,8}，$")
# "A dense shadow of 8 mm": the size is that of what follows it.
_NAMED_AFTER = re.compile(r"(?:大小|左右)?的?[高低等稍致密强无回声]{0,5}(?:影|结节|结石|灶|囊肿|肿块|息肉|斑块)")
_ALONG = re.compile(r"的?(?:肠|管[腔壁]|节段|一?段)")
_STRANGE_NAME = re.compile(r"(?<![A-Za-z])[A-Z]{2,5}\s*[约为：:]*\s*$")
_TUBES = frozenset("胆总管 管 门静脉 脾静脉 腔静脉 椎动脉".split())
_HEARTS = frozenset("主动脉 肺动脉 心房 左室 右室 室壁 左房 右房 动脉 肾 脾 肝".split())
_AWAY = re.compile(
    r"总和|之和|距|(?<!胎芽)(?<!头臀)长约|长度|(?<!中)层厚|层距|(?<!室)间隔|移动|进入|置入|植入|切口|导管|引流|插管|尖端",
    re.IGNORECASE,
)


def believed(text: str) -> Iterator[tuple[Limits, str, float]]:
    """Each length of a text (its words, its largest number in mm) with the limits of what it measures."""
    before, sentence = "", -1
    for clause in clauses(text):
        if clause.sentence != sentence:
            before, sentence = "", clause.sentence
        end = 0
        for size in sizes_in(clause.text):
            start = clause.text.find(size.words, end)
            own, end = clause.text[end:start], start + len(size.words)
            limits = (
                _specific(_nearest(own), before)
                or _nearest(before + clause.text[:start])
                or _nearest(clause.text[end:], first=True)
            )
            said = before + clause.text[:start]
            if lesion := _NAMED_AFTER.match(clause.text[end:]):
                limits = _nearest_lesion(said + lesion[0]) or _ANYTHING
            elif _ALONG.match(clause.text[end:]):
                limits = _ANYTHING  # 18 cm of bowel, whose wall is thick
            elif _STRANGE_NAME.search(own) and not _nearest(own):
                limits = _ANYTHING  # what an abbreviation means is not known
            if limits and limits.name in _WHOLE_ORGANS and _LESION_NAMED.search(said.rpartition("大小正常")[2]):
                limits = _nearest_lesion(said) or _ANYTHING
            elif limits and limits.name == "壁厚" and "胆囊" in said and not re.search(r"胃|肠|膀胱|食管", said):
                limits = _WALL_OF_GALLBLADDER
            if _THICK.match(own) and _WALL.search(before):
                limits = _WALL_OF_GALLBLADDER if "胆囊" in before else _ANYTHING
            if _AWAY.search(own) and "门齿" not in own and "切牙" not in own:
                limits = None
            if limits and len(size.numbers) > 1 and limits.name in _TUBES:
                limits = _ANYTHING  # a dilated duct that is measured in two directions is a cyst
            if limits and limits.name in _HEARTS and "胎儿" in text:
                limits = None
            widest = limits and limits.name == "主动脉瘤" and re.search(r"最[宽大粗]", own)
            if limits and size.mm < limits.least and not limits.thing.search(clause.text) and not widest:
                limits = None  # named clauses before: something else may be measured here
            yield limits or _ANYTHING, size.words, size.mm
        before = f"{before}{clause.text}，"


def _specific(limits: Limits | None, before: str) -> Limits | None:
    """ "Thickest at 1.3 mm" of what was named before: its own limits are narrower."""
    if limits is None or limits.name != "厚度":
        return limits
    named = _nearest(before, among=tuple(one for one in _LIMITS if one.name in {"内中膜", "内膜厚度", "胆囊壁"}))
    return named or limits


def _nearest_lesion(text: str) -> Limits | None:
    return _nearest(text, among=tuple(one for one in _LIMITS if one.name not in _WHOLE_ORGANS))


def _nearest(text: str, first: bool = False, among: tuple[Limits, ...] = _LIMITS) -> Limits | None:
    best: Limits | None = None
    place = -1
    for limits in among:
        for match in limits.thing.finditer(text):
            where = -match.start() - 1 if first else match.end()
            if best is None or where > place:
                best, place = limits, where
    return best
