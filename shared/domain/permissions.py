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
    REMOTE_LEAD = "remote_lead"  # 远程会诊管理: teams, limits, what others asked for
    # pathology (PA-USER-09); words in PATHOLOGY_WORDS
    PATHOLOGY_VIEW = "pathology_view"  # every account of the pathology department: lists, cases, trails
    PATHOLOGY_LIBRARIES = "pathology_libraries"  # the administrator's only
    PATHOLOGY_REGISTER = "pathology_register"
    PATHOLOGY_OPEN_OTHERS = "pathology_open_others"
    PATHOLOGY_CAPTURE = "pathology_capture"
    PATHOLOGY_GROSS = "pathology_gross"
    PATHOLOGY_DELETE_BLOCKS = "pathology_delete_blocks"
    PATHOLOGY_VERIFY = "pathology_verify"
    PATHOLOGY_EMBED = "pathology_embed"
    PATHOLOGY_SECTION = "pathology_section"
    PATHOLOGY_UNDO = "pathology_undo"  # what somebody else confirmed
    PATHOLOGY_EXECUTE_ORDERS = "pathology_execute_orders"
    PATHOLOGY_MANUAL_SLIDES = "pathology_manual_slides"
    PATHOLOGY_PRINT_LABELS = "pathology_print_labels"
    PATHOLOGY_DIAGNOSE = "pathology_diagnose"  # every diagnostician: orders, naming doctors, grading, follow-up
    PATHOLOGY_FIRST = "pathology_first"
    PATHOLOGY_CHIEF = "pathology_chief"
    PATHOLOGY_SECOND = "pathology_second"
    PATHOLOGY_FROZEN = "pathology_frozen"
    PATHOLOGY_SUPPLEMENT = "pathology_supplement"
    PATHOLOGY_CONSULT = "pathology_consult"
    PATHOLOGY_AUDIT = "pathology_audit"
    PATHOLOGY_REVISE = "pathology_revise"  # change audited reports
    PATHOLOGY_DELAY = "pathology_delay"
    PATHOLOGY_PRINT = "pathology_print"
    PATHOLOGY_SEND = "pathology_send"
    PATHOLOGY_DELETE_CASES = "pathology_delete_cases"
    PATHOLOGY_TRANSFER = "pathology_transfer"
    PATHOLOGY_IMPORT = "pathology_import"
    PATHOLOGY_EXPORT = "pathology_export"
    PATHOLOGY_TEMPLATES = "pathology_templates"
    PATHOLOGY_DICTIONARIES = "pathology_dictionaries"
    PATHOLOGY_FORMATS = "pathology_formats"
    PATHOLOGY_SETTINGS = "pathology_settings"
    PATHOLOGY_ARCHIVE = "pathology_archive"
    PATHOLOGY_LEND = "pathology_lend"
    PATHOLOGY_STATISTICS = "pathology_statistics"
    PATHOLOGY_CHARGES = "pathology_charges"
    # the ECG network; words in ECG_WORDS
    ECG_VIEW = "ecg_view"  # every account of the ECG network: lists, exams, traces, reports
    ECG_REGISTER = "ecg_register"
    ECG_ACQUIRE = "ecg_acquire"
    ECG_MATCH = "ecg_match"  # orphan traces
    ECG_REPORT = "ecg_report"  # draft and submit
    ECG_AUDIT = "ecg_audit"  # the second reading
    ECG_WITHDRAW = "ecg_withdraw"  # reports of others
    ECG_PRINT = "ecg_print"
    ECG_EXPORT = "ecg_export"
    ECG_APPLY_CONSULTATION = "ecg_apply_consultation"
    ECG_ACCEPT_CONSULTATION = "ecg_accept_consultation"
    ECG_LEAD_CONSULTATION = "ecg_lead_consultation"  # the head: acceptances of others, teams
    ECG_TERMS = "ecg_terms"
    ECG_TEMPLATES = "ecg_templates"
    ECG_DEVICES = "ecg_devices"
    ECG_LINES = "ecg_lines"
    ECG_CRITICAL = "ecg_critical"  # acknowledge critical ECGs
    ECG_SETTINGS = "ecg_settings"
    ECG_STATISTICS = "ecg_statistics"


PATHOLOGY_WORDS: dict[Permission, tuple[str, str]] = {
    Permission.PATHOLOGY_VIEW: ("病理查看", "Pathology: view"),
    Permission.PATHOLOGY_LIBRARIES: ("病例库设置", "Pathology: libraries"),
    Permission.PATHOLOGY_REGISTER: ("病理登记", "Pathology: register"),
    Permission.PATHOLOGY_OPEN_OTHERS: ("打开他人病例", "Pathology: open others' cases"),
    Permission.PATHOLOGY_CAPTURE: ("病理影像采集", "Pathology: capture"),
    Permission.PATHOLOGY_GROSS: ("病理取材", "Pathology: gross"),
    Permission.PATHOLOGY_DELETE_BLOCKS: ("删除取材记录", "Pathology: delete grossing rows"),
    Permission.PATHOLOGY_VERIFY: ("材块核对", "Verify pieces"),
    Permission.PATHOLOGY_EMBED: ("包埋确认", "Confirm embedding"),
    Permission.PATHOLOGY_SECTION: ("切片确认", "Confirm sections"),
    Permission.PATHOLOGY_UNDO: ("撤销他人制片确认", "Pathology: undo confirmations"),
    Permission.PATHOLOGY_EXECUTE_ORDERS: ("医嘱执行", "Execute order"),
    Permission.PATHOLOGY_MANUAL_SLIDES: ("手工录入切片信息", "Manual slide entry"),
    Permission.PATHOLOGY_PRINT_LABELS: ("病理条码打印", "Pathology: print barcodes and labels"),
    Permission.PATHOLOGY_DIAGNOSE: ("病理诊断工作", "Pathology: diagnostic work"),
    Permission.PATHOLOGY_FIRST: ("书写初诊意见", "Pathology: first opinion"),
    Permission.PATHOLOGY_CHIEF: ("书写主诊意见", "Pathology: chief opinion"),
    Permission.PATHOLOGY_SECOND: ("书写复诊意见", "Pathology: second opinion"),
    Permission.PATHOLOGY_FROZEN: ("书写冰冻报告", "Pathology: frozen report"),
    Permission.PATHOLOGY_SUPPLEMENT: ("书写补充报告", "Pathology: supplementary report"),
    Permission.PATHOLOGY_CONSULT: ("书写会诊意见", "Pathology: consultation opinion"),
    Permission.PATHOLOGY_AUDIT: ("病理报告审核", "Pathology: audit"),
    Permission.PATHOLOGY_REVISE: ("修改已审核病理报告", "Pathology: change audited reports"),
    Permission.PATHOLOGY_DELAY: ("病理报告延期", "Pathology: delay reports"),
    Permission.PATHOLOGY_PRINT: ("病理报告打印", "Pathology: print reports"),
    Permission.PATHOLOGY_SEND: ("病理报告发送", "Pathology: send reports"),
    Permission.PATHOLOGY_DELETE_CASES: ("删除病理病例", "Pathology: delete cases"),
    Permission.PATHOLOGY_TRANSFER: ("病理病例转存", "Pathology: transfer cases"),
    Permission.PATHOLOGY_IMPORT: ("病理病例导入", "Pathology: import cases"),
    Permission.PATHOLOGY_EXPORT: ("病理病例导出", "Pathology: export cases"),
    Permission.PATHOLOGY_TEMPLATES: ("病理模板维护", "Pathology: templates"),
    Permission.PATHOLOGY_DICTIONARIES: ("病理字典维护", "Pathology: dictionaries"),
    Permission.PATHOLOGY_FORMATS: ("病理报告格式", "Pathology: report formats"),
    Permission.PATHOLOGY_SETTINGS: ("病理系统设置", "Pathology: settings"),
    Permission.PATHOLOGY_ARCHIVE: ("病理归档", "Pathology: archive"),
    Permission.PATHOLOGY_LEND: ("病理借阅归还", "Pathology: lend and return"),
    Permission.PATHOLOGY_STATISTICS: ("病理统计", "Pathology: statistics"),
    Permission.PATHOLOGY_CHARGES: ("病理收费", "Pathology: charges"),
}
"""The rights of pathology → Chinese and English word, for every screen on which rights are ticked."""

ECG_WORDS: dict[Permission, tuple[str, str]] = {
    Permission.ECG_VIEW: ("心电查看", "ECG: view"),
    Permission.ECG_REGISTER: ("心电登记", "ECG: register"),
    Permission.ECG_ACQUIRE: ("心电采集", "ECG: acquire"),
    Permission.ECG_MATCH: ("未匹配心电图处理", "ECG: match orphan traces"),
    Permission.ECG_REPORT: ("书写心电报告", "ECG: report"),
    Permission.ECG_AUDIT: ("审核心电报告", "ECG: audit"),
    Permission.ECG_WITHDRAW: ("撤回心电报告", "ECG: withdraw others' reports"),
    Permission.ECG_PRINT: ("打印心电报告", "ECG: print"),
    Permission.ECG_EXPORT: ("导出心电图", "ECG: export"),
    Permission.ECG_APPLY_CONSULTATION: ("申请心电会诊", "ECG: apply for consultation"),
    Permission.ECG_ACCEPT_CONSULTATION: ("受理心电会诊", "ECG: accept consultation"),
    Permission.ECG_LEAD_CONSULTATION: ("管理心电会诊", "ECG: lead consultations"),
    Permission.ECG_TERMS: ("心电术语维护", "ECG: terms"),
    Permission.ECG_TEMPLATES: ("心电报告模板", "ECG: report templates"),
    Permission.ECG_DEVICES: ("心电设备管理", "ECG: devices"),
    Permission.ECG_LINES: ("心电线路管理", "ECG: lines"),
    Permission.ECG_CRITICAL: ("心电危急值处理", "ECG: critical values"),
    Permission.ECG_SETTINGS: ("心电系统设置", "ECG: settings"),
    Permission.ECG_STATISTICS: ("心电统计", "ECG: statistics"),
}
"""The rights of the ECG network → Chinese and English word."""


_EVERYBODY = frozenset({Permission.SIGNED_IN, Permission.OWN_ACCOUNT, Permission.ANYONE})

_PATHOLOGY = _EVERYBODY | {Permission.PATHOLOGY_VIEW, Permission.PATHOLOGY_OPEN_OTHERS}
_PATHOLOGY_BENCH = _PATHOLOGY | {
    Permission.PATHOLOGY_REGISTER,
    Permission.PATHOLOGY_CAPTURE,
    Permission.PATHOLOGY_GROSS,
    Permission.PATHOLOGY_PRINT_LABELS,
}
_PATHOLOGIST = _PATHOLOGY | {
    Permission.VIEW_IMAGES,
    Permission.PATHOLOGY_REGISTER,
    Permission.PATHOLOGY_CAPTURE,
    Permission.PATHOLOGY_PRINT_LABELS,
    Permission.PATHOLOGY_DIAGNOSE,
    Permission.PATHOLOGY_CONSULT,
    Permission.PATHOLOGY_DELAY,
    Permission.PATHOLOGY_PRINT,
    Permission.PATHOLOGY_EXPORT,
}

_ECG = _EVERYBODY | {Permission.ECG_VIEW, Permission.ECG_PRINT}
_ECG_READER = _ECG | {
    Permission.VIEW_IMAGES,
    Permission.ECG_REGISTER,
    Permission.ECG_ACQUIRE,
    Permission.ECG_REPORT,
    Permission.ECG_EXPORT,
    Permission.ECG_CRITICAL,
}

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
        Permission.REMOTE_LEAD,
    },
    # Nor a ward, which is outside the department: it answers its critical values and opens no report.
    "ward": frozenset({Permission.ANYONE, Permission.OWN_ACCOUNT, Permission.CRITICAL_VALUES}),
    "trustee": _EVERYBODY | {Permission.REIDENTIFY},
    "archivist": _EVERYBODY
    | {Permission.VIEW_IMAGES, Permission.MATCH_IMAGES, Permission.DELETE_IMAGES}
    | {Permission.IMPORT_IMAGES, Permission.EXPORT_IMAGES},
    "hospital_system": _EVERYBODY | {Permission.SUBMIT_APPLICATION},
    # pathology (PA-USER-10)
    "pathology_registrar": _PATHOLOGY
    | {Permission.PATHOLOGY_REGISTER, Permission.PATHOLOGY_PRINT_LABELS, Permission.PATHOLOGY_PRINT}
    | {Permission.PATHOLOGY_CHARGES, Permission.PATHOLOGY_CAPTURE},
    "pathology_grosser": _PATHOLOGY_BENCH | {Permission.PATHOLOGY_DELETE_BLOCKS, Permission.PATHOLOGY_TEMPLATES},
    "pathology_recorder": _PATHOLOGY_BENCH,
    "pathology_technician": _PATHOLOGY
    | {
        Permission.PATHOLOGY_VERIFY,
        Permission.PATHOLOGY_EMBED,
        Permission.PATHOLOGY_SECTION,
        Permission.PATHOLOGY_EXECUTE_ORDERS,
        Permission.PATHOLOGY_MANUAL_SLIDES,
        Permission.PATHOLOGY_PRINT_LABELS,
        Permission.PATHOLOGY_CHARGES,
    },
    "pathology_first": _PATHOLOGIST | {Permission.PATHOLOGY_FIRST, Permission.PATHOLOGY_GROSS},
    "pathology_chief": _PATHOLOGIST
    | {
        Permission.PATHOLOGY_GROSS,
        Permission.PATHOLOGY_FIRST,
        Permission.PATHOLOGY_CHIEF,
        Permission.PATHOLOGY_FROZEN,
        Permission.PATHOLOGY_SUPPLEMENT,
        Permission.PATHOLOGY_TEMPLATES,
        Permission.PATHOLOGY_STATISTICS,
    },
    "pathology_second": _PATHOLOGIST
    | {Permission.PATHOLOGY_FIRST, Permission.PATHOLOGY_SECOND, Permission.PATHOLOGY_SUPPLEMENT},
    "pathology_auditor": _PATHOLOGIST
    | {
        Permission.PATHOLOGY_FIRST,
        Permission.PATHOLOGY_CHIEF,
        Permission.PATHOLOGY_SECOND,
        Permission.PATHOLOGY_FROZEN,
        Permission.PATHOLOGY_SUPPLEMENT,
        Permission.PATHOLOGY_AUDIT,
        Permission.PATHOLOGY_REVISE,
        Permission.PATHOLOGY_SEND,
        Permission.PATHOLOGY_TEMPLATES,
        Permission.PATHOLOGY_STATISTICS,
    },
    "pathology_archivist": _PATHOLOGY
    | {Permission.PATHOLOGY_ARCHIVE, Permission.PATHOLOGY_LEND, Permission.PATHOLOGY_PRINT_LABELS},
    "pathology_admin": _EVERYBODY
    | {one for one in PATHOLOGY_WORDS if one is not Permission.PATHOLOGY_LIBRARIES}
    | {Permission.VIEW_IMAGES},
    # the ECG network
    "ecg_registrar": _ECG | {Permission.ECG_REGISTER},
    "ecg_operator": _ECG
    | {Permission.ECG_REGISTER, Permission.ECG_ACQUIRE, Permission.ECG_APPLY_CONSULTATION, Permission.ECG_CRITICAL},
    "ecg_doctor": _ECG_READER | {Permission.ECG_APPLY_CONSULTATION, Permission.ECG_MATCH},
    "ecg_consultant": _ECG_READER | {Permission.ECG_ACCEPT_CONSULTATION, Permission.ECG_MATCH, Permission.ECG_AUDIT},
    "ecg_head": _ECG_READER
    | {
        Permission.ECG_APPLY_CONSULTATION,
        Permission.ECG_ACCEPT_CONSULTATION,
        Permission.ECG_LEAD_CONSULTATION,
        Permission.ECG_AUDIT,
        Permission.ECG_WITHDRAW,
        Permission.ECG_MATCH,
        Permission.ECG_TERMS,
        Permission.ECG_TEMPLATES,
        Permission.ECG_STATISTICS,
    },
    "ecg_admin": _EVERYBODY | frozenset(ECG_WORDS) | {Permission.VIEW_IMAGES},
    "administrator": frozenset(Permission),
}
"""Role name → permissions. 登记员, 技师, 大屏, 自助机, 报告医生, 审核医生, 病区, 数据受托人, 影像管理员, 医院信息系统;
病理登记员, 取材医师, 取材记录人, 病理技术员, 初诊医师, 主诊医师, 复诊医师, 病理审核医师, 病理档案管理员,
病理管理员; 心电登记员, 心电采集员, 心电医生, 心电会诊医生, 心电主任, 心电管理员; 管理员."""
