"""English of the texts of registration."""

from __future__ import annotations

from clients.kit.translations import register_catalogue

CATALOGUE = {
    "图像配准": "Registration",
    "把一个序列对准另一个；再按一次返回": "Lay one series over another; press again to go back",
    "清除配准结果": "Clear registrations",
    "打开的检查不再使用配准": "The open studies use no registration any more",
    "已读取上次的配准结果（{n} 项）": "The last registrations are in force ({n})",
    "检查中有配准对象，可在“图像配准”中采用": "Registration objects are in the study: see the registration page",
    "需要同一患者的两个断层序列才能配准": "Registration needs two series of slices of one patient",
    "这两个序列不能配准：需要同一患者的两个断层序列": (
        "These series cannot be registered: two series of slices of one patient are needed"
    ),
    "请选择两个不同的序列": "Choose two different series",
    "配准": "Register",
    "配准已采用，融合、联动和定位都按它进行": "The registration is in force: fusion, links and positions follow it",
    "没有配准结果": "There is no registration",
    "配准结果已清除，可撤销": "The registration is cleared; this can be undone",
    "配准在本次阅片中有效，但未能保存：{why}": "The registration holds for now but could not be saved: {why}",
    "两个序列的坐标系不同，正在载入图像以便配准…": "Different frames of reference: loading the images first…",
    "两个序列的坐标系不同，正在自动配准… {percent}%": "Different frames of reference: registering… {percent}%",
    "自动配准不可信：{why}。请打开“图像配准”手动校正": (
        "The automatic result cannot be believed: {why}. Open the registration page and correct it by hand"
    ),
    "已自动配准，两次结果相差 {mm} mm，请核对": "Registered automatically; two runs differ by {mm} mm. Please check",
    "配准没有完成：{why}": "Not registered: {why}",
    "正在载入移动序列…": "Loading the moving series…",
    "正在载入移动序列… {n}/{count}": "Loading the moving series… {n}/{count}",
    "未知来源": "unknown source",
    "已变形，仅供定位参考": "Deformed, for orientation only",
    "混合": "Blend",
    "棋盘": "Checkerboard",
    "差值": "Difference",
    "轮廓": "Outline",
    "只看固定序列": "Fixed series only",
    "只看移动序列": "Moving series only",
    "浏览": "Browse",
    "移动序列": "Moving",
    "平移配准": "Shift",
    "旋转配准": "Turn",
    "翻页、缩放、移动图像、调窗与平时一样": "Wheel: page; Ctrl+wheel: zoom; middle: pan; right: window",
    "拖动移动序列；方向键每次 0.5 mm，加 Ctrl 0.1 mm，加 Shift 5 mm": (
        "Drag the moving series; arrow keys move 0.5 mm, with Ctrl 0.1 mm, with Shift 5 mm"
    ),
    "绕中心拖动旋转移动序列；左右键每次 0.5°，加 Ctrl 0.1°，加 Shift 5°": (
        "Drag about the centre to turn the moving series; left and right turn 0.5°, with Ctrl 0.1°, with Shift 5°"
    ),
    "未配准（按坐标原样显示）": "Not registered (shown as the coordinates say)",
    "未配准（坐标不同源，按中心对齐显示）": "Not registered (unrelated coordinates, shown centre on centre)",
    "可信": "Good",
    "可用，请核对": "Usable, please check",
    "不可信，未采用": "Not to be believed, not used",
    "手动校正": "By hand",
    "左右 X": "Left X",
    "前后 Y": "Back Y",
    "头足 Z": "Head Z",
    "固定序列": "Fixed",
    "显示方式": "Display",
    "自动配准": "Register",
    "停止": "Stop",
    "撤回一步": "Take one step back",
    "结果": "Result",
    "采用并保存": "Use and save",
    "清除结果": "Clear",
    "变形显示": "Show deformed",
    "检查中的配准对象（{n}）": "Objects in the study ({n})",
    "：{why}。请手动校正后再采用": ": {why}. Correct it by hand before using it",
    "两次结果相差 {mm} mm": "Two runs differ by {mm} mm",
    "重叠 {percent}%": "Overlap {percent}%",
    "互信息 {value}": "Mutual information {value}",
    "共移动 {mm} mm，转动 {angle}°": "Moved {mm} mm, turned {angle}° in all",
    "弹性配准，只供定位参考，不保存，不用于测量": (
        "Elastic registration: for orientation only, not kept, not for measuring"
    ),
    "刚性配准：由粗到细，结果经过检验": "Rigid, coarse to fine; the result is tested",
    "序列的层数太少，不能配准": "The series has too few slices to be registered",
    "两个序列几乎没有共同的部位": "the two series show hardly any common part",
    "图像之间的相似程度不足以判断位置": "the images resemble each other too little to tell the place",
    "交换两个序列后得到的位置相差 {mm} mm": "exchanging the two series leads to a place {mm} mm away",
    "从不同起点得到的结果相差 {mm} mm": "runs from different starts disagree by {mm} mm",
}


def register() -> None:
    """Make the English texts known."""
    register_catalogue(CATALOGUE)
