"""English for every text of the hall display."""

from __future__ import annotations

ENTRIES = {
    "叫号大屏": "Patient calls",
    "正在呼叫": "Now calling",
    "正在连接叫号系统…": "Connecting…",
    "叫号系统暂不可用，请留意工作人员的口头呼叫": "The display is not available: please listen to the staff",
    "暂无候诊患者": "Nobody is waiting",
    "登记后，您的号码会出现在这里。": "Your number appears here once you are registered.",
    "请留意叫号": "Please watch for your number",
    "听到您的号码后，请前往指定的检查室。": "When it is called, please go to the room named.",
    "暂未叫号": "No call yet",
    "刚才呼叫": "Just called",
    "随后呼叫 {count} 位": "{count} more to be called",
    "候诊 {count} 人": "{count} waiting",
    "下一位": "Next",
    "约 {minutes} 分钟": "about {minutes} min",
    "暂停叫号": "Paused",
    "设备故障": "Out of order",
    "已连接": "Connected",
    "正在连接": "Connecting",
    "没有名为“{name}”的大厅，请管理员在“大厅”页建立，或更改 --hall。": (
        "There is no hall “{name}”: create it in administration, or change --hall."
    ),
    "过号": "Passed",
    "无人候诊": "Nobody waiting",
    "连接中断，正在恢复；显示的是 {time} 的信息": "Line lost, coming back; shown as of {time}",
    "连接中断，正在恢复": "Line lost, coming back",
    "语音暂不可用，请看屏幕": "No voice now, please watch the screen",
    "大屏账号或密码不正确，请管理员检查密码文件。": "Account or password is wrong: check the password file.",
    "星期一": "Monday",
    "星期二": "Tuesday",
    "星期三": "Wednesday",
    "星期四": "Thursday",
    "星期五": "Friday",
    "星期六": "Saturday",
    "星期日": "Sunday",
    "找不到密码文件 {path}：请用 --password-file 指定大屏账号的密码文件。": (
        "There is no password file {path}: name the file of the display's account with --password-file."
    ),
    "密码文件 {path} 是空的：请写入大屏账号的密码。": "The password file {path} is empty: write the password into it.",
    "连接字符串无效：{why}": "The connection string is not valid: {why}",
}
