"""English of the pages of reformatting."""

from __future__ import annotations

from clients.kit.translations import register_catalogue

CATALOGUE: dict[str, str] = {
    "多平面重建 MPR": "Multiplanar reformatting (MPR)",
    "曲面重建 CPR": "Curved reformatting (CPR)",
    "正在载入图像…": "Loading images…",
    "正在载入图像… {n}/{count}": "Loading images… {n}/{count}",
    "返回图像": "Back to images",
    "返回图像（Esc）": "Back to images (Esc)",
    "机架倾斜（已按真实位置重建）": "gantry tilt (reformatted at true positions)",
    "层面有缺失：{n} 处之间为插值": "slices missing: interpolated across {n} gap(s)",
    "只有一幅图像，不能重建": "A single image cannot be reformatted",
    "图像没有空间位置信息，不能重建": "The images have no position in the patient and cannot be reformatted",
    "序列中的图像方向不一致，不能重建": "The images lie in different directions and cannot be reformatted",
    "图像没有像素间距，不能重建": "The images give no distance between pixels; nothing can be reconstructed",
    "图像都在同一位置，不能重建": "All images lie at one place and cannot be reformatted",
    "序列中的像素间距不一致，不能重建": "The images have different pixel spacings and cannot be reformatted",
    "彩色图像不能重建": "Colour images cannot be reformatted",
    "序列中有图像无法读取，不能重建": "Some images cannot be read, so the series cannot be reformatted",
    "序列太大，这台计算机的内存放不下": "The series is too large for the memory of this computer",
    "第 {n}/{count} 期": "Phase {n}/{count}",
    "把这一页的图像和数值送到报告页": "Send this page's pictures and figures to the report",
    "图像还在载入": "The images are still loading",
    "这个序列不能重建": "This series cannot be reformatted",
    "横断面": "Axial",
    "冠状面": "Coronal",
    "矢状面": "Sagittal",
    "（斜）": " (oblique)",
    "最大密度 MIP": "Maximum (MIP)",
    "最小密度 MinIP": "Minimum (MinIP)",
    "平均密度": "Average",
    "层厚": "Thickness",
    "层厚 {mm} mm  {name}": "Slab {mm} mm  {name}",
    "显示层厚，不改变存储的图像": "Slab of the display; the stored images do not change",
    "复位": "Reset",
    "圆点画笔": "Dot brush",
    "单击设点，拖动移动，右键删除；滚轮翻页": "Click to set points, drag, right click deletes",
    "两点血管": "Vessel by two clicks",
    "在血管两端各单击一次，自动提取中心线": "Click both ends of a vessel",
    "浏览": "Browse",
    "左键按工具栏的选择翻页、缩放、平移": "Left button as chosen in the tool bar",
    "横": "Ax",
    "冠": "Cor",
    "矢": "Sag",
    "撤回": "Undo",
    "清空": "Clear",
    "正在提取血管…": "Finding the vessel…",
    "两点之间没有找到血管；请在血管内再选两点": "No vessel was found between the points; choose two others inside it",
    "在右侧窗口用圆点画笔设两个以上的点，这里显示曲面图像": (
        "Set two or more points in the right window with the dot brush; the curved picture appears here"
    ),
    "拉直": "Straightened",
    "拉伸": "Stretched",
    "CPR 模式": "CPR mode",
    "CPR 投影方式": "CPR projection",
    "CPR 角度": "CPR angle",
    "宽度": "Width",
    "长度 {mm} mm": "Length {mm} mm",
    "截面不足，不能计算狭窄": "too few sections for a stenosis",
    "最窄 {least} mm（{place} mm 处）  参考 {normal} mm  狭窄率 {percent}%（直径）  {area}%（面积）": (
        "Narrowest {least} mm (at {place} mm)  reference {normal} mm  stenosis {percent}% (diameter)  {area}% (area)"
    ),
    "沿曲线展开；再按一次返回": "Laid out along a curve; press again to go back",
    "曲面重建需要单视口布局，请先切换到 1×1": "Curved reformatting needs a single viewport: choose 1×1 first",
    "原始图像": "Original images",
    "采集的平面": "The planes that were acquired",
    "把选中视口的序列显示为横断面": "Show the series of the selected viewport as axial images",
    "把选中视口的序列显示为冠状面": "Show the series of the selected viewport as coronal images",
    "把选中视口的序列显示为矢状面": "Show the series of the selected viewport as sagittal images",
    "三个平面同时显示；再按一次返回": "Three planes at once; press again to go back",
    "图像还在载入，还差 {n} 幅": "Still loading: {n} images are missing",
    "正在计算{name}…": "Computing {name}…",
    "标准平面、薄层、适应窗口": "Standard planes, thin, fitting",
}


def register() -> None:
    """Make the English texts known."""
    register_catalogue(CATALOGUE)
