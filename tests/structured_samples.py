"""Small structured templates for tests."""

from __future__ import annotations

from shared.domain.structured import (
    Code,
    Field,
    FieldKind,
    FormTemplate,
    Option,
    Part,
    Quantity,
    Section,
)

LOBES = (
    Option(key="rul", text="右肺上叶", code=Code("RADLEX", "RID1303", "upper lobe of right lung")),
    Option(key="lll", text="左肺下叶", code=Code("RADLEX", "RID1315", "lower lobe of left lung")),
)


def nodule_template() -> FormTemplate:
    """Two parts, a group, a calculated category, a condition, a section sentence."""
    return FormTemplate(
        title="肺结节",
        identifier="2.25.1001",
        exam_types=("CT",),
        body_parts=("胸部",),
        sections=(
            Section(
                key="technique",
                title="检查技术",
                prose="胸部[{contrast}]扫描。",
                fields=(
                    Field(
                        key="contrast",
                        label="方式",
                        kind=FieldKind.CHOICE,
                        default="plain",
                        options=(Option(key="plain", text="平扫"), Option(key="ce", text="增强", words="平扫加增强")),
                    ),
                ),
            ),
            Section(
                key="lungs",
                title="肺",
                fields=(
                    Field(
                        key="nodules",
                        label="结节",
                        kind=FieldKind.GROUP,
                        most=5,
                        own_line=True,
                        prose="{#}）{lobe}见结节，大小约{size}mm[，较前变化{growth}%]。",
                        fields=(
                            Field(key="lobe", label="部位", kind=FieldKind.CHOICE, options=LOBES, required=True),
                            Field(
                                key="size",
                                label="长径",
                                kind=FieldKind.MEASUREMENT,
                                quantity=Quantity.LENGTH,
                                unit="mm",
                                low=0,
                                high=300,
                                decimals=1,
                                required=True,
                            ),
                            Field(
                                key="growth",
                                label="变化",
                                kind=FieldKind.CALCULATED,
                                formula="change(prior.size, size)",
                            ),
                        ),
                    ),
                    Field(key="emphysema", label="肺气肿", kind=FieldKind.TEXT, prose="肺气肿：{emphysema}。"),
                    Field(
                        key="pleura",
                        label="胸腔积液",
                        kind=FieldKind.CHOICE,
                        prose="{pleura}。",
                        options=(
                            Option(key="no", text="无", words="双侧胸腔未见积液"),
                            Option(key="yes", text="有", words="胸腔积液"),
                        ),
                    ),
                    Field(
                        key="depth",
                        label="积液深度",
                        kind=FieldKind.NUMBER,
                        unit="mm",
                        visible_when="pleura == 'yes'",
                        prose="深约{depth}{depth.unit}。",
                    ),
                ),
            ),
            Section(
                key="conclusion",
                title="结论",
                part=Part.IMPRESSION,
                fields=(
                    Field(
                        key="category",
                        label="Lung-RADS",
                        kind=FieldKind.CALCULATED,
                        formula="if(max(nodules.size) >= 15, '4b', if(max(nodules.size) >= 6, '3', '2'))",
                        options=(
                            Option(key="2", text="2 类", code=Code("99MJ", "LR2", "Lung-RADS 2")),
                            Option(key="3", text="3 类", code=Code("99MJ", "LR3", "Lung-RADS 3")),
                            Option(key="4b", text="4B 类", code=Code("99MJ", "LR4B", "Lung-RADS 4B")),
                        ),
                        prose="Lung-RADS {category}。",
                    ),
                    Field(key="advice", label="建议", kind=FieldKind.TEXT, prose="建议：{advice}。"),
                ),
            ),
        ),
    )
