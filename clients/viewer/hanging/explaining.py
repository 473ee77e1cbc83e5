"""Conditions, reasons and protocols in plain words; Chinese source texts, translated where they are shown. No Qt."""

from __future__ import annotations

from clients.kit.translations import tr
from clients.viewer.hanging.builtin import OF_PRIOR
from clients.viewer.hanging.engine import Fit
from shared.contract.hanging import Condition, ImageSet, Protocol

REASONS = {
    "modality": "设备类型相符",
    "body_part": "部位相符",
    "words": "检查描述相符",
    "priors": "有既往检查",
    "user": "个人方案",
    "group": "小组方案",
    "site": "全科方案",
    "all_filled": "所需图像齐全",
    "some_filled": "部分图像缺失",
}
ATTRIBUTE_NAMES = {
    "modality": "设备类型",
    "body_part": "部位",
    "side": "侧别",
    "view": "体位",
    "displaced": "假体推移",
    "spot": "点压或放大",
    "kind": "图像种类",
    "plane": "方向",
    "sequence": "扫描序列",
    "contrast": "增强",
    "kernel": "重建算法",
    "cine": "动态",
    "thickness": "层厚",
    "images": "图像数",
    "words": "序列描述",
}
VALUE_NAMES = {
    "axial": "横断",
    "sagittal": "矢状",
    "coronal": "冠状",
    "oblique": "斜面",
    "plain": "平扫",
    "contrast": "增强",
    "arterial": "动脉期",
    "portal": "门脉期",
    "delayed": "延迟期",
    "original": "原始图像",
    "localizer": "定位像",
    "dose": "剂量报告",
    "capture": "截屏",
    "mip": "最大密度投影",
    "tomo": "断层",
    "synthetic": "合成二维",
    "lung": "肺",
    "bone": "骨",
    "soft": "软组织",
    "fatsat": "压脂",
    "yes": "是",
    "no": "否",
    "L": "左",
    "R": "右",
    "B": "双侧",
    "breast": "乳腺",
    "chest": "胸部",
    "heart": "心脏",
    "abdomen": "腹部",
    "pelvis": "盆腔",
    "head": "头部",
    "neck": "颈部",
    "spine": "脊柱",
    "cspine": "颈椎",
    "tspine": "胸椎",
    "lspine": "腰椎",
    "knee": "膝",
    "shoulder": "肩",
    "hip": "髋",
    "ankle": "踝足",
    "hand": "手腕",
    "elbow": "肘",
    "leg": "小腿",
    "whole": "全身",
}


def value_words(value: str) -> str:
    """A value as people say it; what is an abbreviation everywhere (CC, FLAIR) stays."""
    name = VALUE_NAMES.get(value)
    return tr(name) if name is not None else value.upper() if value.isascii() and len(value) <= 5 else value


def condition_words(condition: Condition) -> str:
    """One condition in a few words: "direction: sagittal", "thickness at most 2 mm"."""
    name = tr(ATTRIBUTE_NAMES[condition.attribute])
    if condition.relation in ("least", "most"):
        unit = " mm" if condition.attribute == "thickness" else ""
        words = "{name}至少 {value}" if condition.relation == "least" else "{name}至多 {value}"
        return tr(words, name=name, value=f"{condition.values[0]}{unit}")
    values = [f"“{v}”" if condition.attribute == "words" else value_words(v) for v in condition.values]
    joined = tr("或").join(values)
    if condition.relation == "not":
        return tr("{name}不是{values}", name=name, values=joined)
    if condition.attribute == "words":
        return tr("{name}含{values}", name=name, values=joined)
    return tr("{name}：{values}", name=name, values=joined)


def age_words(age: int) -> str:
    """Which study an image set is of."""
    if age == 0:
        return tr("本次检查")
    return tr("上一次检查") if age == 1 else tr("往前第 {n} 次检查", n=age)


def set_words(image_set: ImageSet) -> str:
    """All conditions of an image set, with its age."""
    return tr("，").join((age_words(image_set.age), *(condition_words(one) for one in image_set.conditions)))


def name_of(protocol: Protocol) -> str:
    """The name; those of the software in the language of today."""
    return tr(protocol.name) if protocol.level == "maker" else protocol.name


def set_name(protocol: Protocol, name: str) -> str:
    """The name of an image set or a step of a protocol."""
    return _set_name(name) if protocol.level == "maker" else name


def _set_name(name: str) -> str:
    """Mammography's names are put together of parts: "既往 RCC"."""
    prefix = OF_PRIOR.removesuffix("{name}")
    if name.startswith(prefix) and name.removeprefix(prefix).isascii():
        return tr(OF_PRIOR, name=name.removeprefix(prefix))
    return name if name.isascii() else tr(name)


def why(fit: Fit) -> str:
    """Why this protocol was taken, in words."""
    said = [tr(REASONS[reason]) for reason in fit.reasons if reason in REASONS]
    return tr("、").join(said)
