"""English of the thin line: the status strip's words and the list of what waits."""

ENTRIES = {
    "本机保存的心电记录已损坏，不能上传；请重新采集。": (
        "The ECG kept on this computer is damaged and cannot be sent; record again."
    ),
    "服务器连接中断，恢复后自动上传。": "No connection to the server; it goes out by itself when it is back.",
    "本机磁盘读写失败，请检查磁盘空间。": "This computer's disk cannot be read or written; check its space.",
    "心电上传：无排队": "ECG upload: nothing waits",
    "心电排队 {count} 份": "{count} ECGs wait",
    "心电排队 {count} 份，剩余约 {left}": "{count} ECGs wait, about {left} left",
    "心电排队 {count} 份，线路中断": "{count} ECGs wait, line down",
    "{count} 份心电图需要处理": "{count} ECGs need attention",
    "原始文件 {count} 个待传": "{count} original files to follow",
    "{count} 秒": "{count} s",
    "{count} 分钟": "{count} min",
    "{count} 小时": "{count} h",
    "心电上传队列": "ECG upload queue",
    "立即重传": "Send now",
    "没有等待上传的心电图": "No ECG waits to be sent",
    "所有心电图都已保存在服务器。": "The server has every ECG.",
    "患者": "Patient",
    "保存时间": "Kept at",
    "大小": "Size",
    "状态": "State",
    "等待上传": "Waiting",
    "原始文件": "Original file",
    "加急": "Urgent",
}
