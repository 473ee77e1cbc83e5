"""Permissions that requests declare and the router enforces; roles are named sets of them."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """One right. ANYONE needs no session, SIGNED_IN that of a workstation of the department."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    OWN_ACCOUNT = "own_account"  # change the own password, log out
    REGISTER = "register"  # 登记
    CALL = "call"  # 叫号
    DISPLAY = "display"  # 叫号大屏
    CHECK_IN = "check_in"  # 自助签到
    SELF_PRINT = "self_print"  # 自助打印报告
    REPORT = "report"  # 报告权限
    FINAL_AUDIT = "final_audit"  # 终审权限
    VIEW_IMAGES = "view_images"  # 查看影像
    PRINT_REPORT = "print_report"  # 打印报告
    MATCH_IMAGES = "match_images"  # 影像匹配
    IMPORT_IMAGES = "import_images"  # 影像导入
    EXPORT_IMAGES = "export_images"  # 影像导出
    REIDENTIFY = "reidentify"  # 去标识还原
    CORRECT_IMAGES = "correct_images"  # 影像更正: identity, moving, rejecting
    DELETE_IMAGES = "delete_images"  # 影像删除: recycle bin, legal holds
    SUBMIT_APPLICATION = "submit_application"  # HIS: 申请单
    ADMINISTER = "administer"  # 系统管理
    READ_AUDIT = "read_audit"  # 审计
    CRITICAL_VALUES = "critical_values"  # 危急值: see and acknowledge
    STATISTICS = "statistics"  # 统计


_EVERYBODY = frozenset({Permission.SIGNED_IN, Permission.OWN_ACCOUNT, Permission.ANYONE})

ROLES: dict[str, frozenset[Permission]] = {
    "clerk": _EVERYBODY
    | {
        Permission.REGISTER,
        Permission.VIEW_IMAGES,
        Permission.PRINT_REPORT,
        Permission.IMPORT_IMAGES,
        Permission.EXPORT_IMAGES,
    },
    "technician": _EVERYBODY
    | {
        Permission.CALL,
        Permission.VIEW_IMAGES,
        Permission.MATCH_IMAGES,
        Permission.IMPORT_IMAGES,
        Permission.EXPORT_IMAGES,
    },
    "display": _EVERYBODY | {Permission.DISPLAY},
    # Not even SIGNED_IN, which lets workstations look patients up: a kiosk stands where everybody can reach it.
    "kiosk": frozenset({Permission.ANYONE, Permission.CHECK_IN, Permission.SELF_PRINT}),
    "doctor": _EVERYBODY
    | {Permission.REPORT, Permission.VIEW_IMAGES, Permission.PRINT_REPORT, Permission.EXPORT_IMAGES}
    | {Permission.CRITICAL_VALUES},
    "auditor": _EVERYBODY
    | {
        Permission.REPORT,
        Permission.FINAL_AUDIT,
        Permission.VIEW_IMAGES,
        Permission.PRINT_REPORT,
        Permission.MATCH_IMAGES,
        Permission.CORRECT_IMAGES,
        Permission.IMPORT_IMAGES,
        Permission.EXPORT_IMAGES,
        Permission.CRITICAL_VALUES,
        Permission.STATISTICS,
    },
    # Nor a ward, which is outside the department: it answers its critical values and opens no report.
    "ward": frozenset({Permission.ANYONE, Permission.OWN_ACCOUNT, Permission.CRITICAL_VALUES}),
    "trustee": _EVERYBODY | {Permission.REIDENTIFY},
    "archivist": _EVERYBODY
    | {Permission.VIEW_IMAGES, Permission.MATCH_IMAGES, Permission.DELETE_IMAGES}
    | {Permission.IMPORT_IMAGES, Permission.EXPORT_IMAGES},
    "hospital_system": _EVERYBODY | {Permission.SUBMIT_APPLICATION},
    "administrator": frozenset(Permission),
}
"""Role name → permissions. 登记员, 技师, 大屏, 自助机, 报告医生, 审核医生, 病区, 数据受托人, 影像管理员, 医院信息系统,
管理员."""
