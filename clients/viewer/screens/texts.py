"""English of the texts of screens."""

from __future__ import annotations

CATALOGUE = {
    "实际大小": "True size",
    "真实": "True",
    "屏幕上一毫米等于图像中一毫米；需要先测量显示器": (
        "One millimetre on the screen is one in the image; the screen must have been measured"
    ),
    "显示器校准…": "Calibrate screen…",
    "全屏": "Full screen",
    "第二屏幕": "Second screen",
    "第二屏幕：一视口": "Second screen: one viewport",
    "第二屏幕：二视口": "Second screen: two viewports",
    "第二屏幕：四视口": "Second screen: four viewports",
    "把序列拖到另一屏幕上显示": "Shows series that are dropped onto another screen",
    "第二屏幕 — {title}": "Second screen — {title}",
    "先测量显示器，才能按实际大小显示": "Measure the screen first: then images can be shown in true size",
    "图像没有毫米单位，不能按实际大小显示": "The image has no millimetres, so it cannot be shown in true size",
    "非诊断屏": "Not for diagnosis",
    "此显示器不用于诊断：\n{why}\n单击查看或校准": (
        "This screen is not for diagnosis:\n{why}\nClick to see or calibrate"
    ),
    "把序列拖到这里": "Drop a series here",
    "分辨率不足 {n} 百万像素": "Less than {n} million pixels",
    "未测量像素大小": "The size of its pixels was not measured",
    "未用测试图检查灰阶": "Its greys were not checked with the test pattern",
    "灰阶检查未通过": "The check of its greys failed",
    "上次检查已超过一年": "The last check is more than a year old",
    "测得的长度不合理，请重新测量": "This length cannot be true; measure again",
    "显示器": "Screen",
    "{name}　{width} × {height} 像素": "{name}  {width} × {height} pixels",
    "用尺量下面这条色带的全长，把毫米数填入框中": (
        "Put a ruler to the whole length of the bar below and write the millimetres into the box"
    ),
    "保存长度": "Keep length",
    "灰阶测试图…": "Test pattern…",
    "亮度计测量…": "Luminance meter…",
    "✓ 可用于诊断：像素 {mm} mm，{day} 检查通过": "✓ Good for diagnosis: pixels of {mm} mm, checked on {day}",
    "⚠ 不用于诊断": "⚠ Not for diagnosis",
    "与 GSDF 的最大偏差 {share}%": "Largest deviation from the GSDF {share}%",
    "亮度必须从黑到白逐级升高，请重新测量": "Luminance must rise from black to white; measure again",
    "18 级灰阶逐级可分辨": "All 18 greys differ",
    "黑色方块中的 5% 小方块可见": "5% square visible in black",
    "白色方块中的 95% 小方块可见": "95% square visible in white",
    "四角和中央的细线清晰": "Fine lines sharp",
    "网格横平竖直，无变形": "Grid straight",
    "通过": "Passed",
    "未通过": "Failed",
    "退出 (Esc)": "Leave (Esc)",
    "下一级": "Next",
    "第 {n}/{count} 级：把亮度计放在方块中央，输入读数": (
        "Level {n}/{count}: put the meter on the middle of the square and write its reading"
    ),
}
