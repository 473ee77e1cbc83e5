"""What is true of devices, tasks and uploads without any database."""

from __future__ import annotations

import re

from shared.contract.ecg_acquisition import MAX_PARTS, MAX_UPLOAD_BYTES, EcgDeviceEntry, UploadFacts
from shared.domain.ecg import DeviceState, TaskState

KEY = re.compile(r"[0-9a-f]{32}\Z")
_HASH = re.compile(r"[0-9a-f]{64}\Z")
LONGEST_TASK_MINUTES = 24 * 60
MAX_SETTINGS = 30

UNBOUND = "本机没有绑定心电设备。请管理员在“设备管理”中登记设备，并把本机绑定到该设备后再采集。"
DISABLED = "绑定的心电设备已停用，请管理员启用或改绑其它设备。"


class Wrong(ValueError):
    """A field is wrong; the sentence says what to do."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


def check_device(entry: EcgDeviceEntry) -> None:
    """Raise Wrong for a device that cannot be kept."""
    texts = (("serial", 64), ("model", 80), ("manufacturer", 80), ("name", 80), ("ae_title", 16))
    for field, limit in texts:
        text = str(getattr(entry, field)).strip()
        if len(text) > limit or any(ord(character) < 32 for character in text):
            raise Wrong(f"entry.{field}", f"最多 {limit} 个字符，不能有控制字符。")
    if not entry.serial.strip():
        raise Wrong("entry.serial", "请填写设备序列号。")
    if not 1 <= entry.task_minutes <= LONGEST_TASK_MINUTES:
        raise Wrong("entry.task_minutes", f"采集时限请填 1 到 {LONGEST_TASK_MINUTES} 分钟。")
    if len(entry.settings) > MAX_SETTINGS:
        raise Wrong("entry.settings", f"设置最多 {MAX_SETTINGS} 项。")
    for name, value in entry.settings.items():
        if len(name) > 40 or len(value) > 400:
            raise Wrong("entry.settings", "设置的名称或内容太长。")


def check_upload(key: str, facts: UploadFacts) -> int:
    """Return how many bytes an upload has. Raises Wrong."""
    if not KEY.match(key):
        raise Wrong("key", "标识应为 32 位小写十六进制数字。")
    if not 1 <= len(facts.parts) <= MAX_PARTS:
        raise Wrong("parts", f"一次上传 1 到 {MAX_PARTS} 个文件。")
    for part in facts.parts:
        if not part.name.strip() or len(part.name) > 200 or any(ord(character) < 32 for character in part.name):
            raise Wrong("parts", "文件名为空、太长或有控制字符。")
        if part.size_bytes < 1:
            raise Wrong("parts", f"文件 {part.name[:80]} 是空的，请在设备上重新导出后再上传。")
        if not _HASH.match(part.sha256):
            raise Wrong("parts", "文件校验值应为 64 位小写十六进制数字。")
    total = sum(part.size_bytes for part in facts.parts)
    if total > MAX_UPLOAD_BYTES:
        raise Wrong("parts", f"文件太大，最多 {MAX_UPLOAD_BYTES >> 20} MB。")
    if facts.recorded_at is not None and facts.recorded_at.tzinfo is None:
        raise Wrong("recorded_at", "采集时间必须带时区。")
    if len(facts.device_serial) > 64 or len(facts.request_number) > 64:
        raise Wrong("device_serial", "设备序列号或申请单号太长。")
    return total


def device_state(is_active: bool, task_state: TaskState | None, *, is_own: bool, has_succeeded: bool) -> DeviceState:
    """Return 设备状态 as a dialog sees it: whose task holds the device, if any (ECG-SM-ACQ)."""
    if not is_active:
        return DeviceState.DISABLED
    if task_state is TaskState.OPEN:
        return DeviceState.ACQUIRING if is_own else DeviceState.OCCUPIED
    return DeviceState.SUCCEEDED if has_succeeded else DeviceState.IDLE
