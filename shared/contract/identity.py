"""Accounts, sessions and what the server says of itself."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Channel, Command, Nothing, Query
from shared.domain.permissions import Permission


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """An open session. `notice_topic` is the prefix to subscribe to on the notices socket."""

    token: str
    user_id: int
    login: str
    name: str
    roles: tuple[str, ...]
    permissions: tuple[Permission, ...]
    notice_topic: str
    expires: datetime  # UTC; moved on by use
    must_change_password: bool = False


class CaptchaView(msgspec.Struct, frozen=True, kw_only=True):
    """A captcha (验证码): a PNG with letters and figures, good for one attempt within `seconds`.

    `required`: the next attempt must bring one; else the form need not ask it.
    """

    id: str
    image: bytes
    required: bool
    seconds: int


class GetCaptcha(Query[CaptchaView], frozen=True, kw_only=True):
    """A new captcha for the log-in with this name; whether such an account exists makes no difference."""

    method = "identity.get_captcha"
    permission = Permission.ANYONE
    audit = AuditClass.ROUTINE
    channel = Channel.URGENT

    login: str = ""


class Login(Command[SessionView], frozen=True, kw_only=True):
    """Open a session. Refusals: WRONG_PASSWORD (after a delay that grows), ACCOUNT_LOCKED, INVALID (field "captcha":
    one is asked after repeated wrong passwords, or the one brought is wrong or expired)."""

    method = "identity.login"
    permission = Permission.ANYONE
    audit = AuditClass.SECURITY
    channel = Channel.URGENT

    login: str
    password: str
    station: str = ""  # name of the workstation, for the audit log
    captcha_id: str = ""  # of GetCaptcha
    captcha: str = ""  # what was read in the picture; capital or small makes no difference


class Logout(Command[Nothing], frozen=True, kw_only=True):
    """Close this session."""

    method = "identity.logout"
    permission = Permission.OWN_ACCOUNT
    audit = AuditClass.SECURITY
    channel = Channel.URGENT


class ServerView(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says to a heartbeat."""

    name: str
    version: str
    protocol: int
    time: datetime  # UTC
    disk_free_mb: int
    disk_warning: str = ""  # a sentence when space runs out


class Ping(Query[ServerView], frozen=True, kw_only=True):
    """Heartbeat; needs no session."""

    method = "identity.ping"
    permission = Permission.ANYONE
    audit = AuditClass.ROUTINE
    channel = Channel.URGENT


class ChangePassword(Command[Nothing], frozen=True, kw_only=True):
    """Change the own password. Refusals: WRONG_PASSWORD, INVALID (too short)."""

    method = "identity.change_password"
    permission = Permission.OWN_ACCOUNT
    audit = AuditClass.SECURITY

    old: str
    new: str


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """An account; passwords never leave the server."""

    id: int
    login: str
    name: str
    roles: tuple[str, ...]
    is_active: bool
    version: int


class ListUsers(Query[tuple[UserView, ...]], frozen=True, kw_only=True):
    """All accounts."""

    method = "identity.list_users"
    permission = Permission.ADMINISTER
    audit = AuditClass.SECURITY


class CreateUser(Command[UserView], frozen=True, kw_only=True):
    """Create an account. Refusals: DUPLICATE (login taken), INVALID (unknown role, short password)."""

    method = "identity.create_user"
    permission = Permission.ADMINISTER
    audit = AuditClass.SECURITY

    login: str
    name: str
    password: str
    roles: tuple[str, ...]


class SetUserActive(Command[UserView], frozen=True, kw_only=True):
    """Enable or disable an account; disabling closes its sessions. Refusals: NOT_FOUND."""

    method = "identity.set_user_active"
    permission = Permission.ADMINISTER
    audit = AuditClass.SECURITY

    user_id: int
    is_active: bool


class NewPasswordView(msgspec.Struct, frozen=True, kw_only=True):
    """A password that was made just now: it is told this one time and must be changed at the next log-in."""

    user_id: int
    login: str
    secret: str


class ResetPassword(Command[NewPasswordView], frozen=True, kw_only=True):
    """重设密码: a new password for an account; its sessions are closed. Refusals: NOT_FOUND, ILLEGAL_ACTION (own)."""

    method = "identity.reset_password"
    permission = Permission.ADMINISTER
    audit = AuditClass.SECURITY

    user_id: int
