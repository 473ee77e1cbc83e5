"""English of the self-service printer."""

from __future__ import annotations

ENTRIES = {
    "请扫描条码打印报告": "Scan your barcode to print reports",
    "把小票、登记单或腕带上的条码对准扫描口": "Hold the code on your ticket, form or wristband to the scanner",
    "请输入证件号码或手机号码的后四位": "Last four characters of your identity or phone number",
    "为保护您的隐私，请按登记时留的号码输入": "To protect your privacy: the number that you gave at registration",
    "请输入四位。": "Please type four characters.",
    "请稍候，或到窗口领取报告。": "Please wait, or fetch your report at the counter.",
    "自助打印暂停服务": "Printing is out of service",
    "请到窗口领取报告；恢复后本机会自动继续。": "Please go to the counter. This screen comes back by itself.",
    "正在打印第 {number} 份，共 {count} 份": "Printing report {number} of {count}",
    "请不要离开，稍后取走报告": "Please stay and take your reports",
    "打印机没有出纸": "The printer gave no paper",
    "可能缺纸或卡纸，请联系工作人员处理后按“重试”。": (
        "It may be out of paper: please call the staff, then press Retry."
    ),
    "已打印 {count} 份报告": "Reports printed: {count}",
    "请取走报告，带好随身物品。": "Please take your reports and your belongings.",
    "报告还没有完成": "The report is not ready yet",
    "医生审核后才能打印，请稍后再来。": "It can be printed after the doctor's approval: please come back later.",
    "没有可打印的报告": "There is no report to print",
    "已打印过的报告，请到窗口办理补打。": "Reports printed before are reprinted at the counter.",
    "与登记的号码不符，还可以试 {count} 次。": "This does not fit the registration. Tries left: {count}.",
    "输入错误次数过多": "Too many wrong tries",
    "请 {minutes} 分钟后再试，或到窗口领取。": "Please try again in {minutes} min, or go to the counter.",
    "这不是登记条码": "This is no barcode of ours",
    "请扫描小票、登记单或腕带上的条码，或到窗口领取。": (
        "Scan the code on your ticket, form or wristband, or go to the counter."
    ),
    "打印没有完成": "Printing was not finished",
    "请重新扫描条码，或到窗口领取。": "Please scan your code again, or go to the counter.",
    "已经打印过": "printed already",
    "已达打印份数上限，请到窗口办理": "no more copies here: please go to the counter",
    "已过自助打印期限，请到窗口办理": "too old for this machine: please go to the counter",
    "请到窗口办理": "please go to the counter",
}
