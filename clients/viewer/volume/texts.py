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
    "图像都在同一位置，不能重建": "All images lie at one place and cannot be reformatted",
    "序列中的像素间距不一致，不能重建": "The images have different pixel spacings and cannot be reformatted",
    "彩色图像不能重建": "Colour images cannot be reformatted",
    "序列中有图像无法读取，不能重建": "Some images cannot be read, so the series cannot be reformatted",
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
    "原始图像": "Original images",
    "采集的平面": "The planes that were acquired",
    "把选中视口的序列显示为横断面": "Show the series of the selected viewport as axial images",
    "把选中视口的序列显示为冠状面": "Show the series of the selected viewport as coronal images",
    "把选中视口的序列显示为矢状面": "Show the series of the selected viewport as sagittal images",
    "三个平面同时显示；再按一次返回": "Three planes at once; press again to go back",
    "图像还在载入，还差 {n} 幅": "Still loading: {n} images are missing",
    "正在计算{name}…": "Computing the {name} images…",
    "标准平面、薄层、适应窗口": "Standard planes, thin, fitting",
}


def register() -> None:
    """Make the English texts known."""
    register_catalogue(CATALOGUE)
