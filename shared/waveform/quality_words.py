"""What a finding of the quality gate says at the bedside: what is wrong and what to do, in Chinese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.waveform.quality import Fault, Severity

if TYPE_CHECKING:
    from shared.waveform.quality import Finding

# fault: (what is wrong, what to do) in Chinese, then in English. {leads} {value} {limit} {detail} are filled in.
_WORDS: dict[Fault, tuple[str, str, str, str]] = {
    Fault.TOO_SHORT: (
        "记录只有 {value} 秒",
        "请重新采集至少 10 秒",
        "the record is only {value} s long",
        "record again, 10 s or more",
    ),
    Fault.LOW_RATE: (
        "采样率只有 {value} Hz",
        "请在心电图机上把采样率设为 500 Hz 后重新采集",
        "the sampling rate is only {value} Hz",
        "set the cart to 500 Hz and record again",
    ),
    Fault.MISSING_LEADS: (
        "只有 {value} 个标准导联，缺少 {leads}",
        "请检查导联线和十二导联设置，接好全部电极后重新采集",
        "only {value} standard leads, {leads} missing",
        "check the cable and the 12-lead setting, attach all electrodes and record again",
    ),
    Fault.LEAD_OFF: (
        "{leads} 没有心电信号",
        "电极{detail}可能脱落：请清洁皮肤，重新贴好电极并检查夹子后再采集",
        "{leads} carry no ECG",
        "electrode {detail} may be off: clean the skin, attach it again, check the clip and record again",
    ),
    Fault.FLAT: (
        "{leads} 有 {value} 秒为直线",
        "请检查电极和导联线的连接后重新采集",
        "{leads} are flat for {value} s",
        "check electrodes and cable and record again",
    ),
    Fault.CLIPPED: (
        "{leads} 信号饱和削顶",
        "请擦干皮肤、换新电极，等基线稳定或降低增益后重新采集",
        "{leads} are clipped",
        "dry the skin, use new electrodes, wait for a steady baseline or lower the gain, then record again",
    ),
    Fault.MAINS: (
        "{leads} 有交流电干扰（{value} µV）",
        "请拔掉附近电器和充电器、检查接地和右腿电极，再重新采集",
        "mains interference in {leads} ({value} µV)",
        "unplug devices nearby, check the earth and the right-leg electrode, record again",
    ),
    Fault.MUSCLE: (
        "{leads} 有肌电干扰（{value} µV）",
        "请让患者放松、保暖、双手放平，片刻后重新采集",
        "muscle noise in {leads} ({value} µV)",
        "let the patient relax and keep warm, arms at rest, then record again",
    ),
    Fault.MOTION: (
        "{leads} 各心搏之间差别过大，有运动伪差（{value} µV）",
        "请让患者不要动、不要说话，检查电极是否贴牢，再重新采集",
        "movement in {leads}: the beats differ by {value} µV",
        "ask the patient to lie still and not to talk, check that electrodes hold, record again",
    ),
    Fault.WANDER: (
        "{leads} 基线漂移（{value} µV）",
        "请让患者平静呼吸，清洁皮肤、贴牢电极、理顺导联线后重新采集",
        "the baseline of {leads} wanders by {value} µV",
        "let the patient breathe quietly, clean the skin, fix electrodes and cable, record again",
    ),
    Fault.LIMB_SWAP: (
        "肢体导联可能接反：{detail}",
        "请核对右臂红、左臂黄、左腿绿、右腿黑，改正后重新采集",
        "limb electrodes may be exchanged: {detail}",
        "check right arm, left arm, left leg and right leg, correct them and record again",
    ),
    Fault.CHEST_SWAP: (
        "胸导联可能接错：{detail}",
        "请按 V1–V6 的位置逐一核对胸电极，改正后重新采集",
        "chest electrodes may be exchanged: {detail}",
        "check the places of V1 to V6 one by one, correct them and record again",
    ),
    Fault.LIMB_LAW: (
        "肢体导联互相矛盾（Ⅲ 不等于 Ⅱ − Ⅰ）",
        "请检查导联线和设备的导联名称设置，再重新采集",
        "the limb leads contradict each other (III is not II − I)",
        "check the cable and the lead names of the device, record again",
    ),
    Fault.NO_BEATS: (
        "找不到心搏",
        "请立即查看患者；若患者无碍，检查电极后重新采集",
        "no heart beats found",
        "look at the patient at once; if the patient is well, check the electrodes and record again",
    ),
    Fault.GAINS: (
        "文件中各导联的增益互相矛盾，电压值和电轴不可靠",
        "请检查设备的导出设置；波形可以阅读",
        "the gains in the file contradict each other: amplitudes and axes are not reliable",
        "check how the device exports; the traces can be read",
    ),
}


def sentence(finding: Finding, language: str = "zh") -> str:
    """One sentence: what is wrong, and what to do before the patient leaves. ``language`` is ``zh`` or ``en``."""
    wrong_zh, do_zh, wrong_en, do_en = _WORDS[finding.fault]
    chinese = language.startswith("zh")
    facts = {
        "leads": ("、" if chinese else ", ").join(finding.leads),
        "value": f"{finding.value:g}",
        "limit": f"{finding.limit:g}",
        "detail": finding.detail.replace("-", " ↔ ") if finding.fault in _EXCHANGES else finding.detail,
    }
    if finding.fault in _EXCHANGES and finding.severity == Severity.WARN:  # seen against the last record
        wrong_zh, wrong_en = f"与上次心电图比较，{wrong_zh}", f"compared with the last record, {wrong_en}"
    if chinese:
        return f"{wrong_zh}。{do_zh}。".format(**facts)
    text = f"{wrong_en}: {do_en}.".format(**facts).replace("  ", " ")
    return text[0].upper() + text[1:]


_EXCHANGES = {Fault.LIMB_SWAP, Fault.CHEST_SWAP}
