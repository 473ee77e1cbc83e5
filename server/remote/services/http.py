"""The way to JSON services over HTTP: one request, one bounded answer, every fault a sentence."""

from __future__ import annotations

import http.client
import ssl
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec

from server.remote.services.ports import ServiceTrouble
from shared.contract.remote_services import AssistService, ServiceAnswer, ServiceCall

_MOST_ANSWER = 2 << 20
_MOST_TOKEN = 16 << 10
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_answers = msgspec.json.Decoder(ServiceAnswer)


class HttpServices:
    """ports.JsonServices. `secrets_folder` holds files with bearer tokens."""

    def __init__(self, secrets_folder: Path, *, timeout_s: float = 30.0) -> None:
        self._secrets = secrets_folder
        self._timeout_s = timeout_s

    def order(self, service: AssistService, call: ServiceCall) -> ServiceAnswer:
        return self._exchange(service, "POST", "", msgspec.json.encode(call))

    def ask(self, service: AssistService, remote_id: str) -> ServiceAnswer:
        return self._exchange(service, "GET", "/" + quote(remote_id, safe=""), None)

    def _exchange(self, service: AssistService, method: str, tail: str, body: bytes | None) -> ServiceAnswer:
        parts = urlsplit(service.url)
        headers = {"User-Agent": "Mingjing", "Accept": "application/json", "Content-Type": "application/json"}
        if service.token_file:
            headers["Authorization"] = f"Bearer {self._token(service.token_file)}"
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(
                parts.hostname or "", parts.port, timeout=self._timeout_s, context=context
            )
        else:
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=self._timeout_s)
        path = parts.path.rstrip("/") + tail + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(method, path or "/", body=body, headers=headers)
            answer = connection.getresponse()
            data = answer.read(_MOST_ANSWER + 1)
        except (OSError, http.client.HTTPException) as error:
            raise ServiceTrouble(f"{service.name}没有应答：{error or type(error).__name__}") from None
        finally:
            connection.close()
        return self._read(service, answer.status, data)

    @staticmethod
    def _read(service: AssistService, status: int, data: bytes) -> ServiceAnswer:
        if status in _TRANSIENT:
            raise ServiceTrouble(f"{service.name}暂时不可用（HTTP {status}）。")
        if status not in (200, 201, 202):
            raise ServiceTrouble(f"{service.name}拒绝了请求（HTTP {status}）。", is_final=True)
        if len(data) > _MOST_ANSWER:
            raise ServiceTrouble(f"{service.name}的应答太大。", is_final=True)
        try:
            found = _answers.decode(data)
        except msgspec.MsgspecError:
            raise ServiceTrouble(f"{service.name}的应答无法理解。", is_final=True) from None
        if found.state not in ("done", "working", "failed"):
            raise ServiceTrouble(f"{service.name}的应答无法理解：状态“{found.state[:40]}”。", is_final=True)
        return found

    def _token(self, name: str) -> str:
        try:
            with (self._secrets / name).open("rb") as file:
                token = file.read(_MOST_TOKEN).decode("ascii").strip()
        except (OSError, UnicodeDecodeError):
            token = ""
        if not token or any(character.isspace() for character in token):
            raise ServiceTrouble(f"令牌文件“{name}”不可用，请放入服务器的 secrets 目录。", is_final=True)
        return token
