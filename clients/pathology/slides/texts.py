"""English of whole slides."""

ENTRIES = {
    "所属切片": "Slide",
    "阅片": "Read",
    "等待转换": "Waiting",
    "正在转换": "Converting",
    "可以阅片": "Ready",
    "转换失败": "Failed",
    "切片号": "Slide no.",
    "像素尺寸": "Pixels",
    "物镜与分辨率": "Objective, scale",
    "导入时间": "Imported",
    "导入人": "Imported by",
    "切片文件": "File",
    "重新转换": "Convert again",
    "由文件给出": "as the file says",
    "每像素的微米数；仅当文件没有说明时填写（40 倍一般为 0.25，20 倍为 0.5）": (
        "Micrometres per pixel, only where the file does not say (0.25 for 40×, 0.5 for 20× as a rule)"
    ),
    "保留标签和全貌图": "Keep label and overview",
    "标签上可能有患者姓名": "The label may show the patient's name",
    "导入数字切片…": "Import a slide file…",
    "正在上传（MB）…": "Uploading (MB)…",
    "还没有数字切片": "No whole slides yet",
    "选择切片，然后导入扫描仪的文件；多个文件的格式请先压缩成 zip。": (
        "Choose the slide, then import the scanner's file; pack formats of several files into a zip."
    ),
    "选择扫描仪的切片文件": "Choose the scanner's file",
    "已上传 {name}，正在转换。": "{name} is uploaded and being converted.",
    "无法读取文件 {name}，请检查文件和磁盘。": "The file {name} cannot be read; check it and the disk.",
}
