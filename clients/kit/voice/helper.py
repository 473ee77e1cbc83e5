"""A voice's helper process: started when first asked, one JSON line for a JSON line, replaced when it dies."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import clients
from clients.kit.voice.voices import VoiceError


class VoiceHelper:
    """One process, safe from any thread, one request at a time. The first line it writes is {"ready": …}."""

    def __init__(self, command: tuple[str, ...], timeout_s: float) -> None:
        self._command = command
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._reader: threading.Thread | None = None
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self.process: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        """End the process; it may be asked again afterwards."""
        with self._lock:
            self._stop()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for its answer. Raises VoiceError."""
        with self._lock:
            for attempt in (1, 2):  # a helper that died between two calls is replaced once
                process = self._started()
                try:
                    return self._exchange(process, request)
                except (OSError, EOFError):
                    self._stop()
                    if attempt == 2:
                        raise VoiceError("语音程序意外退出：请重新启动工作站") from None
        raise AssertionError("unreachable")

    def _exchange(self, process: subprocess.Popen[bytes], request: dict[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        reply = self._read_line()
        if "error" in reply:
            raise VoiceError(f"语音合成失败：{reply['error']}")
        return reply

    def _read_line(self) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=self._timeout_s)
        except queue.Empty:
            self._stop()
            raise VoiceError("语音程序没有响应，已重新启动") from None
        if not line:
            raise EOFError
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _started(self) -> subprocess.Popen[bytes]:
        if self.process is not None and self.process.poll() is None:
            return self.process
        self._stop()
        # The helper must find this very package, wherever the workstation was started.
        root = str(Path(clients.__file__).resolve().parent.parent)
        hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows: no console flashing up
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=root,
                creationflags=hidden,
            )
        except OSError as fault:
            raise VoiceError(f"语音程序无法启动：{fault}") from fault
        self.process = process
        self._lines = queue.Queue()
        assert process.stdout is not None
        self._reader = threading.Thread(
            target=_pump, args=(process.stdout.readline, self._lines.put), name="voice-reader", daemon=True
        )
        self._reader.start()
        try:
            ready = self._read_line()
        except EOFError:
            self._stop()
            raise VoiceError("语音程序启动后立即退出：请检查安装") from None
        if "error" in ready:
            self._stop()
            raise VoiceError(f"语音程序无法使用：{ready['error']}")
        return process

    def _stop(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._reader is not None:
            self._reader.join(timeout=5)  # the pipe has ended, so it only has to notice
            self._reader = None
        if process.stdout is not None:
            process.stdout.close()


def _pump(read: Callable[[], bytes], put: Callable[[bytes | None], None]) -> None:
    """Carry lines from the pipe into the queue; a final None says that the helper ended."""
    with contextlib.suppress(ValueError, OSError):
        while line := read():
            put(line)
    put(None)
