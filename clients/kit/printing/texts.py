# ruff: noqa: E501 - a table: one entry a line
"""English of everything around printing: printers, queue, scanners."""

from __future__ import annotations

ENTRIES: dict[str, str] = {
    # documents
    "检查条码": "Exam barcode",
    "腕带": "Wristband",
    "排队小票": "Queue ticket",
    "登记单": "Registration form",
    "转诊单": "Referral form",
    "申请单": "Application",
    "测试页": "Test page",
    # troubles
    "打印头已打开，请合上。": "The print head is open. Close it.",
    "缺纸，请装入标签纸。": "Out of labels. Put in a new roll.",
    "碳带用尽，请更换。": "The ribbon is used up. Replace it.",
    "打印机已暂停，请按打印机上的暂停键恢复。": "The printer is paused. Press its pause key.",
    "打印机缓冲区已满，请稍候。": "The printer's memory is full. Wait a moment.",
    "找不到打印机的地址，请检查打印机设置。": "The printer's address is unknown. Check the printer settings.",
    "打印机拒绝连接，请检查打印机是否开机、端口是否正确。": (
        "The printer refuses the connection. Check that it is on and the port is right."
    ),
    "打印机没有响应，请检查电源和网线。": "The printer does not answer. Check power and network cable.",
    "与打印机的连接中断，请检查电源和网线。": "The connection to the printer broke. Check power and network cable.",
    "打印机名称不正确，请检查打印机设置。": "The printer's name is wrong. Check the printer settings.",
    "这台电脑没有安装打印系统（CUPS），请联系管理员。": "This computer has no print system (CUPS). Ask the administrator.",
    "打印系统没有响应，请稍后再试。": "The print system does not answer. Try again later.",
    "打印队列不可用，请检查打印机设置。": "The print queue is not available. Check the printer settings.",
    "打印队列不可用，请检查打印机名称和共享权限。": (
        "The print queue is not available. Check its name and the rights to the share."
    ),
    "打印队列不接受打印任务，请联系管理员。": "The print queue takes no jobs. Ask the administrator.",
    "打印任务写入失败，请检查打印机。": "The job could not be written. Check the printer.",
    "这台电脑没有 Windows 打印系统。": "This computer has no Windows print system.",
    "这台打印机不能打印这种文件，请检查打印机设置。": "This printer cannot print this file. Check the printer settings.",
    "文件夹不能写入，请检查打印机设置中的文件夹。": "The folder cannot be written. Check it in the printer settings.",
    "标签打印机只能打印标签，请为此文档选择普通打印机。": (
        "A label printer prints labels only. Choose an ordinary printer for this document."
    ),
    "这台电脑上没有这台打印机，请检查打印机设置。": "This computer does not have that printer. Check the printer settings.",
    "文档已损坏，请重新打印。": "The document is damaged. Print it again.",
    "打印机不可用，请检查打印机是否开机。": "The printer is not available. Check that it is on.",
    "等待打印的任务过多，请先处理打印队列。": "Too many prints are waiting. Look after the print queue first.",
    "前面的任务正在等待这台打印机。": "Earlier prints wait for this printer.",
    # what became of it
    "{what}已送往打印机 {printer}。": "{what}: sent to the printer {printer}.",
    "未设置打印机，{what}已保存到 {path}。": "No printer is set up. {what}: saved to {path}.",
    "{what}未打印：{why}已排队，恢复后自动打印。": "{what} not printed: {why} It waits and prints by itself later.",
    # set-up
    "打印机设置": "Printers of this desk",
    "文档": "Document",
    "打印到": "Print to",
    "不打印，保存为文件": "None: save as a file",
    "普通打印机（驱动）": "Ordinary printer (driver)",
    "标签打印机（系统队列）": "Label printer (system queue)",
    "标签打印机（网络地址）": "Label printer (network address)",
    "打印机": "Printer",
    "地址": "Address",
    "端口": "Port",
    "打印语言": "Language",
    "分辨率": "Resolution",
    "份数": "Copies",
    "右移": "Move right",
    "下移": "Move down",
    "浓度": "Darkness",
    "0–30，留空用打印机自己的设置": "0 to 30; empty leaves the printer's own",
    "例如 192.168.1.20": "e.g. 192.168.1.20",
    "文件夹": "Folder",
    "没有打印机时文件保存在这里；留空为默认文件夹。": "For files when there is no printer; empty for the usual one.",
    "这台电脑上没有找到打印机，请先在系统中安装打印机。": "This computer has no printer. Install one first.",
    "测试打印": "Print a test page",
    "打印队列": "Print queue",
    "没有等待打印的任务。": "Nothing waits to be printed.",
    "全部重试": "Try all again",
    "重试": "Try again",
    "取消打印": "Give up",
    "{what} → {printer}": "{what} → {printer}",
    "{what} → 文件": "{what} → file",
    "已试 {count} 次": "tried {count} times",
    "扫描枪": "Scanner",
    "前缀": "Prefix",
    "后缀": "Suffix",
    "扫描枪加在条码前后的字符；留空为没有。": "Characters that the scanner adds; empty for none.",
    "字符间隔": "Gap between characters",
    "慢速扫描枪可调大，最多 200 毫秒。": "Raise it for a slow scanner, 200 ms at most.",
}
