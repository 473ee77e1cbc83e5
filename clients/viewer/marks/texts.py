"""English of the texts of marks."""

from __future__ import annotations

CATALOGUE = {
    "Cobb 角": "Cobb angle",
    "智能画笔": "Smart brush",
    "曲线": "Curve",
    "箭头": "Arrow",
    "文本": "Text",
    "橡皮擦": "Eraser",
    "标注列表": "List of marks",
    "列表": "List",
    "画笔": "Brush",
    "橡皮": "Eraser",
    "先画第一条线，再画第二条线": "Draw the first line, then the second",
    "按住左键涂抹，区域按灰度生长；在选中区域内起笔即扩大，按住 Alt 缩小": (
        "Paint with the left button held; the region grows by grey value. A stroke that begins inside the selected"
        " region enlarges it, with Alt it takes away"
    ),
    "按住左键画任意线": "Draw any line with the left button held",
    "按住左键从尾画到头": "Draw from tail to head with the left button held",
    "单击要写字的地方；单击输入框外保存": "Click where to write; a click outside of the box saves",
    "单击标注即删除": "A click on a mark deletes it",
    "选中视口的全部测量和标注": "All measurements and annotations of the selected viewport",
    "删除选中的标注": "Delete the selected mark",
    "输入文字，单击框外保存": "Write, then click outside",
    "重建平面": "Reconstruction",
    "图像 {n}": "Image {n}",
    "重命名": "Rename",
    "删除": "Delete",
    "选中的视口还没有测量和标注。\n用“测量”或“标注”中的工具画在图像上，它们会列在这里。": (
        "The selected viewport has no measurements and annotations yet.\n"
        "Draw on the image with a tool of “Measure” or “Annotate”; what you draw is listed here."
    ),
    "颜色": "Colour",
    "字号": "Font size",
    "画笔大小": "Size of the brush",
    "标准": "Standard",
    "青色": "Cyan",
    "黄色": "Yellow",
    "绿色": "Green",
    "橙色": "Orange",
    "红色": "Red",
    "品红": "Magenta",
    "蓝色": "Blue",
    "白色": "White",
    "小": "Small",
    "中": "Medium",
    "大": "Large",
    "标注未能保存：{why}　已记在本机，稍后再试": "Marks were not saved: {why} They are kept here and tried again",
    "标注已恢复：上次没有来得及保存的 {n} 项": "Marks restored: {n} that were not saved the last time",
    "标注无法记在本机：{why}　请检查磁盘空间": "Marks cannot be kept on this computer: {why} Check the disk's space",
    "按已知长度校准…": "Calibrate by a known length…",
    "按已知长度校准": "Calibrate by a known length",
    "先画一段已知长度并选中它，再输入它的实际毫米数": "Draw a known length, select it, tell its millimetres",
    "这段长度实际是多少毫米？": "How many millimetres has this length?",
    "请先画一段已知长度，并选中它": "Draw a known length first and select it",
    "这幅图像的毫米数来自设备，是患者体内的真实尺寸，不需要校准": (
        "The millimetres of this image come from the device and are true in the patient: nothing to calibrate"
    ),
    "校准": "Calibrate",
    "导出标注…": "Export marks…",
    "把标注存成 DICOM 文件（GSPS 与 SR）": "Save marks as DICOM files (GSPS and SR)",
    "标注已存到 {folder}：{n} 个文件": "The marks are in {folder}: {n} files",
    "没有可导出的标注": "There are no marks to export",
    "选择文件夹": "Choose a folder",
}
