"""Use cases of accounts and sessions."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, event, select

from server.identity.roles import add_missing_roles, permissions_of_user, role_names
from server.identity.rules import (
    LOCK_AFTER_FAILURES,
    SESSION_HARD_LIMIT,
    SESSION_IDLE_LIMIT,
    password_fault,
    wait_after,
)
from server.identity.tables import SessionRow, UserRow
from server.kernel.clock import Clock
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from shared.contract.errors import ErrorCode
from shared.contract.identity import NewPasswordView, SessionView, UserView
from shared.contract.pathology_settings import INITIAL_PASSWORD
from shared.dicomkit.names import search_keys
from shared.domain.permissions import ROLES, Permission

_LOGIN = re.compile(r"^[a-z][a-z0-9_.-]{1,39}$")
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks alike: passwords are read out and copied by hand
_BEFORE_CHANGE = frozenset({Permission.ANYONE, Permission.OWN_ACCOUNT})
"""What a session may do that was opened with the initial password."""
_TOUCH_EVERY = timedelta(minutes=5)  # how stale `used_at` on disk may be


class IdentityService:
    """Accounts and sessions. Sessions are cached in memory; the table lets them survive a restart."""

    def __init__(self, database: Database, clock: Clock, notice_topic: str) -> None:
        self._database = database
        self._clock = clock
        self._notice_topic = notice_topic
        # OWASP's second profile: 19 MiB, two passes. A hundred stations sign in within seconds in the morning.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._nobody_hash = self._hasher.hash(secrets.token_hex(8))
        self._lock = threading.Lock()
        self._cache: dict[str, tuple[Caller, datetime, datetime]] = {}  # hash → caller, opened, used

    # ── sessions ──

    def login(self, login: str, password: str, station: str, address: str) -> SessionView:
        """Check the password and open a session. Opens its own units of work: hashing takes 20 ms.

        Raises Refusal: WRONG_PASSWORD, ACCOUNT_LOCKED.
        """
        now = self._clock.now()
        with self._database.read() as uow:
            user = uow.session.scalar(select(UserRow).where(UserRow.login == login.strip().lower()))
        if user is not None and user.last_failure is not None:
            _refuse_while_waiting(user, now)
        is_right = self._verify(user.password_hash if user else self._nobody_hash, password)
        if user is None or not is_right or not user.is_active:
            if user is not None:
                self._count_failure(user.id, now)
            raise Refusal(ErrorCode.WRONG_PASSWORD, "用户名或密码错误", field="password")
        token = secrets.token_urlsafe(32)
        with self._database.write() as uow:
            row = uow.session.get_one(UserRow, user.id)
            row.failures, row.last_failure = 0, None
            uow.session.add(
                SessionRow(token_hash=_digest(token), user_id=row.id, station=station[:80], opened_at=now, used_at=now)
            )
            permissions = permissions_of_user(uow, row)
        caller = _caller(row, permissions, station=station, token=token, address=address)
        allowed = caller.permissions
        if row.must_change_password and password == INITIAL_PASSWORD:
            caller = replace(caller, permissions=caller.permissions & _BEFORE_CHANGE)
        self._remember(token, caller, now, now)
        return SessionView(
            token=token,
            user_id=row.id,
            login=row.login,
            name=row.name,
            roles=tuple(row.roles.split(",")),
            permissions=tuple(sorted(allowed)),
            notice_topic=self._notice_topic,
            expires=now + SESSION_HARD_LIMIT,
            must_change_password=row.must_change_password,
        )

    def authenticate(self, token: str) -> Caller:
        """Return who holds `token`. Raises Refusal: NOT_SIGNED_IN, SESSION_EXPIRED."""
        if not token:
            raise Refusal(ErrorCode.NOT_SIGNED_IN, "请先登录。")
        digest = _digest(token)
        now = self._clock.now()
        known = self._cache.get(digest) or self._recall(digest, token)
        if known is None:
            raise Refusal(ErrorCode.SESSION_EXPIRED, "登录已失效，请重新登录。")
        caller, opened, used = known
        if now - used > SESSION_IDLE_LIMIT or now - opened > SESSION_HARD_LIMIT:
            self.logout(token)
            raise Refusal(ErrorCode.SESSION_EXPIRED, "登录已过期，请重新登录。")
        if now - used > _TOUCH_EVERY:
            with self._database.write() as uow:
                row = uow.session.get(SessionRow, digest)
                if row is not None:
                    row.used_at = now
            self._remember(token, caller, opened, now)
        return caller

    def look_up(self, token: str) -> Caller:
        """As `authenticate`, but asks the database each time: for processes that no log-out reaches.

        Raises Refusal: NOT_SIGNED_IN, SESSION_EXPIRED.
        """
        if not token:
            raise Refusal(ErrorCode.NOT_SIGNED_IN, "请先登录。")
        digest = _digest(token)
        with self._lock:
            self._cache.pop(digest, None)
        return self.authenticate(token)

    def logout(self, token: str) -> None:
        """Close a session; closing one that is not open is no error."""
        digest = _digest(token)
        with self._lock:
            self._cache.pop(digest, None)
        with self._database.write() as uow:
            uow.session.execute(delete(SessionRow).where(SessionRow.token_hash == digest))

    def change_password(self, caller: Caller, old: str, new: str) -> None:
        """Change the own password and close the account's other sessions. Raises Refusal: WRONG_PASSWORD, INVALID."""
        with self._database.read() as uow:
            user = uow.session.get_one(UserRow, caller.user_id)
        if not self._verify(user.password_hash, old):
            self._count_failure(user.id, self._clock.now())
            raise Refusal(ErrorCode.WRONG_PASSWORD, "原密码不正确。", field="old")
        new_hash = self._checked_hash(new, user.login, "new")
        with self._database.write() as uow:
            row = uow.session.get_one(UserRow, caller.user_id)
            row.password_hash, row.must_change_password = new_hash, False
            row.touch()
            mine = _digest(caller.session_token)
            uow.session.execute(delete(SessionRow).where(SessionRow.user_id == row.id, SessionRow.token_hash != mine))
        was_initial = old == INITIAL_PASSWORD  # the own session may do more from now on: it is read anew
        self._forget(lambda other, digest: other.user_id == caller.user_id and (was_initial or digest != mine))

    # ── accounts ──

    def create_user(self, login: str, name: str, password: str, roles: tuple[str, ...]) -> UserView:
        """Create an account. Raises Refusal: INVALID, DUPLICATE."""
        login = login.strip().lower()
        self._check_account(login, name, roles)
        return self._add(login, name, self._checked_hash(password, login, "password"), roles)

    def _check_account(self, login: str, name: str, roles: tuple[str, ...]) -> None:
        if not _LOGIN.match(login):
            raise invalid("login", "登录名为 2–40 个小写字母、数字或 . _ -，以字母开头。")
        if not name.strip():
            raise invalid("name", "请填写姓名。")
        with self._database.read() as uow:
            known = {**dict.fromkeys(ROLES), **role_names(uow)}
        unknown = [role for role in roles if role not in known]
        if unknown or not roles:
            raise invalid("roles", f"没有这样的角色：{'、'.join(unknown) or '（空）'}。可用：{'、'.join(known)}。")

    def create_with_initial_password(self, login: str, name: str, roles: tuple[str, ...]) -> UserView:
        """Create an account with the password that everybody knows: it must be changed before anything else.

        Raises Refusal: INVALID, DUPLICATE.
        """
        login = login.strip().lower()
        self._check_account(login, name, roles)
        return self._add(login, name, self.initial_hash(), roles, must_change=True)

    def initial_hash(self) -> str:
        """Return a hash of the initial password."""
        return self._hasher.hash(INITIAL_PASSWORD)

    def _add(
        self, login: str, name: str, password_hash: str, roles: tuple[str, ...], *, must_change: bool = False
    ) -> UserView:
        with self._database.write() as uow:
            existing = uow.session.scalar(select(UserRow).where(UserRow.login == login))
            if existing is not None:
                raise Refusal(ErrorCode.DUPLICATE, f"登录名“{login}”已被使用。", field="login", existing_id=existing.id)
            row = UserRow(login=login, name=name.strip(), password_hash=password_hash, roles=",".join(roles))
            row.campus_ids, row.department_ids, row.pinyin = [], [], search_keys(row.name)[1][:50]
            row.granted, row.revoked, row.must_change_password = [], [], must_change
            uow.session.add(row)
            uow.session.flush()
            return _view(row)

    def list_users(self, uow: UnitOfWork) -> tuple[UserView, ...]:
        """Return all accounts by login."""
        return tuple(_view(row) for row in uow.session.scalars(select(UserRow).order_by(UserRow.login)))

    def person(self, uow: UnitOfWork, account_id: int) -> tuple[str, str]:
        """Return login and display name of an account. Raises Refusal: NOT_FOUND."""
        row = uow.session.get(UserRow, account_id)
        if row is None:
            raise not_found("账号")
        return row.login, row.name

    def set_active(self, uow: UnitOfWork, user_id: int, is_active: bool) -> UserView:
        """Enable or disable an account and close its sessions. Raises Refusal: NOT_FOUND."""
        row = uow.session.get(UserRow, user_id)
        if row is None:
            raise not_found("账号")
        row.is_active = is_active
        row.touch()
        self.changed_user(uow, user_id, is_active=is_active)
        return _view(row)

    def changed_user(self, uow: UnitOfWork, user_id: int, *, is_active: bool) -> None:
        """Note that an account changed: its sessions get its present rights, or are closed."""
        if not is_active:
            uow.session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))
        self._forget_after(uow, lambda other, _digest: other.user_id == user_id)

    def close_sessions(self, uow: UnitOfWork, user_id: int) -> None:
        """End what an account has open."""
        uow.session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))
        self._forget_after(uow, lambda other, _digest: other.user_id == user_id)

    def changed_roles(self, uow: UnitOfWork) -> None:
        """Note that a role changed: all sessions get their present rights."""
        self._forget_after(uow, lambda _other, _digest: True)

    def give_new_password(self, caller: Caller, user_id: int) -> NewPasswordView:
        """Make a password that can be read out, and close the account's sessions. Raises NOT_FOUND, ILLEGAL_ACTION."""
        if user_id == caller.user_id:
            raise illegal_action("own", "自己的密码请用“修改密码”更改。")
        password = "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(3))
        password_hash = self._hasher.hash(password)
        with self._database.write() as uow:
            row = uow.session.get(UserRow, user_id)
            if row is None:
                raise not_found("账号")
            row.password_hash, row.must_change_password = password_hash, True
            row.failures, row.last_failure = 0, None
            row.touch()
            uow.session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))
            self._forget_after(uow, lambda other, _digest: other.user_id == user_id)
            return NewPasswordView(user_id=row.id, login=row.login, secret=password)

    def has_accounts(self, uow: UnitOfWork) -> bool:
        """Return whether any account exists besides the administrator made at the first start."""
        return uow.session.scalar(select(UserRow.id).where(UserRow.login != "admin").limit(1)) is not None

    def ensure_administrator(self) -> str:
        """Make the administrator on an empty database; return its new password, or "" when there is one already."""
        with self._database.write() as uow:
            add_missing_roles(uow)
            if uow.session.scalar(select(UserRow.id).limit(1)) is not None:
                return ""
        password = secrets.token_urlsafe(15)
        self.create_user("admin", "管理员", password, ("administrator",))
        return password

    # ── private ──

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):  # the latter: an account that was given no password yet
            return False

    def _checked_hash(self, password: str, login: str, field: str) -> str:
        fault = password_fault(password, login)
        if fault:
            raise invalid(field, fault)
        return self._hasher.hash(password)

    def _count_failure(self, user_id: int, now: datetime) -> None:
        with self._database.write() as uow:
            row = uow.session.get_one(UserRow, user_id)
            if row.failures >= LOCK_AFTER_FAILURES:
                row.failures = 0  # the lock has run out
            row.failures += 1
            row.last_failure = now

    def _forget_after(self, uow: UnitOfWork, matches: Callable[[Caller, str], bool]) -> None:
        """Drop cached sessions now, and again once the change is committed: one may be read anew in between."""
        self._forget(matches)
        event.listen(uow.session, "after_commit", lambda _session: self._forget(matches), once=True)

    def _remember(self, token: str, caller: Caller, opened: datetime, used: datetime) -> None:
        with self._lock:
            self._cache[_digest(token)] = (caller, opened, used)

    def _forget(self, matches: object) -> None:
        with self._lock:
            assert callable(matches)
            for digest in [d for d, (caller, _o, _u) in self._cache.items() if matches(caller, d)]:
                del self._cache[digest]

    def _recall(self, digest: str, token: str) -> tuple[Caller, datetime, datetime] | None:
        with self._database.read() as uow:
            found = uow.session.execute(
                select(SessionRow, UserRow)
                .join(UserRow, UserRow.id == SessionRow.user_id)
                .where(SessionRow.token_hash == digest, UserRow.is_active)
            ).first()
            if found is None:
                return None
            session, user = found
            permissions = permissions_of_user(uow, user)
        caller = _caller(user, permissions, station=session.station, token=token, address="")
        if user.must_change_password and self._verify(user.password_hash, INITIAL_PASSWORD):
            caller = replace(caller, permissions=caller.permissions & _BEFORE_CHANGE)
        self._remember(token, caller, session.opened_at, session.used_at)
        return caller, session.opened_at, session.used_at


def _refuse_while_waiting(user: UserRow, now: datetime) -> None:
    assert user.last_failure is not None
    until = wait_after(user.failures, user.last_failure)
    if now >= until:
        return
    seconds = (until - now).total_seconds()
    if user.failures >= LOCK_AFTER_FAILURES:
        message = f"密码错误次数过多，账号已锁定，请 {int(seconds // 60) + 1} 分钟后再试或联系管理员。"
        raise Refusal(ErrorCode.ACCOUNT_LOCKED, message, retry_after_s=seconds)
    raise Refusal(
        ErrorCode.WRONG_PASSWORD, f"请等待 {int(seconds) + 1} 秒后再试。", field="password", retry_after_s=seconds
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _caller(row: UserRow, permissions: frozenset[Permission], *, station: str, token: str, address: str) -> Caller:
    campuses, departments = frozenset(row.campus_ids), frozenset(row.department_ids)
    if campuses or departments:  # who is limited does not manage the whole hospital
        permissions -= {Permission.ADMINISTER}
    return Caller(
        campus_ids=campuses,
        department_ids=departments,
        user_id=row.id,
        login=row.login,
        name=row.name,
        permissions=permissions,
        station=station,
        address=address,
        session_token=token,
    )


def _view(row: UserRow) -> UserView:
    return UserView(
        id=row.id,
        login=row.login,
        name=row.name,
        roles=tuple(row.roles.split(",")),
        is_active=row.is_active,
        version=row.version,
    )
