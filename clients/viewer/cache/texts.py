"""English of the cache's texts."""

from __future__ import annotations

CATALOGUE: dict[str, str] = {
    "启用缓存": "Keep images on this computer",
    "清除缓存": "Delete kept images",
    "加载全序列影像": "Load all series in full",
    "在本机加密保存看过的影像，再次打开时无需等待": (
        "Images that were opened stay on this computer, encrypted, and open at once the next time"
    ),
    "关闭后只加载正在显示的序列": "When off, only the series on screen are loaded",
    "缓存已清除，释放 {size} MB": "Kept images were deleted; {size} MB are free again",
    "正在清除缓存…": "Deleting kept images…",
}
