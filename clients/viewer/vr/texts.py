"""English of volume rendering; the Chinese source strings stand where they are used."""

from __future__ import annotations

from clients.kit.translations import register_catalogue, tr

CATALOGUE = {
    "容积重建 VR": "Volume rendering (VR)",
    "把这个序列显示为三维；再按一次退出": "Shows this series in three dimensions; again to leave",
    "VR 兼容模式": "VR compatibility mode",
    "不用显卡绘制三维，供驱动有问题的电脑使用": "Draws without the graphics card, for computers with a faulty driver",
    "三维重建（VR）": "Volume rendering (VR)",
    "已送入报告": "Sent to the report",
    # templates
    "骨骼": "Bone",
    "血管": "Vessel",
    "骨骼与皮肤": "Bone and skin",
    "皮肤": "Skin",
    "软组织": "Soft tissue",
    "肺": "Lung",
    "气道": "Airways",
    "肾脏": "Kidney",
    "心脏": "Heart",
    "肝脏": "Liver",
    "金属植入物": "Metal implant",
    "最大密度投影": "Maximum intensity projection",
    "MR 血管（最大强度）": "MR vessel (maximum intensity)",
    "MR 血管": "MR vessel",
    "MR 体表": "MR surface",
    "MR 脑": "MR brain",
    "摄取（PET）": "Uptake (PET)",
    "自定义": "Custom",
    "模板": "Template",
    "存为模板": "Save as template",
    "模板名称": "Name of the template",
    "模板已保存：{name}": "Template saved: {name}",
    "删除": "Delete",
    "确定": "OK",
    "取消": "Cancel",
    # curve, light
    "自定义曲线": "Transfer curve",
    "传递曲线": "Transfer curve",
    "拖动点；单击空白处加点；右键删点；双击改颜色": (
        "Drag a point; click beside the curve to add one; right click removes; double click changes its colour"
    ),
    "点的颜色": "Colour of the point",
    "渲染参数": "Rendering",
    "光照": "Light",
    "体绘制": "Volume",
    "最大密度": "Maximum",
    "不透明度": "Opacity",
    "边缘增强": "Edges",
    "环境光": "Ambient",
    "漫反射": "Diffuse",
    "高光": "Specular",
    "光泽度": "Gloss",
    "背景颜色": "Background",
    "其他…": "Other…",
    # tools
    "左键旋转，中键平移，右键或滚轮缩放": "Left button rotates, middle pans, right button or wheel zooms",
    "框选裁剪": "Crop box",
    "拖动方框的面，平行切除": "Drag a face of the box: what lies beyond it goes",
    "画笔裁剪": "Cut",
    "画一圈，圈内沿视线方向去除": "Draw around something: it goes, along the line of sight",
    "保留圈内": "Keep",
    "画一圈，只保留圈内": "Draw around something: only that stays",
    "一键去床": "No bed",
    "去除检查床；再按一次恢复": "Takes the table away; press again to bring it back",
    "恢复为原始状态": "Back to the original state",
    "从前面看": "From the front",
    "从后面看": "From behind",
    "从左侧看": "From the left",
    "从右侧看": "From the right",
    "从头侧看": "From the head",
    "从足侧看": "From the feet",
    # views, output
    "视角": "View",
    "已存视角": "Saved views",
    "保存视角": "Save view",
    "视角名称": "Name of the view",
    "选择视角": "Choose a view",
    "没有已存的视角": "No view is saved",
    "视角没有保存：磁盘拒绝写入": "The view was not saved: the disk refuses to write",
    "视角没有删除：磁盘拒绝写入": "The view was not deleted: the disk refuses to write",
    "保存图片": "Save",
    "图片已保存：{path}": "Picture saved: {path}",
    "图片没有保存：{path}": "The picture was not saved: {path}",
    "退出 VR": "Leave VR",
    # on the picture
    "快速预览": "Quick preview",
    "正在细化…": "Refining…",
    "正在载入图像 {there}/{total}…": "Loading images {there}/{total}…",
    "正在准备体数据…": "Preparing the volume…",
    "不能做三维重建：{why}": "No volume rendering: {why}",
    "图形程序已重新启动，没有丢失任何操作": "The graphics process was restarted; nothing was lost",
    "图形程序反复出错。裁剪和视角都还在：单击画面重试，或请管理员更新显卡驱动。": (
        "The graphics process keeps failing. Crops and views are still there: click the picture to try again, or ask "
        "the administrator to update the graphics driver."
    ),
    "机架倾斜：已重采样为直角网格": "Tilted gantry: resampled to a right-angled grid",
    "层间距不均匀：已重采样": "Uneven slice spacing: resampled",
    "层面有缺失：缺失处为插值": "Slices are missing: the gaps are interpolated",
    "体数据过大：以一半分辨率显示": "The volume is very large: shown at half resolution",
    "序列有多个时相：显示第一个": "Several phases in this series: the first one is shown",
    "去床需要以 HU 为单位的 CT 图像": "Bed removal needs CT images in HU",
    "没有找到可与床板区分的身体": "No body that could be told from the table was found",
    # why a series is no volume
    "先选择一个有多幅图像的序列": "Choose a series with several images first",
    "单幅图像不能组成体数据": "A single image is no volume",
    "这个序列的图像没有空间位置": "The images of this series have no position in the patient",
    "这个序列的图像方向不一致": "The images of this series lie in different directions",
    "这个序列的图像大小或像素间距不一致": "The images of this series have different sizes or pixel spacings",
    "彩色图像不能组成体数据": "Colour images make no volume",
    "这个序列的图像都在同一位置": "All images of this series lie at one place",
    "这个序列有图像无法读取": "Some images of this series cannot be read",
    "这个序列不能组成体数据": "This series makes no volume",
}

_REASONS = (
    ("single image", "单幅图像不能组成体数据"),
    ("no position", "这个序列的图像没有空间位置"),
    ("different directions", "这个序列的图像方向不一致"),
    ("different pixel spacings", "这个序列的图像大小或像素间距不一致"),
    ("different sizes", "这个序列的图像大小或像素间距不一致"),
    ("Colour images", "彩色图像不能组成体数据"),
    ("at one place", "这个序列的图像都在同一位置"),
    ("cannot be read", "这个序列有图像无法读取"),
)


def register() -> None:
    """Make the texts known; again does nothing."""
    register_catalogue(CATALOGUE)


def sentence(reason: str) -> str:
    """A reason of `shared.imaging.volume.NoVolume` in the reader's language."""
    for part, chinese in _REASONS:
        if part in reason:
            return tr(chinese)
    return tr("这个序列不能组成体数据")
