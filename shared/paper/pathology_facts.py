"""The facts that templates of pathology's reports may name."""

from __future__ import annotations

from shared.paper.fact_words import Fact, ListFact

FACTS = (
    Fact("hospital", "医院", "Hospital", "明镜示范医院", "Mingjing Demo Hospital"),
    Fact("department", "科室", "Department", "病理科", "Pathology"),
    Fact("title", "标题", "Title", "病理诊断报告", "Pathology Report"),
    Fact("case_number", "病理号", "Case number", "2600123"),
    Fact("report_number", "报告序号", "Report number", "1"),
    Fact("name", "姓名", "Name", "欧阳𠮷祥", "欧阳𠮷祥"),
    Fact("sex", "性别", "Sex", "男", "Male"),
    Fact("age", "年龄", "Age", "45岁"),
    Fact("patient_number", "病人ID", "Patient number", "P0000123"),
    Fact("outpatient_number", "门诊号", "Out-patient number", ""),
    Fact("inpatient_number", "住院号", "In-patient number", "Z2026000456"),
    Fact("visit_number", "门诊/住院号", "Visit number", "Z2026000456"),
    Fact("application_number", "申请号", "Request number", "A20261120001"),
    Fact("ward_bed", "病区/床号", "Ward / bed", "外科二病区 12 床", "Surgery 2, bed 12"),
    Fact("sending_unit", "送检单位", "Sending unit", "明镜示范医院", "Mingjing Demo Hospital"),
    Fact("requesting_department", "送检科室", "Sending department", "普外科", "General surgery"),
    Fact("requesting_doctor", "送检医生", "Sending doctor", "王医生", "Dr Wang"),
    Fact("sent_at", "送检日期", "Sent", "2026-11-20"),
    Fact("received_at", "收到日期", "Received", "2026-11-20 16:40"),
    Fact("specimen", "标本", "Specimen", "胃大部切除标本", "Partial gastrectomy"),
    Fact("sampling_site", "取材部位", "Site", "胃窦", "Antrum"),
    Fact("clinical_diagnosis", "临床诊断", "Clinical diagnosis", "胃窦占位", "Mass of the antrum"),
    Fact("operative_findings", "手术所见", "Operative findings", ""),
    Fact("earlier_pathology", "既往病理", "Earlier pathology", ""),
    Fact("library", "病例库", "Library", "常规", "Routine"),
    Fact("stage", "病理分期", "Stage", "pT3 pN1 cM0，IIB"),
    Fact("codes", "编码", "Codes", "C16.3、8140/3"),
    Fact("first_doctor", "初诊医师", "First opinion", "赵医生", "Dr Zhao"),
    Fact("chief_doctor", "主诊医师", "Chief doctor", "钱医生", "Dr Qian"),
    Fact("second_doctor", "复诊医师", "Second opinion", "孙医生", "Dr Sun"),
    Fact("author", "报告医师", "Reported by", "钱医生", "Dr Qian"),
    Fact("auditor", "审核医师", "Audited by", "李主任", "Dr Li"),
    Fact("reported_at", "报告时间", "Reported", "2026-11-22 10:05"),
    Fact("audited_at", "审核时间", "Audited", "2026-11-22 11:20"),
    Fact("delay_reason", "延期原因", "Reason of delay", ""),
    Fact("frozen_result", "冰冻结果", "Frozen result", ""),
    Fact("frozen_received", "冰冻收到时间", "Frozen: received", "2026-11-20 09:30"),
    Fact("frozen_sectioned", "冰冻切片时间", "Frozen: sectioned", "2026-11-20 09:40"),
    Fact("frozen_read", "冰冻阅片时间", "Frozen: read", "2026-11-20 09:43"),
    Fact("frozen_reported", "冰冻报告时间", "Frozen: reported", "2026-11-20 09:48"),
    Fact("frozen_minutes", "冰冻用时（分钟）", "Frozen: minutes", "18"),
    Fact(
        "read_back", "回读记录", "Read back", "09:49 三号手术间 刘护士 已回读", "09:49 theatre 3, nurse Liu, read back"
    ),
    Fact("concordance", "冰冻与石蜡", "Frozen and permanent", ""),
    Fact("verification", "核验码", "Code to verify", "https://hospital.example/verify/A1B2-C3D4"),
    Fact("seal", "数字封印", "Seal", "SHA-256 3f0a…c2d1"),
    Fact("version", "版本", "Version", "1"),
    Fact("version_note", "版本说明", "Note on the version", ""),
    Fact("watermark", "水印", "Watermark", ""),
    Fact("reprint", "补打标记", "Reprint mark", ""),
    Fact("copy_number", "打印份次", "Copy", "1"),
    Fact("printed_at", "打印时间", "Printed at", "2026-11-22 11:30"),
    Fact("printed_by", "打印人", "Printed by", "周登记", "Zhou"),
    Fact("page", "页码", "Page", "1"),
    Fact("pages", "总页数", "Pages", "1"),
)

RICH = (
    Fact(
        "gross",
        "大体所见",
        "Gross description",
        "<p>胃大部切除标本，大弯长 18 cm，小弯长 9 cm；胃窦小弯侧见一溃疡型肿物，3×2×1.5 cm。</p>",
        "<p>Partial gastrectomy, greater curve 18 cm; an ulcerated tumour of 3×2×1.5 cm at the antrum.</p>",
    ),
    Fact(
        "findings",
        "光镜所见",
        "Microscopic findings",
        "<p>异型腺体浸润性生长，穿透固有肌层至浆膜下，间质纤维组织增生伴淋巴细胞浸润。</p>",
        "<p>Atypical glands infiltrate through the muscularis propria into the subserosa.</p>",
    ),
    Fact(
        "diagnosis",
        "诊断意见",
        "Diagnosis",
        "<p>（胃窦）中分化腺癌，浸润至浆膜下；淋巴结 2/16 枚见癌转移。</p>",
        "<p>(Antrum) moderately differentiated adenocarcinoma, subserosa; 2 of 16 nodes positive.</p>",
    ),
    Fact("comment", "备注", "Comment", ""),
    Fact("supplements", "补充报告", "Supplementary reports", ""),
    Fact("frozen_text", "冰冻报告内容", "Text of the frozen report", ""),
)

IMAGES = ListFact(
    "images",
    "图像",
    "Images",
    (Fact("picture", "图像", "Picture", ""), Fact("caption", "说明", "Caption", "")),
    (("sample1", "大体"), ("sample2", "HE ×100")),
)
SYNOPTIC = ListFact(
    "synoptic",
    "结构化报告",
    "Synoptic elements",
    (Fact("label", "项目", "Element", ""), Fact("value", "内容", "Answer", "")),
    (("组织学类型", "管状腺癌"), ("浸润深度", "浆膜下（pT3）")),
)
OPINIONS = ListFact(
    "opinions",
    "诊断意见列表",
    "Opinions",
    (Fact("kind", "种类", "Kind", ""), Fact("doctor", "医师", "Doctor", ""), Fact("at", "时间", "Time", "")),
    (("初诊意见", "赵医生", "2026-11-21 15:00"), ("主诊意见", "钱医生", "2026-11-22 10:05")),
)
LISTS = (IMAGES, SYNOPTIC, OPINIONS)
