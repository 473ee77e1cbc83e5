"""Names of kinds, colours, dictionaries and permissions of the master data; knows no Qt."""

from __future__ import annotations

from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.master import MasterAction, MasterChange, MasterChoice, MasterKind, PlanAction
from shared.contract.organisation import Dictionary, MarkColour
from shared.domain.permissions import PATHOLOGY_WORDS, Permission
from shared.domain.states import PatientType

KINDS = {
    MasterKind.CAMPUS: "院区",
    MasterKind.DEPARTMENT: "科室",
    MasterKind.ROOM: "检查室",
    MasterKind.DEVICE: "设备",
    MasterKind.EXAM_TYPE: "检查类型",
    MasterKind.BODY_PART: "检查部位",
    MasterKind.EXAM_ITEM: "检查项目",
    MasterKind.PATIENT_TYPE: "患者类型",
    MasterKind.WORD: "常用词",
    MasterKind.STAFF: "人员",
    MasterKind.ROLE: "角色",
    MasterKind.CRITICAL_VALUE: "危急值",
    MasterKind.DUTY: "值班表",
}

ACTIVE = {
    True: StateLook("启用", Tone.SUCCESS, "check_circle"),
    False: StateLook("停用", Tone.NEUTRAL, "minus"),
}

COLOURS = {
    MarkColour.RED: StateLook("红", Tone.DANGER, "dot"),
    MarkColour.ORANGE: StateLook("橙", Tone.WARNING, "dot"),
    MarkColour.BLUE: StateLook("蓝", Tone.INFO, "dot"),
    MarkColour.CYAN: StateLook("青", Tone.ACTIVE, "dot"),
    MarkColour.GREEN: StateLook("绿", Tone.SUCCESS, "dot"),
    MarkColour.GREY: StateLook("灰", Tone.NEUTRAL, "dot"),
}

PRIORITIES = {PatientType.EMERGENCY: "急诊", PatientType.VIP: "优先", PatientType.ORDINARY: "普通"}

DICTIONARIES = {
    Dictionary.REQUESTING_DOCTOR: "请检医生",
    Dictionary.DIAGNOSIS: "临床诊断",
    Dictionary.PURPOSE: "检查目的",
    Dictionary.HISTORY: "病史摘要",
    Dictionary.SIGNS: "患者体征",
    Dictionary.CANCEL_REASON: "取消原因",
    Dictionary.RETURN_REASON: "退回理由",
}

PERMISSIONS = {
    Permission.REGISTER: "登记",
    Permission.CALL: "叫号",
    Permission.DISPLAY: "叫号大屏",
    Permission.CHECK_IN: "自助签到",
    Permission.SELF_PRINT: "自助打印报告",
    Permission.REPORT: "书写报告",
    Permission.FINAL_AUDIT: "终审",
    Permission.VIEW_IMAGES: "查看影像",
    Permission.PRINT_REPORT: "打印报告",
    Permission.MATCH_IMAGES: "影像匹配",
    Permission.IMPORT_IMAGES: "影像导入",
    Permission.EXPORT_IMAGES: "影像导出",
    Permission.REIDENTIFY: "去标识还原",
    Permission.CORRECT_IMAGES: "影像更正",
    Permission.DELETE_IMAGES: "影像删除",
    Permission.SUBMIT_APPLICATION: "提交申请单",
    Permission.ADMINISTER: "系统管理",
    Permission.READ_AUDIT: "查看审计",
    Permission.CRITICAL_VALUES: "危急值",
    Permission.STATISTICS: "统计",
    Permission.REMOTE_LEAD: "管理远程会诊",
    **{one: words[0] for one, words in PATHOLOGY_WORDS.items()},
}
_EVERYBODY = (Permission.ANYONE, Permission.SIGNED_IN, Permission.OWN_ACCOUNT)

CHANGES = {
    MasterAction.ADDED: "新建",
    MasterAction.CHANGED: "修改",
    MasterAction.ACTIVATED: "启用",
    MasterAction.DEACTIVATED: "停用",
    MasterAction.MOVED: "调整次序",
    MasterAction.PASSWORD: "重设密码",
}

PLAN_LOOKS = {
    PlanAction.ADD: StateLook("新增", Tone.SUCCESS, "add"),
    PlanAction.CHANGE: StateLook("修改", Tone.INFO, "edit"),
    PlanAction.SAME: StateLook("不变", Tone.NEUTRAL, "minus", quiet=True),
    PlanAction.REFUSE: StateLook("不能导入", Tone.DANGER, "cross_circle"),
}


def permissions() -> dict[Permission, str]:
    """Every permission that a role may have, with its name (Chinese source)."""
    return {one: PERMISSIONS.get(one, one.value) for one in Permission if one not in _EVERYBODY}


def choice_name(choice: MasterChoice) -> str:
    """What a row that may be named is called in the language of the moment."""
    return choice.name_en or choice.name if language() is Language.ENGLISH else choice.name


def change_words(change: MasterChange) -> str:
    """What a change did, in words: 名称：CT 一室 → CT 1 室."""
    word = tr(CHANGES[change.action])
    if change.action is MasterAction.ADDED:
        return word
    parts = [
        tr("{field}：{before} → {after}", field=tr(one.title), before=one.before or "–", after=one.after or "–")
        for one in change.differences
    ]
    return "\n".join([word, *parts]) if parts else word
