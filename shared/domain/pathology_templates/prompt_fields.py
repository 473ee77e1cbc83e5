"""The input boxes that have prompts (字段提示), in the order of the settings screen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PromptFieldName:
    """A field: its key, its label, and the page where it stands; Chinese and English."""

    key: str
    zh: str
    en: str
    page_zh: str
    page_en: str


_PAGES = (
    (
        ("病人信息", "Patient information"),
        (
            ("department", "送检科室", "Sending department"),
            ("sending_unit", "送检单位", "Sending unit"),
            ("sending_doctor", "送检医生", "Sending doctor"),
            ("ward", "病区", "Ward"),
            ("nationality", "民族", "Ethnic group"),
            ("occupation", "职业", "Occupation"),
            ("clinical_diagnosis", "临床诊断", "Clinical diagnosis"),
            ("clinical_history", "临床病史", "Clinical history"),
            ("operation_findings", "手术所见", "Operative findings"),
            ("specimen_name", "标本名称", "Specimen name"),
            ("specimen_site", "标本部位", "Specimen site"),
            ("rejection_reason", "拒收原因", "Reason for rejection"),
            ("charge_item", "收费项目", "Charge item"),
        ),
    ),
    (
        ("取材信息", "Grossing information"),
        (
            ("task_source", "任务来源", "Task source"),
            ("gross_site", "取材部位", "Grossing site"),
            ("piece_unit", "材块单位", "Unit of pieces"),
            ("gross_description", "大体所见", "Gross description"),
            ("specimen_handling", "标本处理", "Specimen handling"),
            ("storage_place", "存放位置", "Storage place"),
        ),
    ),
    (
        ("制片", "Preparation"),
        (
            ("stain", "染色方法", "Staining method"),
            ("slide_remark", "切片备注", "Slide remark"),
            ("order_reason", "医嘱说明", "Order remark"),
            ("quality_fault", "切片质量问题", "Slide quality fault"),
        ),
    ),
    (
        ("病理诊断", "Pathology diagnosis"),
        (
            ("microscopy", "光镜所见", "Microscopy"),
            ("diagnosis", "诊断意见", "Diagnosis"),
            ("frozen_result", "冰冻结果", "Frozen result"),
            ("ihc_result", "免疫组化结果", "IHC result"),
            ("delay_reason", "延期原因", "Reason for delay"),
            ("consultation_unit", "会诊单位", "Consulting unit"),
            ("follow_up_result", "随访结果", "Follow-up result"),
            ("loan_purpose", "借阅用途", "Purpose of loan"),
        ),
    ),
)
FIELDS: tuple[PromptFieldName, ...] = tuple(
    PromptFieldName(key, zh, en, page_zh, page_en) for (page_zh, page_en), fields in _PAGES for key, zh, en in fields
)
BY_KEY = {field.key: field for field in FIELDS}
"""Fields by key."""
