"""English of live cameras: controls, hints, what may go wrong."""

ENTRIES = {
    "画面太暗，请增加光源或曝光。": "Too dark: more light or exposure.",
    "画面过曝，请减小光源或曝光。": "Too bright: less light or exposure.",
    "请调焦：画面不够清晰。": "Focus: the picture is not sharp.",
    "摄像头已断开，请检查连接线；接好后画面自动恢复。": (
        "The camera was lost; check its cable. The picture comes back by itself."
    ),
    "没有找到摄像头，请检查连接线；文字工作不受影响。": (
        "No camera was found; check its cable. Texts can be worked on meanwhile."
    ),
    "亮度": "Brightness",
    "对比度": "Contrast",
    "饱和度": "Saturation",
    "色调": "Hue",
    "伽马": "Gamma",
    "锐度": "Sharpness",
    "曝光": "Exposure",
    "白平衡": "White balance",
    "增益": "Gain",
    "对焦": "Focus",
    "画面已冻结": "Frozen",
    "清晰度": "Focus",
}
