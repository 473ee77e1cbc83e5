"""English of the texts of capture."""

from __future__ import annotations

CATALOGUE = {
    "保存图片": "Save",
    "截图": "Capture",
    "拖出选框，可移动和缩放；双击取整个视口": (
        "Drag a frame, move and resize it; a double click takes the whole viewport"
    ),
    "文字": "Texts",
    "患者信息": "Patient",
    "保存…": "Save…",
    "复制": "Copy",
    "已保存 {path}": "Saved {path}",
    "无法写入 {path}，请换一个位置": "{path} cannot be written; choose another place",
    "截图已复制": "The picture was copied",
    "截图已送入报告": "The picture was sent to the report",
}
