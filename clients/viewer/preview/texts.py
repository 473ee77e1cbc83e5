"""English of the preview of a series."""

from __future__ import annotations

CATALOGUE = {
    "关闭": "Close",
    "原始": "Original",
    "横断面": "Axial",
    "冠状面": "Coronal",
    "矢状面": "Sagittal",
    "正在计算{name}…": "Computing {name}…",
    "正在载入…": "Loading…",
    "这幅图像无法显示：{why}": "This image cannot be shown: {why}",
}
