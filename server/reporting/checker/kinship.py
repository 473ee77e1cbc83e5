"""Which organs may stand for each other, so that a finding of the one is told of the other."""

from __future__ import annotations

# Names that are all but one organ: these count even where the findings speak of the very organ.
CLOSE: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "胸腔 胸膜",
        "腹腔 盆腔",
        "脑 脑室 硬膜",
        "肺 肺门 纵隔",
        "肺 气管",
        "肾 输尿管",
        "关节 膝 肩 髋 踝 腕 肘 手 足 颞下颌 肌腱",
        "髋 股骨",
        "膝 股骨 胫腓骨 肌腱",
        "肩 肱骨 锁骨 肌腱",
        "肘 尺桡骨 肱骨",
        "腕 尺桡骨 手",
        "踝 胫腓骨 足 肌腱",
        "心 冠状动脉",
        "睾丸 附睾",
        "中耳 乳突",
        "鼻窦 鼻中隔",
        "主动脉 锁骨下动脉",
        "颈部 甲状腺",
    )
)

# Organs that a finding of the one may be told of the other.
KIN: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "胸腔 胸膜 肺 膈下",
        "肺 气管 肺门 纵隔",
        "肺 肋骨 胸膜",
        "心 心包 冠状动脉 主动脉",
        "腹腔 盆腔 腹膜后 膈下",
        "腹腔 肝",
        "腹腔 脾",
        "腹腔 肠 阑尾 胃",
        "腹腔 胰 腹膜后",
        "盆腔 子宫 宫旁",
        "盆腔 附件区",
        "盆腔 膀胱",
        "盆腔 肠",
        "子宫 孕囊",
        "附件区 孕囊",
        "肝 胆管 胆囊 脾",
        "肝 门静脉",
        "胰 胆管 脾 十二指肠",
        "肾 输尿管 膀胱",
        "胃 十二指肠",
        "食管 胃",
        "膀胱 前列腺",
        "脑 脑室 硬膜 脑动脉",
        "脑动脉 颈动脉",
        "脊柱 脊髓 骨盆",
        "脊柱 胸腔",
        "关节 膝 肩 髋 踝 腕 肘 手 足 颞下颌 肌腱",
        "髋 股骨",
        "手 腕 尺桡骨",
        "足 踝 胫腓骨 肌腱",
        "肘 尺桡骨 肱骨",
        "肩 肱骨 锁骨 肌腱",
        "膝 股骨 胫腓骨 肌腱",
        "静脉 股骨 胫腓骨",
        "乳腺 腋窝",
        "甲状腺 颈部",
        "颈部 喉 腮腺 甲状腺",
        "鼻窦 鼻中隔 眼",
        "鼻骨 鼻中隔",
        "中耳 乳突",
        "睾丸 附睾 精索 鞘膜",
        "主动脉 腹腔 肾",
        "主动脉 锁骨下动脉",
    )
)


def close(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether the two are the same organ or all but the same."""
    return bool(one & other) or any(group & one and group & other for group in CLOSE)


def kin(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether a finding at the one may be what is told of the other; a text without an organ may be anything's."""
    if not one or not other or one & other:
        return True
    return any(group & one and group & other for group in KIN)
