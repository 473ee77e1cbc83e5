"""Cleans free text by keeping only what is known to be harmless: words of anatomy and technique, short numbers."""

from __future__ import annotations

import re

_ENGLISH = frozenset(
    """
    a abdomen abdominal acquisition adc adrenal ankle anterior aorta ap apex arm arterial artery atrial axial axis
    b back bladder body bone bowel brain breast bronchi c calibration carotid cc cerebral cervical chest coil colon
    contrast cor corona coronal coronary cr cranial ct cta ctv d dce deep delay delayed dixon dual dwi dx dynamic
    dti early ecg elbow enhanced epi esophagus exam eye f face fast fat femur fft fgre fiesta finger flair flash flow
    foot forearm frontal fse function gad gradient gre hand head heart helical hip hrct humerus image imaging in
    inspiration iso isotropic iv joint kidney kidneys knee l lao lat lateral left leg liver localizer long low lower
    lumbar lung lungs lymph map mandible mask mediastinum mg min mip mm mpr mr mra mri neck nerve neuro no non
    nasal oblique of on orbit out ovary pa paranasal pancreas pelvic pelvis perfusion pet phase plain plane post
    posterior pre prostate protocol pulmonary r ra rao recon rectum reformat renal rf rib right rotation routine
    s sacrum sag sagittal scan scout se sequence series shoulder sinus skull soft spin spine spiral spleen standard
    sternum stir stomach study surview swi t t1 t1w t2
    t2w tfe thin thick thigh thoracic thorax thyroid tibia tof topogram
    tra trace transverse tse tumor two ultrasound upper ureter uterus
    us v vein venous ventricle view volume w wfs whole
    window with without wo wrist xa xr
    """.split()
)
_CHINESE = tuple(
    sorted(
        """
        头 颅 脑 头颅 头部 颅脑 面部 眼 眼眶 鼻窦 鼻咽 鼻骨 喉 咽 颈 颈部 颈椎 颈动脉 甲状腺 胸 胸部 胸椎 肺
        双肺 肺部 纵隔
        心 心脏 冠状动脉 冠脉 主动脉 腹 腹部 上腹 下腹 全腹 肝 肝脏 胆 胆囊 胰 胰腺 脾 肾 双肾 肾上腺 胃 肠
        结肠 直肠 小肠 盆腔
        骨盆 子宫 卵巢 前列腺 膀胱 输尿管 腰 腰椎 骶椎 尾椎 脊柱 脊髓 肩 肩关节 肘 肘关节 腕 腕关节 手 髋
        髋关节 膝 膝关节 踝
        踝关节 足 股骨 胫骨 腓骨 肱骨 尺骨 桡骨 锁骨 肋骨 胸骨 下颌 乳腺 双乳 上肢 下肢 左 右 双 左侧 右侧
        双侧 正位 侧位 斜位
        正侧位 轴位 冠状位 矢状位 横断位 平扫 增强 动态 延迟 动脉期 静脉期 门脉期 平衡期 薄层 高分辨 低剂量
        螺旋 重建 三维 灌注 弥散
        血管 成像 造影 扫描 检查 定位 定位像 序列 常规 普通 骨窗 肺窗 软组织窗 纵隔窗 脑窗 摄影 透视 超声 彩超
        钼靶 数字 核磁
        磁共振 加权 压脂 水成像 波谱 功能 全身 局部 部 位
        """.split(),
        key=len,
        reverse=True,
    )
)
_WORD = re.compile(r"[A-Za-z]+[0-9]?[A-Za-z]?|[0-9]{1,3}(?:\.[0-9]{1,2})?|[^\W\d_]|.", re.DOTALL)
_LONG_NUMBER = re.compile(r"[0-9][0-9./:-]{3,}")
_SIGNS = frozenset(" +-/,()*%_;:=，、（）")


def clean_text(text: str) -> str:
    """`text` without any word that is not known: names, numbers of more than three digits and dates cannot pass."""
    text = _LONG_NUMBER.sub(" ", text)
    kept: list[str] = []
    position = 0
    while position < len(text):
        known = _chinese_at(text, position)
        if known:
            kept.append(known)
            position += len(known)
            continue
        found = _WORD.match(text, position)
        assert found is not None
        word = found.group()
        position = found.end()
        if word.lower() in _ENGLISH or word in _SIGNS or (word[0].isascii() and word[0].isdigit()):
            kept.append(word)
        else:
            kept.append(" ")
    return " ".join("".join(kept).split()).strip(" +-/,_;:=")


def is_common_word(text: str) -> bool:
    """Whether a word is of anatomy or technique, and therefore names nobody."""
    return text.lower() in _ENGLISH or text in _CHINESE


def _chinese_at(text: str, position: int) -> str:
    if text[position] < "\u4e00":
        return ""
    return next((word for word in _CHINESE if text.startswith(word, position)), "")
