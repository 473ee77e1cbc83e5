"""What master data must satisfy; knows no database."""

from __future__ import annotations

from collections.abc import Sequence

MAX_PORT = 65535
_AE_LENGTH = 16
_CHARACTER_SET_LENGTH = 64
_MAX_SYNTAXES = 9
_CHARACTER_SETS = frozenset(
    (
        *("GB18030", "GBK"),
        *(f"ISO_IR {n}" for n in (6, 13, 100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 192, 203)),
        *(f"ISO 2022 IR {n}" for n in (6, 13, 58, 87, 100, 101, 109, 110, 126, 127, 138, 144, 148, 149, 159, 166, 203)),
    )
)  # PS3.3 C.12.1.1.2
SENDABLE_SYNTAXES = frozenset(
    f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".1.99", ".2", ".5", ".4.70", ".4.80", ".4.90", ".4.201")
)
"""What objects can be converted to without loss when they are sent."""


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


def fault_of_encoding(character_set: str, transfer_syntaxes: Sequence[str]) -> tuple[str, str] | None:
    """Return (field, sentence) for a Specific Character Set or transfer syntax that cannot be used, or None."""
    terms = [term.strip() for term in character_set.split("\\")] if character_set else []
    if len(character_set) > _CHARACTER_SET_LENGTH or any(t and t not in _CHARACTER_SETS for t in terms):
        return "character_set", "不认识这个字符集，请填写 DICOM 规定的名称，例如 GB18030 或 ISO_IR 192。"
    if len(transfer_syntaxes) > _MAX_SYNTAXES or any(t not in SENDABLE_SYNTAXES for t in transfer_syntaxes):
        return "transfer_syntaxes", "传输语法不受支持，请从列表中选择不丢失图像信息的传输语法。"
    return None


def is_loopback(address: str) -> bool:
    """Tell whether an IP address in text is of this machine (127.0.0.0/8, ::1, and the mapped form of both)."""
    bare = address.removeprefix("::ffff:")
    return bare == "::1" or bare.startswith("127.")
