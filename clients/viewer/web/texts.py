"""English of opening addresses."""

from __future__ import annotations

CATALOGUE: dict[str, str] = {
    "打开": "Open",
    "打开网址…": "Open address…",
    "打开第三方设备用 HTTP 提供的 DICOM 影像": "Open DICOM images that third parties offer over HTTP",
    "影像的网址（WADO-RS、WADO-URI 或 DICOM 文件）": "Address of the images (WADO-RS, WADO-URI or a DICOM file)",
    "请输入以 http:// 或 https:// 开头的网址": "Enter an address that begins with http:// or https://",
    "正在从 {host} 下载…": "Downloading from {host}…",
    "正在从 {host} 下载… {mb} MB": "Downloading from {host}… {mb} MB",
    "无法连接 {host}，请检查网址和网络": "{host} cannot be reached; check the address and the network",
    "{host} 没有给出影像：{code}": "{host} gave no images: {code}",
    "{host} 给出的不是 DICOM 影像": "What {host} gave is no DICOM image",
    "影像太大，超过 {gb} GB": "The images are too large, more than {gb} GB",
    "下载中断，影像不完整，请重试": "The download broke off and is not complete; try again",
}
