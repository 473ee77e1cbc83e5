"""English of captures: live picture, strip, voice, devices, calibration, and what cameras and microphones say."""

ENTRIES = {
    # live picture and strip
    "实时显示": "Live view",
    "结束显示": "End live view",
    "采集": "Capture",
    "冻结": "Freeze",
    "解除冻结": "Unfreeze",
    "录像": "Record video",
    "停止录像 {time}": "Stop video {time}",
    "停止录音": "Stop recording",
    "暂停": "Pause",
    "继续": "Go on",
    "播放": "Play",
    "正在录音": "Recording",
    "已暂停": "Paused",
    "麦克风已断开，已录的内容都已保存": "Microphone lost; everything recorded is safe",
    "大体": "Gross",
    "显微镜": "Microscope",
    "语音": "Voice",
    "图像": "Pictures",
    "物镜": "Objective",
    "绑定": "Belongs to",
    "整个病例": "Whole case",
    "{count} 项正在上传": "{count} uploading",
    "未定标，只能按像素测量": "Not calibrated: pixels only",
    "未定标": "Not calibrated",
    "采集时定标已过期": "Calibration was out of date",
    "{scale} µm/像素，有效至 {day}": "{scale} µm/px, valid until {day}",
    "定标已过期，请重新定标": "Calibration expired: calibrate again",
    "实时显示已关闭": "Live view is off",
    "打开后在画面上单击左键采集，单击右键结束。": (
        "Switch it on, then click the left button on the picture to capture, the right one to end."
    ),
    "正在打开摄像头…": "Opening the camera…",
    "正在读取…": "Loading…",
    "尚无图像。点“实时显示”后在画面上单击左键采集。": "No pictures yet. Switch live view on and click on it.",
    "设置打印": "Set for printing",
    "取消所有打印": "Cancel all printing",
    "图像置换": "Swap pictures",
    "导出图像": "Export pictures",
    "导入图像": "Import pictures",
    "绑定到标本 / 蜡块 / 玻片": "Assign to the chosen specimen / block / slide",
    "删除数据": "Delete",
    "删除选中的 {count} 项影像或语音？删除后不能恢复。": (
        "Delete the {count} selected pictures or clips? This cannot be undone."
    ),
    "删除": "Delete",
    # a picture large
    "返回": "Back",
    "移动": "Move",
    "长度": "Length",
    "角度": "Angle",
    "面积": "Area",
    "清除测量": "Clear",
    "标尺": "Scale bar",
    "刻度": "Ruler",
    "存为新图": "Keep copy",
    "导出副本": "Export copy",
    "导出到文件夹": "Export to a folder",
    "已导出 {count} 个文件": "{count} files exported",
    "{count} 个文件不是可用的图像，没有导入：{names}": "{count} files are no pictures and were left out: {names}",
    "一次最多导入 {count} 个文件。": "At most {count} files are imported at once.",
    "已存为新图像，原图不变。": "Kept as a new picture; the original is unchanged.",
    "文件写入失败，请检查文件夹权限和磁盘空间。": "The file cannot be written; check the folder and the disk's space.",
    "图像已损坏，不能显示。": "The picture is damaged and cannot be shown.",
    "没有可用的扬声器，听不到录音。": "No loudspeaker: the recording cannot be heard.",
    "有采集没有保存到服务器：{why}": "A capture was not kept on the server: {why}",
    "正在上传，请稍候再打开。": "It is being uploaded; open it in a moment.",
    # devices
    "视频设备选择": "Video device",
    "音频设备选择": "Audio device",
    "图像采集参数": "Capture parameters",
    "图像采集格式": "Capture format",
    "扫描设备选择": "Scanner",
    "用途": "Purpose",
    "视频设备": "Video device",
    "采集格式": "Format",
    "重新查找设备": "Look for devices again",
    "正在查找设备…": "Looking for devices…",
    "脚踏开关的按键": "Key of the foot pedal",
    "点此后踩一下脚踏": "Click here, then press the pedal",
    "脚踏开关与键盘一样发送按键：点输入框后踩一下即可。下次打开影像编辑时生效。": (
        "A foot pedal sends a key as a keyboard does: click the field and press the pedal. "
        "It works from the next time the imaging page is opened."
    ),
    "请先打开实时显示：能调节的项目由摄像头决定。": "Switch live view on first: the camera decides what can be set.",
    "自动": "automatic",
    "文件类型": "File type",
    "压缩质量": "Quality",
    "当前画面": "Live picture",
    "PNG（无损）": "PNG (lossless)",
    "图像为 8 位真彩色。JPEG 95 与原图看不出差别，文件约为无损的四分之一。分辨率在“视频设备选择”中设置。": (
        "Pictures have 8 bits a colour. JPEG 95 cannot be told from the original by eye and takes about a quarter of "
        "the lossless file. The resolution is chosen under “Video device”."
    ),
    "音频设备": "Audio device",
    "系统默认": "System default",
    "试音": "Try it",
    "结束试音": "End trial",
    "录音为 16 kHz 单声道，无损压缩（FLAC），一分钟约 1 MB。": (
        "Recordings are 16 kHz mono, compressed without loss (FLAC): about 1 MB a minute."
    ),
    "扫描设备": "Scanner",
    "扫描文件夹": "Scan folder",
    "选择文件夹": "Choose folder",
    "未设置": "Not set",
    "正在扫描…": "Scanning…",
    "没有列出的扫描仪：让它自带的程序把文件存到扫描文件夹；“扫描录入”取最近 15 分钟的文件。": (
        "A scanner that is not listed: let its own program write into the scan folder; “Scan” takes the files of the "
        "last 15 minutes."
    ),
    "扫描仪中没有纸，请放好后重试。": "There is no paper in the scanner; put it in and try again.",
    "没有找到扫描设备。可在“扫描设备选择”中设置扫描文件夹，扫描仪的程序把文件存到该文件夹即可。": (
        "No scanner was found. Set a scan folder under “Scanner” and let the scanner's program write into it."
    ),
    "扫描没有完成，请检查扫描仪后重试。": "The scan did not finish; check the scanner and try again.",
    "扫描文件夹中没有新的文件，请先在扫描仪上扫描。": "The scan folder holds no new file; scan at the scanner first.",
    "扫描文件夹中的文件打不开，请检查后重试。": "A file in the scan folder cannot be opened; check it and try again.",
    # calibration
    "测量定标": "Calibration",
    "摄像头": "Camera",
    "µm/像素": "µm/px",
    "定标人": "By",
    "日期": "Days",
    "定标日期": "Made",
    "有效至": "Valid until",
    "状态": "State",
    "取当前画面": "Take the live picture",
    "保存定标": "Save calibration",
    "停用所选": "Withdraw selected",
    "请在标尺上画线": "Draw a line on the scale",
    "标尺上的长度（µm）": "True length (µm)",
    "画线的长度": "Length of the line",
    "结果": "Result",
    "有效天数": "Valid for (days)",
    "已停用或已更新": "Withdrawn or replaced",
    "已过期": "Expired",
    "使用中": "in use",
    "定标已保存，有效至 {day}。": "Calibration saved, valid until {day}.",
    # what may go wrong
    "没有画面，请先打开实时显示。": "There is no picture; switch live view on first.",
    "请先打开病例，再采集影像。": "Open a case first, then capture.",
    "病例已审核，不能再添加影像或语音；如需添加请先取消审核。": (
        "The case is audited and takes no more pictures or voice; take the audit back first."
    ),
    "本机磁盘写入失败，本次采集没有保存；请检查磁盘空间后重新采集。": (
        "This computer's disk refused: the capture was not kept. Check its space and capture again."
    ),
    "录像写入本机磁盘失败，已停止；此前的内容已保存。": (
        "This computer's disk refused: the video was stopped. What came before is safe."
    ),
    "录像已达到长度上限，已停止并保存；需要时请再录一段。": (
        "The video has reached its limit and was stopped and kept; record another one if needed."
    ),
    "本机保存的采集文件已损坏，不能上传；请重新采集。": (
        "The capture's file on this computer is damaged and cannot be uploaded; capture again."
    ),
    "本机磁盘读写失败，请检查磁盘空间。": "This computer's disk cannot be read or written; check its space.",
    "灰度 {mean} ± {deviation}": "Grey {mean} ± {deviation}",
}
