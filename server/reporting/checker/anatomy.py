"""Organs, sides and lesions as reports name them."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from functools import lru_cache

LEFT, RIGHT = "left", "right"
BOTH = frozenset({LEFT, RIGHT})

# Larger things first: the first that matches at a place names it.
ORGANS: dict[str, str] = {
    "肺门": r"肺门",
    "肺": r"(?<![A-Za-z])[RL][UML]L(?![A-Za-z])|肺(?!动脉|静脉|癌|气肿)|[上中下]叶(?!切迹)|舌段|\blungs?\b|\b(?:upper|middle|lower) lobe",
    "胸膜": r"胸膜(?!下)|斜裂|水平裂|叶间裂",
    "胸腔": r"胸腔|气胸|血胸|脓胸|肋膈角|pleural|costophrenic",
    "心包": r"心包|pericardi",
    "心": r"心影|心脏|[左右]心[房室]?|全心|(?<![A-Za-z-])[LR](?:A|V|VI?D[ds]?|VDD|VDS)(?=\s*(?:舒张|收缩|内径|横径|基底|前后径|约|为|：|\d))|心[房室]|[左右][房室](?=[舒收内前增扩壁大横上流射、])",
    "纵隔": r"纵[隔膈]|mediastin",
    "主动脉": r"主动脉|aort(?:a|ic)",
    "脑动脉": r"大脑[前中后]动脉|基底动脉|椎动脉|颅内动脉|交通动脉",
    "颈动脉": r"颈(?:总|内|外)?动脉",
    "冠状动脉": r"冠状?动?脉|前降支|回旋支|(?<![A-Za-z])(?:LAD|LCX|RCA)(?![A-Za-z])",
    "肝": r"肝门[区部]|肝(?!内?外?胆管|总管|肾|门)|\bliver\b|hepatic",
    "胆囊": r"胆囊|肝胆(?!管|总管|道|外科)|(?<=、)胆(?=、)|gallbladder",
    "胆管": r"胆总管|胆管|肝总管|bile duct",
    "胰": r"胰|pancrea",
    "脾": r"脾(?!肾)|\bspleen|splenic",
    "肾上腺": r"肾上腺|adrenal",
    "肾": r"肾(?!上腺|小球|形(?!态))|\bkidneys?\b|\brenal\b",
    "输尿管": r"输尿管|ureter",
    "膀胱": r"膀胱|bladder",
    "前列腺": r"前列腺|外周带|移行带|prostat",
    "子宫": r"子宫|结合带|宫腔|宫颈|肌层|uter(?:us|ine)",
    "附件区": r"附件区?|卵巢|输卵管|ovar(?:y|ies|ian)|adnexa",
    "乳腺": r"乳腺|乳房|乳头(?!肌|状)|[左右双]乳|\bbreasts?\b",
    "甲状腺": r"甲状腺|thyroid",
    "腮腺": r"腮腺|parotid",
    "脑": r"大脑(?![前中后]动脉)|室管膜|海马|尾状核|小脑|脑干|脑实质|基底节|丘脑|额叶|顶叶|颞叶|枕叶|岛叶|半卵圆|放射冠|(?<!大)脑(?!室|池|沟|裂|脊|膜)|brain|frontal|parietal|temporal|occipital",
    "脑室": r"脑室|ventric",
    "硬膜": r"硬膜[外下]|内板下|subdural|epidural",
    "鼻窦": r"[上颌筛额蝶]+窦|鼻窦|sinus",
    "乳突": r"乳突|mastoid",
    "眼": r"眼[眶球]|眶[内外上下]?壁|眶脂|眶内|orbit",
    "肩": r"肩|肱骨头|冈上肌|shoulder",
    "肘": r"肘|尺骨鹰嘴|elbow",
    "腕": r"腕|桡骨远端|舟骨|wrist",
    "手": r"掌骨|指骨|手|\bhand\b",
    "髋": r"髋|股骨头|股骨颈|\bhips?\b",
    "膝": r"膝|半月板|交叉韧带|髌|\bknees?\b|menisc",
    "踝": r"踝|距骨|ankle",
    "足": r"足|跖骨|跟骨|趾骨|\bfoot\b",
    "肱骨": r"肱骨|humer",
    "尺桡骨": r"尺骨|桡骨|前臂|radius|ulna",
    "股骨": r"股骨|大腿|femur|femoral",
    "胫腓骨": r"[内外后]踝|胫骨|腓骨|小腿|tibia|fibula",
    "肋骨": r"肋骨|第?\d+(?:[、\-~至]\d+)*前?后?肋|\bribs?\b",
    "锁骨下动脉": r"锁骨下动脉|头臂干",
    "锁骨": r"锁骨(?![上下](?:动|静|窝|区|淋))|clavic",
    "骨盆": r"骨盆|骶髂|髂骨|耻骨|坐骨|pelvis",
    "脊柱": r"[颈胸腰骶]椎|椎体|椎间盘|椎管|脊柱|[CTLS]\d{1,2}[/\-][CTLS]?\d|vertebra|\bdis[ck]\b|spin(?:e|al)",
    "腹腔": r"腹腔|腹水|ascites",
    "腹膜后": r"腹膜后",
    "盆腔": r"盆腔|陷[凹窝]|pelvic",
    "腋窝": r"腋[窝下]|axilla",
    "关节": r"关节",
    "阑尾": r"阑尾|盲端|append(?:ix|iceal)",
    "睾丸": r"睾丸|隐睾|testi[sc]",
    "附睾": r"附睾|epididym",
    "精索": r"精索",
    "鞘膜": r"鞘膜",
    "垂体": r"垂体|pituitar",
    "脊髓": r"(?<!椎)脊髓|髓内|[颈胸]髓|spinal cord|\bcord\b",
    "食管": r"食管|oesophag|esophag",
    "气管": r"气管|trachea|bronch",
    "鼻骨": r"鼻骨",
    "鼻中隔": r"鼻中[隔膈]",
    "颞下颌": r"髁突|颞下颌|颞颌",
    "中耳": r"中耳|鼓室|听小骨",
    "颈部": r"颈部|[左右双]侧?颈(?=[ⅠⅡⅢⅣⅤⅥ多淋，、])",
    "门静脉": r"门静?脉|portal v",
    "静脉": r"[股腘胫腓隐髂]\w{0,3}静脉|[深浅]静脉|下肢静脉|股总|腘静脉|肌间静脉",
    "宫旁": r"宫旁",
    "孕囊": r"孕囊|妊娠囊|早孕",
    "肌腱": r"跟腱|肌腱|腱膜",
    "十二指肠": r"十二指肠|球部|duoden",
    "喉": r"声带|声门|会厌|梨状窝|喉咽",
    "膈下": r"膈下",
    "胃": r"胃|幽门|stomach|gastric",
    "肠": r"结肠|直肠|小肠|回盲|肠|colon|rect(?:um|al)|bowel",
}
_ORGAN = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in ORGANS.items()}

# Of these a patient has two, one on each side; the liver's and the thyroid's lobes are as good as sides.
SIDED = frozenset(
    "肺 肺门 胸膜 胸腔 肾 肾上腺 输尿管 附件区 乳腺 腮腺 甲状腺 颈动脉 脑 脑室 硬膜 鼻窦 乳突 眼 肝 肩 肘 腕 手 髋 膝 踝 足 肱骨 尺桡骨 股骨 胫腓骨"
    " 肋骨 锁骨 骨盆 腋窝 关节 睾丸 附睾 精索 鞘膜 中耳 鼻骨 颈部 静脉 宫旁 眼 前列腺 垂体 颞下颌".split()
)

# Lesions: the words that assert one, in findings or in an impression.
LESIONS: dict[str, str] = {
    "积液": r"积液|水样密度影|弧形[^，。]{0,3}(?:水样)?密度影|肋膈角(?:变钝|变浅|消失|模糊)|blunt(?:ed|ing)[^.,]{0,20}costophrenic|腹水|液体(?:信号|密度)影?|液性暗区|effusion|ascites|free fluid",
    "积水": r"(?<!外部性脑)积水|集合系统[^，。；未无不]{0,4}分离|hydroneph",
    "气胸": r"气胸|压缩约?\d+%|无肺纹理(?:透亮)?区?|pneumothorax",
    "骨折": r"骨折(?!史|线(?:模糊|消失))|骨皮质(?:皱褶|褶皱|断裂)|骨质不连|骨皮质(?:连续性)?(?:中断|断裂)|骨质(?:连续性)?中断|骨皮质不连续|fractur",
    "脱位": r"脱离[^，。]{0,4}(?:关节|髋臼|盂)|(?:脱出|移出)[^，。]{0,3}(?:关节盂|髋臼)|(?<!半)脱位|dislocat",
    "结节": r"结节(?!性肝硬化|性硬化|样增生|感)|nodul",
    "溃疡": r"溃疡(?!性(?:结|直)肠炎)|龛影|ulcer",
    "肿块": r"乳头状[^，。；]{0,8}突起|肿块|新生物|包块|占位|肿物|软组织团块|(?<!结节、)团块影|\bmass(?:es)?\b(?! effect)",
    "淋巴结肿大": r"(?:肿大|增大)(?:的)?淋巴结|淋巴结(?:明显|轻度)?(?:肿大|增大)|lymphadenopathy|enlarged lymph",
    "出血": r"出血(?!水肿|糜烂)|血肿|h(?:a)?emorrhag|h(?:a)?ematoma",
    "梗死": r"梗[死塞]|infarct",
    "炎症": r"肺炎|炎症|感染|实变|渗出|斑片状(?:密度)?(?:增高|高密度|模糊|磨玻璃)|pneumonia|consolidation|infiltrat",
    "结石": r"腔内见[^，。]{0,6}高密度影|(?:输尿管|肾[盂盏]?|胆囊|胆总管)[^，。]{0,10}(?:高密度影|致密影|充盈缺损)|结石(?!影?征)|强回声(?:光?团|灶)?(?=[，,。；;]|$)|强回声(?:光)?团.{0,6}声影|stones?\b|calcul(?:us|i)|lithiasis",
    "息肉": r"息肉|隆起样|回声附着|附着于|polyp",
    "囊肿": r"囊肿|囊性(?:低密度|无回声|病灶|灶|占位|结节|为主)|\bcysts?\b",
    "扩张": r"扩张|dilat",
    "动脉瘤": r"动脉瘤|动脉[^，。；]{0,8}瘤样(?:扩张|膨出)|动脉[^，。；]{0,10}囊状(?:突起|突出|膨出)|aneurysm",
    "夹层": r"夹层|内膜片|dissection",
    "狭窄": r"狭窄|stenos",
    "肺气肿": r"肺气肿|肺大[疱泡]|emphysema",
    "肺不张": r"(?:肺|膨胀|压缩性?)不[张全]|atelecta",
    "脂肪肝": r"脂肪肝|fatty liver|steatosis",
    "肝硬化": r"肝硬化|cirrhosis",
    "椎间盘": r"(?<=未见)(?:明显)?(?:突出|膨出)|椎间盘.{0,8}(?:突出|膨出|脱出)|(?:突出|膨出).{0,4}椎间盘|disc (?:herniation|bulg|protrusion)",
    "撕裂": r"撕裂|断裂|\btears?\b",
    "转移": r"转移(?!性右下腹)|metasta",
    "栓塞": r"栓塞(?!术)|不能压[瘪闭]|回声充填|充盈缺损|血栓|embol|thromb",
    "肿大": r"(?:肝|脾|心影|心脏|甲状腺|前列腺|肾上腺)(?:体积)?(?:明显|轻度|弥漫性?)?(?:肿大|增大)|megaly",
    "斑块": r"斑块|plaque",
    "钙化": r"钙化|calcif",
    "游离气体": r"游离(?:积|的)?气体?|气腹|free (?:intraperitoneal )?air|pneumoperitoneum",
    "反流": r"反流|返流|regurgit",
    "孕囊": r"孕囊|妊娠囊|宫内早孕",
    "肠梗阻": r"肠梗阻|液气平|气液平|bowel obstruction",
    "肿瘤": r"(?:肌|血管|腺|脑膜|脂肪|鞘|淋巴|胶质|畸胎|神经|软骨|错构|细胞|骨|室管膜)瘤(?!样)|(?<!抗)癌(?!栓)",
    "脊髓变性": r"脊髓[^，。]{0,4}(?:变性|水肿|软化)|髓内(?:未见|见)?(?:明显)?异常信号",
    "坏死": r"缺血性?坏死|双线征",
    "绕颈": r"绕颈",
    "畸形": r"(?<!Chiari)(?<!Arnold-Chiari)(?<!Klippel-Feil)(?<!Dandy-Walker)畸形|malformation",
}
_LESION = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in LESIONS.items()}

# "left ventricle" is the name of one thing, "shifted to the left" a direction: neither tells where a lesion is.
_NO_SIDE = re.compile(
    r"左右|[左右](?:心|房|室|主干|前降|回旋|冠|移|偏|倾|肝静脉|肝管)|[向偏往自由从][左右]侧?(?!肺|肾|乳)|[左右]侧?(?:移位|弯|凸|前斜|后斜)|[左右]束支"
    r"|室间隔[-—–、与和]?右室|[左右]室插入|(?:较|比|低于|高于|大于|小于)[左右]侧?(?=[稍略明显小大高低短长粗细窄宽薄厚缩增减])|对侧|left ventric|right ventric|left atri|right atri|left main|to the (?:left|right)|leftward|rightward",
    re.IGNORECASE,
)
_BOTH = re.compile(
    r"双(?!顶|胎|绒|羊|线征|腔|能|源|期|泡|重|轨|边|平|柱|踝(?!关节|部)|J|极|极化|相|气|峰|房征|环|凹|叶征)侧?|两[侧肺肾乳肩膝髋肋]|bilateral|\bboth\b",
    re.IGNORECASE,
)
_LEFT = re.compile(r"左|\bleft\b|(?<![A-Z])L[UL]L(?![A-Z])", re.IGNORECASE)
_RIGHT = re.compile(r"右|\bright\b|(?<![A-Z])R[UML]L(?![A-Z])", re.IGNORECASE)


@lru_cache(maxsize=4096)
def sides_in(text: str) -> frozenset[str]:
    """The sides that a clause names; "both" counts as each."""
    text = _NO_SIDE.sub("□", text)
    if _BOTH.search(text):
        return BOTH
    return frozenset(side for side, pattern in ((LEFT, _LEFT), (RIGHT, _RIGHT)) if pattern.search(text))


_LEVEL_OF = re.compile(
    r"(?:[双左右]侧?)?(?:肾动脉|肾静脉|肾门|肾下极|肾上极|脐|髂嵴|髂总动脉分叉|隆突|气管(?:隆突|分叉)|膈肌|声门|甲状软骨)(?:开口)?(?:水平|平面|层面)"
    r"(?:以下|以上|下方|上方|处)?"
)


@lru_cache(maxsize=4096)
def organs_in(text: str) -> frozenset[str]:
    """The organs that a text names; those of a level ("below the renal arteries") are only where it is."""
    text = _LEVEL_OF.sub("", text)
    return frozenset(name for name, pattern in _ORGAN.items() if pattern.search(text))


@lru_cache(maxsize=4096)
def lesions_in(text: str) -> tuple[tuple[str, int, int], ...]:
    """The lesions that a clause names, with their places (start, end) in characters."""
    return tuple(
        (name, match.start(), match.end()) for name, pattern in _LESION.items() for match in pattern.finditer(text)
    )


def opposite(side: str) -> str:
    """The other side."""
    return RIGHT if side == LEFT else LEFT


def word_of(side: str) -> str:
    """The side for a sentence."""
    return "左" if side == LEFT else "右"
