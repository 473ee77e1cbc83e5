"""English of image processing."""

ENTRIES = {
    "图像分析": "Image analysis",
    "亮度 / 对比度 / 伽马": "Brightness / contrast / gamma",
    "色彩平衡": "Colour balance",
    "灰度": "Greyscale",
    "反相": "Invert",
    "锐化": "Sharpen",
    "平滑": "Smooth",
    "边缘检测": "Edge detection",
    "阈值分割": "Threshold",
    "旋转": "Rotate",
    "翻转": "Flip",
    "裁剪": "Crop",
    "缩放": "Zoom",
    "文字与箭头标注": "Text and arrows",
    "红": "Red",
    "绿": "Green",
    "蓝": "Blue",
    "强度": "Amount",
    "半径（像素）": "Radius (px)",
    "下限": "Lower",
    "上限": "Upper",
    "阈值（0 为自动）": "Level (0: automatic)",
    "百分比": "Per cent",
    "0 左右，1 上下": "0 sideways, 1 upside",
    "应用": "Apply",
    "撤销上一步": "Undo last step",
    "步骤": "Steps",
    "标注文字": "Words",
    "在图像上从一角拖到另一角，再点“应用”。": "Drag on the picture from corner to corner, then Apply.",
    "在图像上拖出箭头（指向终点），可写文字，再点“应用”。": (
        "Drag an arrow on the picture (it points to the end), add words if you like, then Apply."
    ),
    "请先在图像上从一角拖到另一角。": "Drag on the picture first.",
    "还没有应用任何步骤。": "No step has been applied yet.",
    "图像处理没有完成，请重试。": "The picture could not be processed; try again.",
    "选框太小或在图像之外，请重新选择。": "The frame is too small or outside the picture; draw it again.",
    "缩放后的图像太大或太小，请换一个倍数。": "The result would be too large or too small; take another factor.",
    "请先在缩略窗口中选择一幅图像。": "Choose a picture in the strip first.",
    "图像已损坏，不能显示。": "The picture is damaged and cannot be shown.",
    # counting
    "细胞核直径不合适，请改为实际大小。": "The diameter of nuclei does not fit; give their real size.",
    "计数区域太小，请重新画。": "The region is too small; draw it again.",
    "细胞核太多，请缩小计数区域或改正细胞核直径。": (
        "Too many nuclei: draw a smaller region or correct the diameter of nuclei."
    ),
    "计数没有完成，请重试。": "The count was not finished; try again.",
    "{marker}：计数 {total} 个细胞核，阳性 {positive} 个，阳性率 {rate:.1f}%，H-score {score}。": (
        "{marker}: {total} nuclei counted, {positive} positive, {rate:.1f} %, H-score {score}."
    ),
    "阴性": "Negative",
    "自动计数": "Count",
    "正在计数…": "Counting…",
    "画计数区域": "Draw region",
    "整幅图像": "Whole picture",
    "清除标记": "Clear marks",
    "复制结果文字": "Copy as words",
    "存为带标记的图": "Keep a picture with marks",
    "删除计数": "Delete count",
    "核对并保存": "Checked: save",
    "标记物": "Marker",
    "细胞核总数": "Nuclei",
    "阳性": "Positive",
    "阳性率": "Positive rate",
    "计数面积": "Area",
    "密度": "Density",
    "细胞核直径": "Nuclei",
    "灵敏度": "Sensitivity",
    "1+ 起（DAB）": "1+ from (DAB)",
    "2+ 起": "2+ from",
    "3+ 起": "3+ from",
    "染色": "Stain",
    "核着色": "Nuclear",
    "膜或浆着色": "Membrane",
    "改正：左键点空处加标记，点标记换级别，右键删除；0–3 键换级别。": (
        "Correct: a click adds a mark or grades one anew, a right click takes one away; keys 0 to 3 choose the grade."
    ),
    "自动计数只是建议：请核对并用鼠标改正，再保存。": (
        "This is a suggestion: check it, correct it with the mouse, then save."
    ),
    "计数区域已改变，请重新自动计数或改正标记。": "The region changed: count again or correct the marks.",
    "结果文字已复制，可粘贴到报告。": "The figures were copied as words for the report.",
    "计数已保存": "Count stored",
    "已由 {name} 核对并改正。": "Checked and corrected by {name}.",
    "已由 {name} 核对，未作改动。": "Checked by {name}, nothing changed.",
    # mosaics, comparison
    "请选择 2 到 36 幅图像。": "Choose 2 to 36 pictures.",
    "这些图像没有重叠的部分，不能拼接。相邻视野应重叠约四分之一。": (
        "These pictures have nothing in common. Neighbouring fields should overlap by about a quarter."
    ),
    "拼接后的图像太大，请减少图像。": "The result would be too large; choose fewer pictures.",
    "正在拼接 {count} 幅图像…": "Joining {count} pictures…",
    "{count} 幅图像，{width} × {height} 像素，接缝误差 {residual:.1f} 像素": (
        "{count} pictures, {width} × {height} pixels, joints within {residual:.1f} pixels"
    ),
    "第 {numbers} 幅与其他图像没有重叠，没有拼入。": "Picture {numbers} overlaps none of the others and was left out.",
    "请按住 Ctrl 在缩略窗口中选择 {least} 到 {most} 幅图像。": (
        "Choose {least} to {most} pictures in the strip, holding Ctrl."
    ),
    "这些图像的倍数不同，不能拼接。": "These pictures have different scales and cannot be joined.",
    "联动缩放和移动": "Linked zoom and place",
    "相同比例尺": "Same scale",
    "适合窗口": "Fit",
    "按实际大小（µm）联动": "Linked by micrometres",
    "有图像未定标，按图像比例联动": "Not all are calibrated: linked by shares of the picture",
    "图 {number}": "Picture {number}",
}
