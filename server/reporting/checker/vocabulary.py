"""Words of radiology reports in their right spelling, and characters that look or sound alike.

Of the files in words/, `terms.txt` and `diseases.txt` are the right words that a slip may have been meant for; `other_words.txt` are
further words that may stand beside them, `anatomy.txt` those of anatomy; `look_alikes.txt` are groups of characters that look alike; `mistakes.txt`
are pairs of a slip and what is meant. Every phrase of the pinyin dictionary counts as a word, too.
"""

# ruff: noqa: E501 lists of words are read as one line
from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

_WORDS = files("server.reporting.checker") / "words"


def _read(name: str) -> list[str]:
    return (_WORDS / name).read_text(encoding="utf-8").split()


def lines_of(name: str) -> list[str]:
    """The lines of one of the files in words/."""
    return (_WORDS / name).read_text(encoding="utf-8").splitlines()


TERMS = frozenset(_read("terms.txt") + _read("diseases.txt"))
_PAIRS = _read("mistakes.txt")
MISTAKES = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
ALIKE: dict[str, frozenset[str]] = {}
for _group in _read("look_alikes.txt"):
    for _one in _group:
        ALIKE[_one] = ALIKE.get(_one, frozenset()) | frozenset(_group) - {_one}

# Organs and what befalls them make words by the thousand that no list holds one by one.
_ORGANS = (
    "肺 肝 胆 胆囊 胆管 脾 胰 胰腺 肾 肾上腺 膀胱 前列腺 子宫 宫颈 卵巢 乳腺 甲状腺 腮腺 脑 垂体 食管 胃 胃窦 结肠 直肠 盲肠 阑尾 小肠 十二指肠 输尿管 "
    "喉 鼻 鼻窦 鼻咽 上颌窦 纵隔 胸膜 胸腺 心 心脏 心包 气管 支气管 骨 椎体 关节 半月板 韧带 肌腱 滑膜 淋巴结 睾丸 附睾 眼眶 眼球 舌 咽 皮肤 血管 动脉 静脉 "
    "主动脉 肺动脉 门静脉 颈动脉 冠状动脉 肾动脉 脑膜 脑室 脊髓 脊柱 颅骨 颅内 肋骨 锁骨 股骨 胫骨 肱骨 桡骨 尺骨 骨盆 髋 膝 肩 踝 腕 肘 腹 胸 盆 颈 腰"
).split()
_HAPPENINGS = (
    "癌 炎 瘤 部 区 壁 腔 窝 门 管 周 内 外 旁 侧 缘 面 底 体 头 尾 囊肿 结石 息肉 肿瘤 腺瘤 肌瘤 脓肿 血肿 积液 积水 积气 积血 钙化 出血 梗死 梗阻 狭窄 扩张 闭塞 栓塞 "
    "血栓 破裂 穿孔 损伤 挫伤 撕裂 骨折 脱位 增厚 增大 增粗 增生 肿大 肿胀 肿块 肿物 占位 结节 转移 转移瘤 结核 感染 水肿 萎缩 缺如 切除 切除术 切除术后 术后 癌术后 缺血 坏死 畸形 变异 发育 "
    "移植 造影 平扫 增强 超声 形态 大小 密度 信号 回声 轮廓 边缘 包膜 实质 组织 间隙 软骨 退变 硬化 纤维化 受压 受侵 移位 痛 反流 憩室 溃疡 疝 瘘 功能 血管 动脉 静脉 神经"
).split()
_COURSES = (
    "腓 胫前 胫后 胫 腘 股 股浅 股深 股总 髂 髂内 髂外 髂总 大隐 小隐 肌间 腋 肱 桡 尺 锁骨下 颈内 颈外 颈总 椎 基底 肾 脾 肝 胃左 胃网膜 肠系膜上 肠系膜下 "
    "门 下腔 上腔 奇 肺 精索 卵巢 子宫 腰升 面 舌 眼 甲状腺上 甲状腺下 胸廓内 肋间 腹壁下 大脑前 大脑中 大脑后 前交通 后交通 小脑后下"
).split()
_BONES = "股骨 胫骨 腓骨 肱骨 桡骨 尺骨 锁骨 跟骨 距骨 髂骨 坐骨 耻骨 髌骨 肩胛骨 胸骨 肋骨 跖骨 掌骨 指骨 趾骨 舟骨 月骨 颧骨 下颌骨 上颌骨 鼻骨 额骨 顶骨 枕骨 颞骨 蝶骨".split()
_BONE_PARTS = "头 颈 干 体 髁 端 骺 缘 嵴 棘 结节 粗隆 近端 远端 近段 远段 中段 上段 下段 中上段 中下段 皮质 骨质 骨髓 骨折 基底 基底部 头颈 骨骺 骨干 干骺端 内侧 外侧 前缘 后缘 上缘 下缘 内侧髁 外侧髁 关节面 平台 茎突".split()
ALSO_WORDS = (
    frozenset(_read("other_words.txt") + _read("anatomy.txt"))
    | {f"{one}{other}" for one in _BONES for other in _BONE_PARTS}
    | {f"{one}{other}" for one in _ORGANS for other in _HAPPENINGS}
    | {f"{one}{other}" for one in _COURSES for other in ("动脉", "静脉", "动静脉", "神经")}
)
KNOWN = TERMS | ALSO_WORDS
LONGEST = max(map(len, TERMS))

# A slip that is right when it goes on like this.
RIGHT_AFTER_ALL: dict[str, tuple[str, ...]] = {
    "根骨": ("弓根骨", "神经根骨", "根骨质"),
    "锥体": ("锥体束", "锥体交叉", "锥体外", "肾锥体", "锥体神经"),
    "增强化": ("增强化疗",),
    "节结": ("关节结",),
    "增后": ("增后扫描", "增后期"),
}


@lru_cache(maxsize=1)
def phrases() -> frozenset[str]:
    """Words of the common language of up to four characters; loaded when first asked for."""
    from pypinyin.phrases_dict import phrases_dict

    return frozenset(word for word in phrases_dict if 2 <= len(word) <= 4)
