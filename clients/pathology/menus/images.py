"""影像管理 and 图像分析."""

from __future__ import annotations

from clients.pathology.menus.entry import IN_ANALYSIS, IN_MEDIA, Entry, Menu, Needs
from shared.domain.permissions import Permission as May

IMAGING = Menu(
    "imaging",
    "影像管理",
    (
        Entry("imaging.video_device", "视频设备选择", IN_MEDIA + "choose_camera", icon="camera"),
        Entry("imaging.audio_device", "音频设备选择", IN_MEDIA + "choose_microphone", icon="microphone"),
        Entry("imaging.parameters", "图像采集参数", IN_MEDIA + "capture_parameters", icon="gear"),
        Entry("imaging.format", "图像采集格式", IN_MEDIA + "capture_format", icon="image"),
        Entry(
            "imaging.live",
            "实时显示",
            IN_MEDIA + "live",
            "F6",
            "play",
            May.PATHOLOGY_CAPTURE,
            Needs.OPEN,
            checkable=True,
            line=True,
        ),
        Entry("imaging.capture", "单帧采集", IN_MEDIA + "capture", "F7", "camera", May.PATHOLOGY_CAPTURE, Needs.OPEN),
        Entry(
            "imaging.video",
            "视频录像",
            IN_MEDIA + "record_video",
            "",
            "dot",
            May.PATHOLOGY_CAPTURE,
            Needs.OPEN,
            checkable=True,
        ),
        Entry(
            "imaging.voice",
            "语音录入",
            IN_MEDIA + "record_voice",
            "F8",
            "microphone",
            May.PATHOLOGY_CAPTURE,
            Needs.OPEN,
            checkable=True,
            line=True,
        ),
        Entry("imaging.stop_voice", "停止语音录入", IN_MEDIA + "stop_voice", icon="stop", needs=Needs.OPEN),
        Entry(
            "imaging.delete",
            "删除数据",
            IN_MEDIA + "delete",
            icon="clear",
            permission=May.PATHOLOGY_CAPTURE,
            needs=Needs.OPEN,
        ),
        Entry("imaging.scanner", "扫描设备选择", IN_MEDIA + "choose_scanner", icon="scan", line=True),
        Entry("imaging.scan", "扫描录入", IN_MEDIA + "scan_document", icon="scan", needs=Needs.OPEN),
    ),
)
ANALYSIS = Menu(
    "analysis",
    "图像分析",
    (
        Entry("analysis.tones", "亮度 / 对比度 / 伽马", IN_ANALYSIS + "tones", icon="sun", needs=Needs.OPEN),
        Entry("analysis.colours", "色彩平衡", IN_ANALYSIS + "colour_balance", icon="image", needs=Needs.OPEN),
        Entry("analysis.grey", "灰度", IN_ANALYSIS + "greyscale", icon="image", needs=Needs.OPEN),
        Entry("analysis.invert", "反相", IN_ANALYSIS + "invert", icon="half_circle", needs=Needs.OPEN),
        Entry("analysis.sharpen", "锐化", IN_ANALYSIS + "sharpen", icon="spark", needs=Needs.OPEN, line=True),
        Entry("analysis.smooth", "平滑", IN_ANALYSIS + "smooth", icon="circle", needs=Needs.OPEN),
        Entry("analysis.edges", "边缘检测", IN_ANALYSIS + "edges", icon="layout", needs=Needs.OPEN),
        Entry("analysis.threshold", "阈值分割", IN_ANALYSIS + "threshold", icon="filter", needs=Needs.OPEN),
        Entry("analysis.rotate", "旋转", IN_ANALYSIS + "rotate", icon="refresh", needs=Needs.OPEN, line=True),
        Entry("analysis.flip", "翻转", IN_ANALYSIS + "flip", icon="sort", needs=Needs.OPEN),
        Entry("analysis.crop", "裁剪", IN_ANALYSIS + "crop", icon="fullscreen", needs=Needs.OPEN),
        Entry("analysis.zoom", "缩放", IN_ANALYSIS + "zoom", icon="zoom", needs=Needs.OPEN),
        Entry("analysis.annotate", "文字与箭头标注", IN_ANALYSIS + "annotate", icon="text", needs=Needs.OPEN),
        Entry("analysis.measure", "测量", IN_ANALYSIS + "measure", icon="measure", needs=Needs.OPEN, line=True),
        Entry("analysis.count", "细胞计数与阳性率", IN_ANALYSIS + "count_cells", icon="dot", needs=Needs.OPEN),
        Entry("analysis.mosaic", "图像拼接", IN_ANALYSIS + "mosaic", icon="grid", needs=Needs.OPEN),
        Entry("analysis.compare", "图像对比", IN_ANALYSIS + "compare", icon="compare", needs=Needs.OPEN),
    ),
)
