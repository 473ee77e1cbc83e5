"""English of the texts of stitching."""

from __future__ import annotations

from clients.kit.translations import register_catalogue

CATALOGUE = {
    "图像拼接": "Stitching",
    "把 CR、DR、DX 图像拼成一幅；再按一次返回": "Join CR, DR and DX images to one picture; press again to go back",
    "需要同一检查的两幅 CR、DR 或 DX 图像，且像素大小已知": (
        "Stitching needs two CR, DR or DX images of one study with a known pixel size"
    ),
    "正在载入图像…": "Loading images…",
    "从上到下": "Downwards",
    "从左到右": "To the right",
    "渐变": "Gradual",
    "平均": "Mean",
    "前一幅在上": "First on top",
    "后一幅在上": "Last on top",
    "图像顺序": "Order of the images",
    "上移": "Move up",
    "下移": "Move down",
    "反序": "Reverse",
    "拼接方向": "Direction",
    "融合方式": "Blending",
    "均衡曝光": "Even out the exposure",
    "显示图像边框": "Show the frames of the images",
    "自动拼接": "Join automatically",
    "选中图像的位置": "Place of the selected image",
    "向下": "Down",
    "向右": "Right",
    "旋转": "Rotate",
    "拖动移动；Shift+拖动旋转；方向键每次 1 像素，加 Ctrl 0.1，加 Shift 10": (
        "Drag to move, Shift+drag to turn; arrow keys move 1 pixel, with Ctrl 0.1, with Shift 10"
    ),
    "结果": "Result",
    "显示结果": "Show",
    "保存": "Save",
    "返回图像": "Back to images",
    "图像不能拼接：{why}": "The images cannot be stitched: {why}",
    "正在寻找接缝…": "Looking for the joints…",
    "接缝 {a}–{b}：": "Joint {a}–{b}: ",
    "手动": "by hand",
    "，请手动移动": "; move it by hand",
    "残差无法测量": "residual cannot be measured",
    "残差 {mm} mm": "residual {mm} mm",
    "尚未拼接": "Not joined yet",
    "图像没有共同的部分": "the images show no common part",
    "有两个位置同样吻合": "two places fit equally well",
    "重叠处相差 {mm} mm": "the overlap is {mm} mm out",
    "拼接": "Stitched",
    "正在拼接…": "Stitching…",
    "拼接的图像：{n} 幅，测量值按原像素大小": "Stitched of {n} images; measurements follow their pixel size",
    "拼接的图像正在存入检查": "The stitched picture is being stored with the study",
    "拼接的图像未能保存：{why}": "The stitched picture could not be saved: {why}",
    "保存拼接的图像": "Save the stitched picture",
    "拼接的图像已保存：{name}": "The stitched picture is saved: {name}",
}


def register() -> None:
    """Make the English texts known."""
    register_catalogue(CATALOGUE)
