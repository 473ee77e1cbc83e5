"""English of the tag browser."""

from __future__ import annotations

CATALOGUE = {
    "元信息": "Meta information",
    "查看当前图像的 DICOM 标签": "DICOM tags of the shown image",
    "查找标签、名称或值": "Find a tag, name or value",
    "标出与相邻图像的不同": "Mark differences to the neighbouring image",
    "标签": "Tag",
    "名称": "Name",
    "值": "Value",
    "复制选中": "Copy selected",
    "第 {n} 项": "Item {n}",
    "{n} 项": "{n} items",
    "私有": "Private",
    "视口中没有图像": "There is no image in the viewport",
    "这幅图像是重建得到的，没有 DICOM 文件；请切换到原始图像": (
        "This image was computed and has no DICOM file; go back to the original images"
    ),
}
