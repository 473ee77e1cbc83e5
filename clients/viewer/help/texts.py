"""English of the help page."""

from __future__ import annotations

CATALOGUE = {
    "帮助与注意事项": "Help and precautions",
    "注意事项": "Precautions",
    "本软件不能代替受过培训、了解其局限的专业人员的技能和判断。": (
        "This software does not replace the skill and judgement of trained staff who know its limits."
    ),
    "结果是相对的：取决于源数据的质量和使用者的操作。": (
        "Results are relative: they depend on the quality of the source data and on what the user does to it."
    ),
    "临床决策不得仅依据这些结果；它们不是计划、实施或评估手术的唯一依据。": (
        "A clinical decision must not rest on these results alone; they are not the only ground for planning, doing "
        "or assessing surgery."
    ),
    "数据必须是完整的 DICOM 数据集；影像或信息缺失时，结果不可靠。": (
        "Data must be complete DICOM sets; with images or information missing the result is unreliable."
    ),
    "阅片和融合不提供异常解剖、结构或功能的自动检测和自动诊断；智能助手是独立的，并有明显标记。": (
        "The viewer and its fusion offer no automatic detection and no automatic diagnosis of abnormal anatomy, "
        "structure or function; assistants are separate and marked."
    ),
    "工作站应远离强电磁辐射环境。": "Keep workstations away from strong electromagnetic fields.",
    "网络或服务器故障后，可以退出并重新登录。": ("After a network or server failure you may leave and log in again."),
    "只在不低于下列最低配置的软硬件上运行。": "Run only on at least the hardware and software below.",
    "故障持续存在时，请联系售后服务人员。": "Report a fault that persists to support.",
    "禁忌症：无。": "Contraindications: none.",
    "本机与最低配置": "This computer and the minimum",
    "售后服务": "Support",
    "填写联系人和电话": "Enter name and telephone",
    "版本 {version}": "Version {version}",
    "知道了": "Understood",
    "项目": "Item",
    "最低配置": "Minimum",
    "本机": "This computer",
    "低于最低配置": "below the minimum",
    "未知": "unknown",
    "处理器": "Processor",
    "{ghz} GHz，{n} 核": "{ghz} GHz, {n} cores",
    "，": ", ",
    "机械硬盘": "(not solid state)",
    "三维由显卡绘制": "volumes are drawn by the graphics card",
    "三维由处理器绘制": "volumes are drawn by the processor",
    "{n} 核": "{n} cores",
    "内存": "Memory",
    "硬盘": "Disk",
    "显示器": "Screen",
    "显存": "Graphics memory",
    "网络": "Network",
    "请人工核对": "check by hand",
    "操作系统": "System",
    "64 位 Windows 10 专业版或 64 位 Linux": "Windows 10 Professional or Linux, 64 bits",
    "这台电脑低于最低配置：{what}": "This computer is below the minimum: {what}",
    "、": ", ",
}
