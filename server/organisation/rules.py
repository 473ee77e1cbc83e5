"""What master data must satisfy; knows no database."""

from __future__ import annotations

MAX_PORT = 65535
_AE_LENGTH = 16


def fault_of_ae_title(title: str) -> str | None:
    """Say what is wrong with an AE title, or None (PS3.5 6.2 VR AE: 1 to 16 characters of G0, no backslash)."""
    if not title.strip(" "):
        return "AE 名称不能为空。"
    if len(title) > _AE_LENGTH:
        return "AE 名称最多 16 个字符。"
    if title != title.strip(" "):
        return "AE 名称的开头和结尾不能有空格。"
    if not all(" " <= character <= "~" and character != "\\" for character in title):
        return "AE 名称只能用英文字母、数字和符号，不能用反斜杠或中文。"
    return None


def fault_of_endpoint(host: str, port: int) -> tuple[str, str] | None:
    """Return (field, sentence) for what is wrong with an address, or None. Port 0: the peer cannot be called."""
    if not host or any(character.isspace() for character in host):
        return "host", "请填写主机名或 IP 地址，中间不能有空格。"
    if not 0 <= port <= MAX_PORT:
        return "port", "端口必须在 0 到 65535 之间（0 表示对方不监听）。"
    return None


def is_loopback(address: str) -> bool:
    """Tell whether an IP address in text is of this machine (127.0.0.0/8, ::1, and the mapped form of both)."""
    bare = address.removeprefix("::ffff:")
    return bare == "::1" or bare.startswith("127.")
