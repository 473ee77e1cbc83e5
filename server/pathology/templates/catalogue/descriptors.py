"""The TBS 2014 sets: gynaecological and non-gynaecological liquid-based cytology (PA-LBC-05)."""

from __future__ import annotations

from shared.contract.pathology_templates import Descriptor, DescriptorGroup, DescriptorSet


def _group(title: str, lines: str, *, exclusive: bool = False, to_diagnosis: bool = False) -> DescriptorGroup:
    items = []
    for line in lines.strip().splitlines():
        code, text, *report = line.strip().split("|")
        items.append(Descriptor(code=code, text=text, report_text=report[0] if report else ""))
    return DescriptorGroup(title=title, items=tuple(items), exclusive=exclusive, to_diagnosis=to_diagnosis)


GYNAECOLOGICAL = DescriptorSet(
    id=0,
    version=0,
    specimen_type="妇科宫颈",
    words=("妇科", "宫颈", "阴道", "宫颈管", "穹窿"),
    groups=(
        _group(
            "标本满意度",
            """
            SAT|满意
            SAT-EC|满意，见颈管细胞或化生细胞
            SAT-NEC|满意，未见颈管细胞及化生细胞
            SAT-OBS|满意，部分被血或炎细胞遮盖
            UNSAT-SC|不满意，鳞状上皮细胞过少|标本不满意：鳞状上皮细胞数量过少
            UNSAT-OBS|不满意，超过75%细胞被遮盖|标本不满意：超过75%的细胞被血或炎细胞遮盖
            UNSAT-REJ|不满意，标本拒收|标本不满意：不能制片""",
            exclusive=True,
        ),
        _group(
            "微生物",
            """
            TRICH|滴虫
            CAND|真菌，形态符合念珠菌属
            BV|菌群失调，提示细菌性阴道病
            ACTIN|细菌，形态符合放线菌属
            HSV|细胞改变，符合单纯疱疹病毒感染
            CMV|细胞改变，符合巨细胞病毒感染""",
        ),
        _group(
            "其他非肿瘤性改变",
            """
            INFL|炎症反应性细胞改变
            REPAIR|修复反应性细胞改变
            RADIA|放射反应性细胞改变
            IUD|宫内节育器反应性细胞改变
            METAP|鳞状化生细胞
            KERAT|角化性改变
            ATROPH|萎缩
            PREG|妊娠相关改变
            GLAND-PH|子宫切除术后的腺细胞""",
        ),
        _group(
            "炎症程度",
            """
            INF-0|无明显炎症
            INF-1|轻度炎症
            INF-2|中度炎症
            INF-3|重度炎症""",
            exclusive=True,
        ),
        _group(
            "未见异常",
            """
            NILM|NILM|未见上皮内病变或恶性病变（NILM）""",
            to_diagnosis=True,
        ),
        _group(
            "鳞状上皮细胞异常",
            """
            ASC-US|ASC-US|非典型鳞状上皮细胞，意义不明确（ASC-US）
            ASC-H|ASC-H|非典型鳞状上皮细胞，不除外高级别鳞状上皮内病变（ASC-H）
            LSIL|LSIL|低级别鳞状上皮内病变（LSIL）
            HSIL|HSIL|高级别鳞状上皮内病变（HSIL）
            HSIL-INV|HSIL，可疑浸润|高级别鳞状上皮内病变，具有可疑浸润特征（HSIL）
            SCC|SCC|鳞状细胞癌（SCC）""",
            exclusive=True,
            to_diagnosis=True,
        ),
        _group(
            "腺上皮细胞异常",
            """
            AGC-EC|AGC，颈管|非典型颈管腺细胞（AGC）
            AGC-EM|AGC，内膜|非典型子宫内膜腺细胞（AGC）
            AGC-NOS|AGC，非特异|非典型腺细胞，非特异（AGC-NOS）
            AGC-FN|AGC，倾向肿瘤|非典型腺细胞，倾向于肿瘤性（AGC-FN）
            AIS|AIS|颈管原位腺癌（AIS）
            ADC-EC|腺癌，颈管型
            ADC-EM|腺癌，子宫内膜型
            ADC-EX|腺癌，子宫外来源
            ADC-NOS|腺癌，非特异""",
            exclusive=True,
            to_diagnosis=True,
        ),
        _group(
            "其他",
            """
            EM-45|子宫内膜细胞，年龄不小于45岁|见子宫内膜细胞（年龄≥45岁）
            MAL-OTH|其他恶性肿瘤""",
            to_diagnosis=True,
        ),
        _group(
            "建议",
            """
            ADV-12|12个月后复查|建议：12个月后复查
            ADV-3|3个月后复查|建议：3个月后复查
            ADV-HPV|HPV检测|建议：HPV检测
            ADV-COL|阴道镜检查及活检|建议：阴道镜检查及活检
            ADV-ECC|颈管搔刮|建议：颈管搔刮
            ADV-EMB|子宫内膜活检|建议：子宫内膜活检
            ADV-TREAT|抗炎治疗后复查|建议：抗炎治疗后复查""",
            to_diagnosis=True,
        ),
    ),
)
FLUID = DescriptorSet(
    id=0,
    version=0,
    specimen_type="体液",
    words=("体液", "胸水", "腹水", "胸腔积液", "腹腔积液", "心包", "脑脊液", "尿", "痰", "灌洗", "刷检", "穿刺"),
    groups=(
        _group(
            "标本满意度",
            """
            F-SAT|满意
            F-LIM|基本满意，细胞量少
            F-UNSAT|不满意|标本不满意：细胞过少或退变，不能诊断""",
            exclusive=True,
        ),
        _group(
            "细胞成分",
            """
            F-MESO|间皮细胞
            F-LYM|淋巴细胞
            F-NEU|中性粒细胞
            F-EOS|嗜酸性粒细胞
            F-MAC|巨噬细胞
            F-SQU|鳞状上皮细胞
            F-CIL|纤毛柱状上皮细胞
            F-URO|尿路上皮细胞
            F-RBC|红细胞""",
        ),
        _group(
            "微生物",
            """
            F-FUN|真菌菌丝或孢子
            F-BAC|细菌
            F-AFB|抗酸杆菌（抗酸染色阳性）
            F-PCP|形态符合耶氏肺孢子菌""",
        ),
        _group(
            "诊断分类",
            """
            F-ND|无法诊断
            F-NFM|未见恶性肿瘤细胞
            F-AUS|见非典型细胞，意义不明确
            F-SFM|可疑恶性肿瘤细胞
            F-MAL|见恶性肿瘤细胞""",
            exclusive=True,
            to_diagnosis=True,
        ),
        _group(
            "类型倾向",
            """
            F-ADC|倾向腺癌
            F-SCC|倾向鳞状细胞癌
            F-SCLC|倾向小细胞癌
            F-LYMPH|倾向淋巴造血系统肿瘤
            F-MM|倾向恶性间皮瘤
            F-HGUC|高级别尿路上皮癌""",
            exclusive=True,
            to_diagnosis=True,
        ),
        _group(
            "建议",
            """
            F-CB|制作细胞蜡块并行免疫组化|建议：制作细胞蜡块并行免疫组化
            F-REP|重复送检|建议：重复送检
            F-CLIN|结合临床及影像|请结合临床及影像""",
            to_diagnosis=True,
        ),
    ),
)
SETS = (GYNAECOLOGICAL, FLUID)
"""What a new hospital starts with."""
