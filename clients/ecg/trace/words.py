"""The scale in words, as it always stands below the paper (ECG-ZOOM-04), and the legend of an overlay. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.kit.translations import tr

if TYPE_CHECKING:
    from clients.ecg.trace.model import TraceModel


def scale_words(model: TraceModel) -> str:
    """``25 mm/s · 10 mm/mV · 滤波 0.05–150 Hz`` and what else must be known to read the picture."""
    choices, view, scene = model.choices, model.view, model.scene()
    gain = model.gain()
    automatic = tr("（自动）") if choices.gain is None else ""
    parts = [f"{choices.speed:g} mm/s", f"{gain:g} mm/mV{automatic}"]
    if view.is_true:
        parts.append(tr("实际大小"))
    else:
        shown = f"{choices.speed * view.zoom:.3g} mm/s, {gain * view.zoom:.3g} mm/mV"
        parts.append(tr("{percent}%（屏上 {shown}）", percent=f"{view.zoom * 100:.0f}", shown=shown))
    if choices.filters is None:
        parts.append(tr("滤波：无"))
    elif model.filtered or scene is None:
        parts.append(tr("滤波 {words}", words=choices.filters.words()))
    elif model.filter_failed:
        parts.append(tr("⚠ 滤波无法计算，按原始波形显示"))
    else:
        parts.append(tr("滤波计算中…"))
    if scene is not None and (scene.width - view.left) * view.per_mm > view.width + 2 * view.per_mm:
        parts.append(tr("未全部显示，F 适合窗口"))
    if scene is not None and scene.cut:
        parts.append(tr("⚠ {leads} 超出行距，可用自动增益", leads=" ".join(scene.cut)))
    return " · ".join(parts)


def overlay_words(model: TraceModel) -> str:
    """Whose trace lies below, empty without one."""
    if model.other is None:
        return ""
    if model.other.median is None:
        return tr("对比记录没有可对齐的心搏")
    return tr("叠加：{name}（平均心搏，按R对齐）", name=model.other_name or tr("既往心电图"))
