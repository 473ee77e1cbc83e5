"""The log-in of the ECG workstation: 用户名, 口令, and 验证码 when the server asks for one (ECG-LOGIN-01)."""

from __future__ import annotations

from dataclasses import replace

from clients.kit.fields import Section, TextField
from clients.kit.login import PASSWORD_FIELD, SERVER_FIELD, LoginPage


class EcgLogin(LoginPage):
    """The kit's page in the words of the ECG network."""

    def sections(self) -> list[Section]:
        return [
            Section(
                "",
                [
                    SERVER_FIELD,
                    TextField(key="user", label="用户名", required=True),
                    replace(PASSWORD_FIELD, label="口令"),
                ],
            )
        ]
