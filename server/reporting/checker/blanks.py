"""What a template left behind, and measures that it asked for and nobody gave."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.clauses import NUMBER, asserted, sentences
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_CHOICE = r"(?:清晰|清楚|模糊|不清|光滑|光整|毛糙|规则|均匀|正常|异常|增大|缩小|对称|连续|中断|通畅|狭窄|完整|存在|消失|升高|降低|增高|减低|轻度|中度|重度|阳性|阴性|增强|减弱|扩张|居中|偏移|良好|单发|多发)"
_REMNANTS = re.compile(
    r"大\s*[/／]\s*小(?=正常|[，。；])|(?<![A-Za-z])(?:null|undefined|NaN)(?![A-Za-z])|删除不适用项?|[（(]\s*[+＋]\s*[/／]\s*[-－−]\s*[)）]|〖[^〗]{0,16}〗|「(?:描述|请|填|选)[^」]{0,12}」|-{2,}(?=[，。；])|(?<=[左右肺])[?？](?=[叶侧肺])|如有需要[^，。；]{0,6}(?:补充|描述|修改)|根据实际(?:情况)?(?:修改|填写|描述|选择)|(?<![A-Za-z])N\s*(?:mm|cm)(?![A-Za-z])|某(?=处|叶|侧|段|部位|椎体|肋)|模板[：:]|(?:正常|标准|常规)模板|"
    r"[（(]\s*(?:注|说明|提示|备注)\s*[:：][^（()）]{0,40}(?:请|如|应|描述|填|删)[^（()）]{0,40}[)）]|RADS\s*(?:分类|分级)?\s*[：:]?\s*\d[A-Ca-c]?类?\s*[/／]\s*\d[A-Ca-c]?类?\s*[/／]\s*\d[A-Ca-c]?类?|_+|[（(][^（()）]{0,6}[？?][^（()）]{0,4}(?:型|级|期|度|类)[）)]|＿+|【[^】]{0,24}】|\[\s*[^\]\d]{0,16}\s*\]|\{[^}]{0,24}\}|<[^<>\d]{1,16}>|〔[^〕]{0,16}〕|［\s*］"
    r"|[\[［{<][^\]］}>\n]{0,16}[/／|｜][^\]］}>\n]{0,24}[\]］}>]|[（(][一-鿿]{1,8}(?:\s*[/／|｜]\s*[一-鿿]{1,8})+[）)]"
    r"|[（(]\s*[)）]|[×xX]{2,}(?!\d)|×(?=[侧叶段部区级])|\*{2,}|(?<=[一-鿿（( ])[*＊](?=\s?[一-鿿）)])|#{1,}[^#\s]{0,8}#{1,}|\${1,2}[^$\s]{0,12}\${1,2}|@{2,}|%[sd]|…{2,}|\.{4,}|\?{2,}|？{2,}|□|■|☐|☑"
    r"|(?<![A-Za-z])(?<![A-Za-z]\s)[XxＸ?？](?=[类级型度期分](?!线|关节))|(?<![A-Za-z])[CTLS][?？_XxＸ](?=[椎/])|RADS\s*[（(]?\s*[XxＸ?？]|RADS\s*(?:分类|分级)?\s+(?=[类级])|(?<=[约第为共])\s*[XxＸ](?=[个枚级度类型节段])|[一-鿿]{1,3}\s*[/／]\s*[不未无][一-鿿]{1,3}|[（(][^（()）]{0,8}[：:]\s*[)）]|[?？]\s*(?=mm|cm|HU|ml|%)|#(?=\s*(?:mm|cm|HU|ml|%))"
    r"|[（(]\s*(?:类|级|型|度|期|分|个|枚|次|月|周|岁|[左右]侧?[（(/或、|][左右]侧?)\s*[)）]|左侧?[（(]右侧?[)）]|右侧?[（(]左侧?[)）]"
    r"|[（(][^（()）]{0,10}(?:请(?:修改|核实|核对|确认|选|填|补|注明|描述|删|输|写|自行)|选填|必填|可选|默认|示例|待定|待核|按需)[^（()）]{0,40}[)）]"
    r"|[（(]\s*[√✓×xX]\s*[)）]|(?:前|后|侧|内|外|上|下|近|远)\s*[/／]\s*(?:前|后|侧|底|内|外|上|下|近|远)侧?(?=壁|侧|缘|叶|段|象限|关节|半月|踝|端|直肌|肌|韧带|支)|(?:未|可)见\s*[/／]\s*(?:可|未)见|《[^》]{0,8}》"
    rf"|{_CHOICE}\s*[/／]\s*{_CHOICE}"
    r"|(?<![\d)）mc×xX])\s+[×xX]\s*(?=mm|cm)"
    r"|请(?:在此处?|于此处?|根据[^，。]{0,8})?(?:选择|填写|输入|录入)(?!.{0,4}方案)|请在此处?(?:描述|补充)|[（(]\s*请(?:描述|注明|说明|补充|写明|核对|给出|具体|自行)[^（()）]{0,10}[）)]|待(?:填|补充|完善)|此处(?:填写|输入|描述)|点击(?:此处|输入|选择)|(?:右侧?)\s*[/／]\s*左侧?(?![心房室])|[?？]\s*(?:不|错|不对)[，,是。]|(?:写|打|录)错|参考[^，。；]{0,4}模板|请核对|(?:张|李|王)某|某某|(?:前|后|平)\s*[/／]\s*(?:后|前|水平|平)(?=[/／位])|(?:左|左侧)\s*[/／]\s*(?:右|右侧)(?:\s*[/／]\s*双侧?)?(?!心)|[有无是否见]\s*[/／]\s*(?:无|有|否|是|未见)"
    r"|(?:轻度?|中度?|重度?)\s*[/／]\s*(?:轻|中|重)度?|(?:上|中|下)\s*[/／]\s*(?:上|中|下)叶?|(?:增大|缩小|阳性|阴性|光滑|清楚|正常|异常|规则|均匀)\s*[/／]\s*(?:缩小|增大|阴性|阳性|毛糙|不清楚?|异常|正常|不规则|不均匀?|欠规则|欠均匀)"
    r"|(?<![A-Za-z])(?:TODO|TBD|FIXME|(?:YYYY|yyyy)(?:[-/.年](?:MM|mm)(?:[-/.月](?:DD|dd)日?)?)?)(?![A-Za-z])|\b(?:N/?A|XXX+|lorem ipsum|insert (?:text )?here|select one|placeholder)\b|模板(?:名称|内容|文字)",
    re.IGNORECASE,
)
_INSTRUCTION = re.compile(
    r"选择|填写|输入|录入|插入|请|若|如[有无]|按需|删除|默认|[/／|｜_＿]|^\s*\S?\s*$|有无|^左右$|[左右]侧?[、或]|大小|数值|侧别"
)
_TWO_VALUES = re.compile(r"平扫|增强|[动静]脉期|延迟期|收缩|舒张|[长短]径|既往|本次")
_NOT_A_REMNANT = re.compile(r"^[xX×]{2}$")
_CHROMOSOME = re.compile(r"4[5-7],?\s*$")

_MEASURES = r"大小|直径|长径|短径|横径|前后径|上下径|左右径|最大径|内径|外径|管径|厚度|壁厚|厚径|深度|最深|宽度|宽径|范围|面积|体积|容积|CT值|角度?|移位|突出|间距|距离|长度|[厚宽长深高](?=约)"
_UNIT = r"(?:mm|cm|毫米|厘米|㎜|㎝|HU|ml|毫升|次/分|bpm|[%％°度周])"
_MEASURE_WITHOUT_NUMBER = re.compile(
    rf"(?:{_MEASURES})\s*(?:分别)?(?:约为|约|为|达|是|：|:)?\s*(?:[×xX*]\s*)*(?:(?:mm|cm|毫米|厘米|㎜|㎝|HU|ml|毫升)|(?:(?<=约)|(?<=约为)|(?<=[×xX*])|(?<=\s))\s*(?=[，,。；;、）)\n]|$))"
    rf"|(?:约为|约|大于|小于)\s*(?:[×xX*]\s*{_UNIT}?\s*)*(?:{_UNIT}|(?=[，,。；;、）)\n]|$))"
    rf"|(?:为|达|率|EF|HR|角)\s*{_UNIT}(?!数)"
    r"|(?:SUV\s?(?:max|mean|peak)?|CT值|BPD|FL|EF)(?:值)?\s*(?:约为|约|为|：|:)?\s*(?=[，,。；;、）)\n]|$)"
    r"|(?<=[一-鿿，,、])\s*(?:×\s*)+(?:mm|cm)"
    r"|(?:指数|评分|积分|率|值|径|厚度?|角|大小)\s*[（(]\s*[）)]"
    r"|(?<=[一-鿿])[ \t]{2,}(?=次/分|bpm|mm|cm|HU|ml|[%％°分枚个处级类期度岁周]|cm/s)|(?<=[mc]m)\s*[×xX*]\s*(?:mm|cm)(?![²³])"
    r"|(?<![A-Za-z])(?!(?:CT|MR|US|PET|DR|SUV|IM|SE|LN)\s)[A-Z][A-Za-z]{1,4}\s*[:：]?\s*(?:mm|cm|ml/min|ml|次/分|cm/s)(?![\w²³])"
    r"|(?<=[一-鿿])\s*[%％°](?!\s*[以左])|约(?=[分次]\s*(?:/|[，,。；;]|$))|(?:T|Z)值\s*(?=[，,。；;、）)\n]|$)|(?<=[，,])大小\s*(?=[，,。；;])|(?<=率)次\s*/\s*分|(?:深度|厚度|内径|[直长短横斜]径|前后径|双顶径|股骨长|头臀长|[头腹]围)\s*(?=[，。；;]|$)"
    rf"|(?:(?:{_MEASURES}|长|厚|宽|高|深)|(?<=约)|(?<=约为))\s*[_＿]+(?=\s*(?:[，,。；;]|$))"
    rf"|[（(]\s*[）)]\s*{_UNIT}"
    r"|(?<=[一-鿿])(?<![数几半亚以每第])\s*(?:mm|cm|HU|ml)(?![\w/²³^]|\s*(?:为|/))"
    r"|\b(?:measur\w+|thickness|diameter|size|length|volume|about|approximately|previously)\s+(?:(?:of|is|x|by)\s+)*(?:mm|cm|ml|HU|%)",
    re.IGNORECASE,
)
_SINGLE = {"结节", "肿块", "动脉瘤"}
_ONE_STONE = re.compile(
    r"见[一1单](?:枚|个|颗|处)?[^，。；]{0,12}(?:结石|强回声)|(?:一|1)枚[^，。；]{0,8}结石|单发[^，。；]{0,8}结石"
)
_SINGLE_BLOOD = re.compile(r"血肿")
_TOO_MANY_TO_MEASURE = re.compile(
    r"多发|散在|弥漫|增生结节|再生结节|卫星|同前|相仿|变化|较前|建议|数个|多个|多枚|数枚|两枚|微小|代谢|摄取|SUV|粟粒|小结节|微结节|磨玻璃样?小|大小不[一等]|multiple|scattered|tiny|punctate|micro",
    re.IGNORECASE,
)
_GROWN = re.compile(
    r"^(?!.*(?:多发|散在|弥漫|多个|多枚|数枚|两枚|微小|代谢|摄取|部分|各))[^。]*较前[^，。；]{0,3}(?:增大|缩小)"
)
_LOOKS = re.compile(r"强化|边界|边缘|形态|分叶|毛刺|廓清")
_ANY_NUMBER = re.compile(
    rf"(?:约|为|达|径|:|：|about|of|measur\w*)\s*{NUMBER}|{NUMBER}\s*(?:mm|cm|毫米|厘米|㎜|㎝|[×xX*])", re.IGNORECASE
)
_NO_LENGTH = re.compile(
    rf"(?:前片|前次|上次|原)[^，。；]{{0,6}}{NUMBER}\s*(?:mm|cm)?|(?:CT值|密度|SUV\w*|TI-?RADS|BI-?RADS|LI-?RADS|PI-?RADS|ADC值?)\s*(?:约为|约|为|:|：)?\s*-?{NUMBER}\s*(?:HU)?",
    re.IGNORECASE,
)
_DISTANCE = re.compile(
    rf"距[^，,。；;]{{0,16}}?{NUMBER}\s*(?:mm|cm|毫米|厘米)|(?:移位|层厚)[^，,。；;]{{0,4}}{NUMBER}\s*(?:mm|cm|毫米|厘米)|淋巴结[^。；;]*|(?:[胰胆]总?管|静脉|肾盂|输尿管)[^。；\d]{{0,14}}{NUMBER}\s*(?:mm|cm)(?!\s*[×xX*])",
    re.IGNORECASE,
)
_ANATOMY = re.compile(
    r"(?:肱骨头?|胫骨|坐骨|跟骨|舟骨|耻骨|[许施]莫氏|[大小])(?:大|小)?结节(?=$|见|骨|处|部|撕|区|未|形)|结节(?:周|内|边|旁|中央|样|性|感|间|处|呈|与|状(?!.{0,10}(?:影|灶|信号|回声)))"
)
_GOES_ON = re.compile(
    r"^\s*(?:其(?!上游|远端|近端|以上|以下|旁|后方|下方|上方|余|他|它)|该|病灶|结节|肿块|较大者|最大者|大小|直径|长径|范围|边缘|边界|测|约)|^\s*(?:it|this)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:结节|肿块|动脉瘤|血肿)影?$|瘤样(?:扩张|膨出)|见|示|有|可及|探及|发现|提示|there is|seen|shows?|demonstrat|\ba\b|\ban\b",
    re.IGNORECASE,
)


def remnants(subject: Subject) -> Iterator[Alarm]:
    """Blanks, unresolved choices and instructions of a template."""
    for name, text in (("影像所见", subject.findings), ("诊断意见", subject.impression)):
        for match in _REMNANTS.finditer(text):
            words = match[0]
            if _NOT_A_REMNANT.match(words) and _CHROMOSOME.search(text[: match.start()]):
                continue
            if words in "□☑■☐" and _TICKED.search(subject.both):
                continue  # a form that was filled in
            if _are_alternatives(words, text[: match.start()]):
                continue
            if words[0] == "【" and _is_heading(text, match.start(), match.end()):
                continue
            if re.fullmatch(r"[_＿]+|[\[［【<（(]\s*[\]］】>)）]", words) and (
                unit := re.match(rf"\s*{_UNIT}", text[match.end() :])
            ):
                blank = f"{words}{unit[0]}"
                yield Alarm(AlarmKind.MISSING, blank, f"{name}里的“{blank}”没有填写数值，请补充测量。")
            if words[0] in "（(" and _TWO_VALUES.search(words):
                continue
            yield Alarm(AlarmKind.TEMPLATE, words, f"{name}里留有模板的占位文字“{words}”，请填写或删除。")


_TICKED = re.compile(r"[☑■√✓]")


_ADVISES = re.compile(r"(?:建议|结合|必要时|参考)[^，。；\n]*$")


def _are_alternatives(words: str, before: str) -> bool:
    """Whether "screening/non-invasive test" in a sentence of advice are two tests, not a thing and its denial."""
    one, slash, other = words.replace("／", "/").partition("/")
    return (
        bool(slash and _ADVISES.search(before + one))
        and bool(re.fullmatch(r"[一-鿿]+", one + other))
        and len(other) > 1
        and one[-1:] not in set("有无是否未可见")
        and not set(one) & set(other)
    )


_ASKS = re.compile(
    r"部位|侧别|左右|方位|位置|大小|数值|数量|器官|病变|描述|程度|性质|形态|名称|日期|时间|姓名|性别|年龄"
)


def _is_heading(text: str, start: int, end: int) -> bool:
    """Whether a word in square brackets opens a paragraph or a sentence that goes on after it."""
    if _ASKS.fullmatch(text[start + 1 : end - 1].strip()) and text[end : end + 1].strip(" ：:\n"):
        return False  # the name of what is to be filled in, and the sentence goes on
    opens = not text[:start].strip() or text[:start].rstrip(" ")[-1:] in set("\n。；;，,")
    if len(re.findall(r"(?:^|\n)\s*【[^】]+】[^【\s]", text)) > 1:
        return opens  # the text has its paragraphs named
    return opens and end - start > 2 and bool(text[end:].strip()) and not _INSTRUCTION.search(text[start + 1 : end - 1])


def measures(subject: Subject) -> Iterator[Alarm]:
    """Empty parts, measures named without a number, single lesions of which no size is given."""
    if not subject.findings.strip():
        yield Alarm(AlarmKind.MISSING, "", "影像所见为空，请填写。")
    if not subject.impression.strip():
        yield Alarm(AlarmKind.MISSING, "", "诊断意见为空，请填写。")
    for text in (subject.findings, subject.impression):
        for match in _MEASURE_WITHOUT_NUMBER.finditer(text):
            if re.search(r"病灶[（(]$", text[: match.start()]):
                continue  # a heading that says what is listed below
            if re.search(r"\d\s*/\s*\d\s*$", text[: match.start()]):
                continue  # shifted by a third of the shaft's width
            yield Alarm(AlarmKind.MISSING, match[0], f"“{match[0].strip()}”没有数值，请补充测量。")
    yield from _unmeasured(subject.findings, subject.exam_type.upper())
    yield from _one_unmeasured(subject.findings)


# A growth all round the bowel is told by its stretch, an intussusception by where its head stands.
_NEVER_SIZED = re.compile(r"环腔|环周|绕肠腔|全周|占[^，。；]{0,3}肠腔|管腔[^，。；]{0,2}周|套叠|杯口[征状]|套筒征")


def _unmeasured(findings: str, exam_type: str) -> Iterator[Alarm]:
    parts = sentences(findings)
    told: set[int] = set()
    for mention in asserted(findings):
        if (
            mention.lesion not in _SINGLE
            and not (mention.lesion == "出血" and _SINGLE_BLOOD.search(mention.words))
            and not (mention.lesion == "结石" and _ONE_STONE.search(mention.words))
        ):
            continue
        if len(mention.sides) == 2 or "扫及" in mention.words or "所及" in mention.words:
            continue
        if mention.sentence in told or mention.is_history or mention.is_unsure or not _NAMED.search(mention.words):
            continue
        if re.search(r"ES|内镜|喉镜|支气管镜", exam_type) and re.search(r"声带|会厌|喉|支气管|段", mention.words):
            continue  # through the scope nobody measures these
        if (
            _ANATOMY.search(mention.words)
            or re.search(r"钙化|点状|样改变|新生物(?:完全|部分)?[阻堵]塞|头皮", mention.words)
            or _NEVER_SIZED.search(parts[mention.sentence])
        ):
            continue
        sentence = parts[mention.sentence]
        after = parts[mention.sentence + 1] if mention.sentence + 1 < len(parts) else ""
        if _GROWN.search(sentence) and _LOOKS.search(sentence):
            pass  # whoever tells how it looks and how it changed has measured it
        elif _TOO_MANY_TO_MEASURE.search(mention.words if mention.lesion == "动脉瘤" else sentence) or any(
            one.search(sentence) for one in (_MEASURE_WITHOUT_NUMBER, _REMNANTS)
        ):
            continue
        if _is_measured(sentence) or (_GOES_ON.search(after) and _is_measured(after)):
            continue
        told.add(mention.sentence)
        yield Alarm(AlarmKind.MISSING, mention.words, f"“{mention.words}”没有给出大小，请补充测量值。")


_ONE = re.compile(
    r"(?:见|探及|示|有|可及|测及)(?:一|1|单)(?:个|枚|处|发)?[^，。；]{0,16}?(?:结节|肿块|包块|肿物|囊[肿状性]|无回声|[低高等强无]回声|混合回声|[低高等][^，。；]{0,3}密度[影灶区]|团块|占位|息肉|斑块|异常信号|[长短]T[12])"
)
_UNCOUNTED = re.compile(
    r"(?<!未)(?:见|探及)(?:类?圆形|囊[性状]|局限性?|混合性?|实性|极?[低高无等强]回声|[低高等稍]+密度|长T1|孤立)[^，。；]{0,14}?(?:结节|肿块|包块|无回声区|回声区|回声团|[影灶区](?=，|$)|团块|占位|息肉|斑块|信号影?(?=，|$)|龛影)|(?<!未)(?:见|探及)[无低]回声(?=，)"
)
_NOT_ALONE = re.compile(r"窦|牙|双侧|两侧|双肺|mm|ｍｍ|cm|约|较大|大者")
# Of these no size is given, or another measure than a length.
_NOT_SIZED = re.compile(
    r"[条线带弧索网]|斑片|片状|点状|大片|弥漫|骨折|骨片|透亮|半月板|软骨|韧带|肌腱|骨髓|椎间盘|椎体|终板|SUV|代谢|摄取|浓聚|缺损影|术后|积液|钙化|管状|血栓|充盈缺损|同前|胎|孕囊|节育|支架|导管"
)
_ANY_SIZE = re.compile(r"\d(?:\.\d+)?\s*(?:mm|cm|毫米|厘米|[×xX*])|(?:约|径|厚|深|为)\s*\d")


def _one_unmeasured(findings: str) -> Iterator[Alarm]:
    """ "An echo-free area is seen, with a sharp border": one thing, told apart, and no size of it."""
    parts = sentences(findings)
    for place, sentence in enumerate(parts):
        match = _ONE.search(sentence)
        if match is None and not _NOT_ALONE.search(sentence) and not _TOO_MANY_TO_MEASURE.search(sentence):
            match = None if _NOT_SIZED.search(sentence) else _UNCOUNTED.search(sentence)
            if match and "混合斑块" in match[0]:
                match = None  # of a vessel in CT: its length and the narrowing tell more
        after = parts[place + 1] if place + 1 < len(parts) else ""
        if (
            match is None
            or _NOT_SIZED.search(sentence[match.start() :].split("，")[0])
            or _NEVER_SIZED.search(sentence)
            or _MEASURE_WITHOUT_NUMBER.search(sentence)
            or _REMNANTS.search(sentence)
            or _ANY_SIZE.search(sentence[match.start() :])
            or (_GOES_ON.search(after) and _ANY_SIZE.search(after))
        ):
            continue
        yield Alarm(AlarmKind.MISSING, match[0], f"“{match[0]}”没有给出大小，请补充测量值。")
        return


def _is_measured(sentence: str) -> bool:
    """Whether a sentence gives a size, not only a distance, a density or a category."""
    return bool(_ANY_NUMBER.search(_DISTANCE.sub("", _NO_LENGTH.sub("", sentence))))
