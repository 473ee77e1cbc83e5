"""What a reader is told when an image cannot be had: one sentence per family of errors, in the current language."""

from __future__ import annotations

from clients.kit.translations import tr
from clients.viewer.loading_decoder import DecoderDied, DecoderTooSlow, FrameTooLarge
from shared.imaging.codecs import ImpossibleFormat, UnsupportedSyntax


def sentence_of(error: Exception) -> str:
    """For errors of shared.imaging; their own English text says more and goes to the log."""
    if isinstance(error, UnsupportedSyntax):
        return tr("暂不支持这种编码（传输语法）")
    if isinstance(error, ImpossibleFormat):
        return tr("文件头描述的图像不合理")
    if isinstance(error, DecoderDied):
        return tr("解码程序在这幅图像上崩溃，图像可能已损坏；其他图像不受影响")
    if isinstance(error, DecoderTooSlow):
        return tr("解码超时，图像可能已损坏")
    if isinstance(error, FrameTooLarge):
        return no_memory()
    return tr("图像数据不完整或已损坏")


def internal_error() -> str:
    """A defect of ours, which is in the log."""
    return tr("程序内部错误，已记入日志")


def no_memory() -> str:
    """This machine cannot hold it now."""
    return tr("内存不足，请关闭其他检查后重新打开")


def not_delivered() -> str:
    """The source answered without this image."""
    return tr("服务器没有送来这幅图像")
