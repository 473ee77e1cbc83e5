"""English of the settings."""

from __future__ import annotations

from shared.domain.permissions import PATHOLOGY_WORDS


def _short(words: str) -> str:
    bare = words.removeprefix("Pathology: ")
    return bare[:1].upper() + bare[1:]


ENTRIES = {
    # in this workstation nobody needs to be told that a right is one of pathology; 病例库设置 is the menu's word
    **{zh: _short(en) for zh, en in PATHOLOGY_WORDS.values() if zh != "病例库设置"},
    # parameters
    "登录与列表": "Log-in and lists",
    "自动注销时间": "Automatic log-off",
    "诊断列表天数": "Days in the diagnosis list",
    "列表刷新间隔": "Lists refresh every",
    "0 表示关闭": "0: off",
    "0 表示全部": "0: all",
    "0 表示只随变化刷新": "0: only on changes",
    "秒": "s",
    "分钟": "min",
    "{days} 天": "{days} days",
    "登记与医院系统": "Registration and hospital system",
    "默认送检单位": "Usual sending unit",
    "日期默认当天": "Dates begin with today",
    "送检日期和收到日期": "Sent and received",
    "提取时默认号码": "Fetch by, at first",
    "报告时限（收到至审核，0 为不限）": "Report targets (receipt to audit, 0: none)",
    "提醒与冰冻时限": "Warning and frozen sections",
    "到期提醒": "Warn from",
    "占时限的比例": "share of the target",
    "冰冻时限": "Frozen target",
    "科室规定": "Department's",
    "国家标准": "National",
    "国家标准：单份": "National: single",
    "国家标准：排队": "National: queued",
    "报告规则": "Rules of reports",
    "审核前必填": "Required before the audit",
    "编码": "Code",
    "结构化报告": "Synoptic checklist",
    "肿瘤须填结构化报告": "Tumours want their checklist",
    "诊断中出现相应肿瘤时": "when the diagnosis names one",
    "初诊与审核可为一人": "First opinion and audit by one",
    "报告最多图像数": "Most images of a report",
    "幅": "images",
    "未指定报告格式时": "where no format was chosen",
    "未审核可打印": "Print before the audit",
    "带“未审核”水印": "with a DRAFT watermark",
    "模板多选连接符": "Join of multiple choices",
    "本机": "This computer",
    "图像文件夹": "Folder of pictures",
    "导入、导出图像时先打开这个文件夹；只影响这台电脑。": (
        "Import and export of pictures begin in this folder; on this computer alone."
    ),
    "运行参数已保存，各工作站即时生效。": "Parameters stored; every workstation follows at once.",
    # libraries
    "病例库": "Library",
    "进入权限": "Who may enter",
    "病例库设置影响编号和全部工作站，随意改动可能使系统无法使用。请确认无误后再保存。": (
        "Libraries decide numbering and every workstation; careless changes can make the system unusable. "
        "Be sure before you save."
    ),
    "类型": "Type",
    "病理号示例": "Number looks like",
    "病理号示例：{number}": "Number looks like: {number}",
    "还没有病例库": "There is no library yet",
    "新建病例库": "New library",
    "修改病例库": "Library",
    "保存病例库设置": "Save the library",
    "病例库已保存。": "Library stored.",
    "英文名称": "English name",
    "标本保存天数": "Keep specimens",
    "单片流程": "Single-piece flow",
    "双人取材": "Two at grossing",
    "取材医生和记录人须为两人": "grosser and recorder differ",
    "扫描蜡块后才打印其切片": "labels only after the block's scan",
    "停用后不能登录，病例仍可查询": "off: no log-in, cases stay",
    "编码规则": "Numbering",
    "编号前缀": "Prefix",
    "流水号位数": "Digits of the serial",
    "流水号重置": "Serial begins again",
    "可进入的病例库": "Libraries",
    "没有病理科的用户": "Nobody of the department",
    "都不勾选表示全部": "None ticked: all",
    "请选择用户": "Choose a user",
    "进入权限已保存，下次登录时生效。": "Stored; it counts from the next log-in.",
    "{name}（{login}）": "{name} ({login})",
    # quick entry
    "可选栏目": "Fields",
    "快速登记的栏目": "Asked for",
    "移除": "Remove",
    "“快速登记”只显示右侧的栏目，按从上到下的顺序；姓名始终显示。": (
        "Quick registration asks only for the fields at the right, from top to bottom; the name is always asked for."
    ),
    "快速录入栏目已保存。": "Fields of quick registration stored.",
    # printers
    "用途": "Purpose",
    "保存为文件": "Saved as file",
    "浓度": "Darkness",
    "份数": "Copies",
    "例如 192.168.1.20": "e.g. 192.168.1.20",
    "只影响这台电脑；每项改动立即生效。": "On this computer alone; every change counts at once.",
    # users
    "用户代码或姓名": "Code or name",
    "显示停用用户": "With deactivated",
    "没有用户": "No users",
    "在下方添加。": "Add one below.",
    "添加用户": "Add user",
    "用户类型": "User type",
    "授予默认权限": "With its rights",
    "新用户的初始密码为 {password}，首次登录必须修改。": (
        "New users begin with the password {password} and must change it at the first log-in."
    ),
    "勾选即授予，取消即收回；从该用户的下一次操作起生效。": (
        "A tick grants, taking it off revokes; it counts from the user's next action."
    ),
    "管理员拥有全部权限，不能在这里更改。": "Administrators may do everything; nothing is changed here.",
    "登记与取材": "Registration and grossing",
    "制片": "Preparation",
    "诊断与报告": "Diagnosis and reports",
    "归档与统计": "Archive and statistics",
    "管理": "Management",
    "按用户类型": "As the type has it",
    "恢复为该用户类型的默认权限": "The rights of the user's type again",
    "重置密码": "Reset password",
    "删除用户": "Delete user",
    "恢复使用": "Reactivate",
    "已停用": "Deactivated",
    "全部权限": "All rights",
    "初始密码": "Initial password",
    "管理员": "Administrator",
    "用户已添加。": "User added.",
    "用户已停用；其签名和记录不变。": "User deactivated; what was signed stays as it is.",
    "用户已恢复使用。": "User reactivated.",
    "密码已重置为初始密码，首次登录必须修改。": "Initial password set; it must be changed at the next log-in.",
    "“{name}”将不能再登录。已签名的报告和记录保留其姓名。确定要删除吗？": (
        "{name} can no longer log in. Signed reports and records keep the name. Delete the user?"
    ),
    "“{name}”的密码将重置为初始密码，已登录的工作站会退出。": (
        "The password of {name} becomes the initial one; open workstations are logged off."
    ),
    "报告格式的修改没有保存，没有生效。": "The changes of the format were not saved and do not count.",
    "这个名称或代码已被使用，请换一个。": "This name or code is taken; choose another.",
    # columns
    "列表": "Lists",
    "显示的列": "Columns shown",
    "病理号等固定列始终显示。": "Fixed columns such as the case number are always shown.",
    "设为科室默认": "Make it the department's",
    "列已保存，下次打开该列表时生效。": "Columns stored; the list shows them when it opens next.",
    "已设为科室默认；没有自选过列的用户都会看到。": (
        "Now the department's default; everybody who chose no columns of their own sees it."
    ),
    "没有这个用户类型，请从列表中选择。": "There is no such user type. Choose one of the list.",
}
