"""Handlers of shared/contract/identity.py."""

from __future__ import annotations

from collections.abc import Callable

from server.identity.captcha import Captchas
from server.identity.service import IdentityService
from server.kernel.clock import SystemClock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.kernel.errors import Refusal
from shared.contract import identity as contract
from shared.contract.base import Nothing
from shared.contract.errors import ErrorCode


class IdentityHandlers:
    """`describe` says what the server tells to a heartbeat; bootstrap knows it."""

    def __init__(
        self, service: IdentityService, describe: Callable[[], contract.ServerView], captchas: Captchas | None = None
    ) -> None:
        self._service = service
        self._describe = describe
        self._captchas = captchas or Captchas(SystemClock())

    @handles_alone
    def get_captcha(self, request: contract.GetCaptcha, caller: Caller) -> contract.CaptchaView:
        return self._captchas.make(request.login)

    @handles_alone
    def login(self, request: contract.Login, caller: Caller) -> contract.SessionView:
        self._captchas.check(request.login, request.captcha_id, request.captcha)
        try:
            session = self._service.login(request.login, request.password, request.station, caller.address)
        except Refusal as refusal:
            if refusal.body.code is ErrorCode.WRONG_PASSWORD and not refusal.body.retry_after_s:
                self._captchas.failed(request.login)
            raise
        self._captchas.passed(request.login)
        return session

    @handles_alone
    def logout(self, request: contract.Logout, caller: Caller) -> Nothing:
        self._service.logout(caller.session_token)
        return Nothing()

    @handles_alone
    def ping(self, request: contract.Ping, caller: Caller) -> contract.ServerView:
        return self._describe()

    @handles_alone
    def change_password(self, request: contract.ChangePassword, caller: Caller) -> Nothing:
        self._service.change_password(caller, request.old, request.new)
        return Nothing()

    @handles
    def list_users(self, request: contract.ListUsers, caller: Caller, uow: UnitOfWork) -> tuple[contract.UserView, ...]:
        return self._service.list_users(uow)

    @handles_alone
    def create_user(self, request: contract.CreateUser, caller: Caller) -> contract.UserView:
        return self._service.create_user(request.login, request.name, request.password, request.roles)

    @handles
    def set_user_active(self, request: contract.SetUserActive, caller: Caller, uow: UnitOfWork) -> contract.UserView:
        return self._service.set_active(uow, request.user_id, request.is_active)

    @handles_alone
    def reset_password(self, request: contract.ResetPassword, caller: Caller) -> contract.NewPasswordView:
        return self._service.give_new_password(caller, request.user_id)
