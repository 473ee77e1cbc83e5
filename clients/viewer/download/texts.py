"""English of downloads."""

from __future__ import annotations

CATALOGUE = {
    "下载影像": "Download images",
    "下载影像…": "Download images…",
    "DICOM、PNG、JPEG 或 MP4": "DICOM, PNG, JPEG or MP4",
    "DICOM（zip，含 DICOMDIR）": "DICOM (zip with DICOMDIR)",
    "PNG 图片": "PNG pictures",
    "JPEG 图片": "JPEG pictures",
    "MP4 视频": "MP4 film",
    "当前图像": "This image",
    "当前序列": "This series",
    "当前检查": "This exam",
    "课题代号：英文字母、数字、- 和 _": "Code of the project: letters, digits, - and _",
    "下载…": "Download…",
    "关闭": "Close",
    "取消": "Cancel",
    "格式": "Form",
    "范围": "What",
    "去除患者信息": "Leave names out",
    "图片和视频按当前窗宽窗位写入，不含患者信息文字；图像内已有的文字仍在。": (
        "Pictures and films are written with the present window and without texts about the patient; "
        "texts within the image itself stay."
    ),
    "由服务器打包；去除患者信息按 DICOM 匿名化规范进行，同一课题的编号保持一致。": (
        "Packed by the server; names are left out by DICOM's confidentiality profile, numbers stay the same within "
        "a project."
    ),
    "本机打开的文件原样打包，含患者信息；需要去除患者信息时请从服务器下载。": (
        "Files opened here are packed as they are, with the patient's data; to leave names out, download from the "
        "server."
    ),
    "已取消": "Cancelled",
    "没有可以下载的 DICOM 文件": "There are no DICOM files to download",
    "服务器没有完成导出": "The server did not finish the export",
    "服务器上的导出文件不完整，请重新下载": "The export on the server is incomplete; download again",
    "文件在传输中损坏，请重新下载": "The file was damaged on the way; download again",
    "第 {n} 幅图像无法显示：{why}": "Image {n} cannot be shown: {why}",
    "图像还在载入": "The images are still loading",
    "图像还在载入，还差 {n} 幅，请稍后再试": "Images are still on the way, {n} are missing; try again in a moment",
    "无法写入 {path}，请换一个位置": "{path} cannot be written; choose another place",
    "无法写入 {path}：{why}": "{path} cannot be written: {why}",
    "这台电脑不能编码 MP4，请改为下载 PNG 或 JPEG": "This computer cannot encode MP4; download PNG or JPEG",
    "下载到文件夹": "Download into folder",
    "影像": "Images",
    "视口中没有图像": "There is no image in the viewport",
    "已下载 {n} 幅：{path}": "Downloaded {n}: {path}",
    "重建的图像没有 DICOM 文件；请切换到原始图像": "Computed images have no DICOM files; show the original images",
    "请填写课题代号，同一课题的编号保持一致": "Enter the code of a project; numbers stay the same within it",
    "一个视频只能包含一个序列，请把范围改为当前序列": "A film holds one series; choose this series",
}
