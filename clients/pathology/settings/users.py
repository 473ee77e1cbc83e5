"""用户权限管理: accounts of the department at the left, every right as a tick at the right (PA-USER-02 to -06)."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.choosing import Option as SearchOption
from clients.kit.choosing import SearchBox, Switch
from clients.kit.fields import Choice, Prompt, PromptField, Section, SwitchField, TextField, TicksField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Column, EmptyWords
from clients.kit.panels import scrolling
from clients.kit.pinyin import matches
from clients.kit.translations import Language, language, tr
from clients.pathology.desk import Desk
from clients.pathology.laying import column_of, row_of
from clients.pathology.settings.page import SettingsPage, framed
from shared.contract.pathology_settings import (
    INITIAL_PASSWORD,
    AccountsView,
    AccountView,
    AddAccount,
    ListAccounts,
    ResetAccountPassword,
    SetAccountActive,
    SetAccountRights,
    UserType,
)
from shared.domain.permissions import PATHOLOGY_WORDS
from shared.domain.permissions import Permission as May

_SIDE = 600
GROUPS: tuple[tuple[str, tuple[May, ...]], ...] = (
    (
        "登记与取材",
        (
            May.PATHOLOGY_VIEW,
            May.PATHOLOGY_REGISTER,
            May.PATHOLOGY_OPEN_OTHERS,
            May.PATHOLOGY_CAPTURE,
            May.PATHOLOGY_GROSS,
            May.PATHOLOGY_DELETE_BLOCKS,
            May.PATHOLOGY_PRINT_LABELS,
            May.PATHOLOGY_CHARGES,
        ),
    ),
    (
        "制片",
        (
            May.PATHOLOGY_VERIFY,
            May.PATHOLOGY_EMBED,
            May.PATHOLOGY_SECTION,
            May.PATHOLOGY_UNDO,
            May.PATHOLOGY_EXECUTE_ORDERS,
            May.PATHOLOGY_MANUAL_SLIDES,
        ),
    ),
    (
        "诊断与报告",
        (
            May.PATHOLOGY_DIAGNOSE,
            May.PATHOLOGY_FIRST,
            May.PATHOLOGY_CHIEF,
            May.PATHOLOGY_SECOND,
            May.PATHOLOGY_FROZEN,
            May.PATHOLOGY_SUPPLEMENT,
            May.PATHOLOGY_CONSULT,
            May.PATHOLOGY_AUDIT,
            May.PATHOLOGY_REVISE,
            May.PATHOLOGY_DELAY,
            May.PATHOLOGY_PRINT,
            May.PATHOLOGY_SEND,
        ),
    ),
    ("归档与统计", (May.PATHOLOGY_ARCHIVE, May.PATHOLOGY_LEND, May.PATHOLOGY_STATISTICS)),
)
_GROUPED = {one for _title, rights in GROUPS for one in rights}
ALL_GROUPS = (*GROUPS, ("管理", tuple(one for one in PATHOLOGY_WORDS if one not in _GROUPED)))
"""Every right of PA-USER-09 stands in exactly one group."""


class _Row:
    """An account with the words of its types."""

    def __init__(self, account: AccountView, types: dict[str, UserType]) -> None:
        self.account, self.id = account, account.id
        self.login, self.name = account.login, account.name
        words = (type_words(types[one]) if one in types else one for one in account.types)
        self.types = tr("管理员") if account.is_fixed else tr("、").join(words)
        self.state = _state_words(account)


_COLUMNS = (
    Column("login", "用户代码", 100, strong=True),
    Column("name", "用户名", 90),
    Column("types", "用户类型", 0),
    Column("state", "状态", 130, quiet=True),
)


def type_words(one: UserType) -> str:
    """The name of a type in the language of the window."""
    return one.name_en if language() is Language.ENGLISH and one.name_en else one.name


def _state_words(account: AccountView) -> str:
    if not account.is_active:
        return tr("已停用")
    if account.is_fixed:
        return tr("全部权限")
    return tr("初始密码") if account.has_initial_password else ""


class UsersPage(SettingsPage):
    """Ticks are sent as they are set, one request at a time; they count from the account's next action."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._view = AccountsView(accounts=(), types=())
        self.account: AccountView | None = None
        self._sending = False
        self.search = SearchBox([SearchOption("text", "用户代码或姓名")])
        self.search.searched.connect(lambda _mode, _text: self._fill())
        self.with_inactive = Switch("显示停用用户")
        self.with_inactive.toggled.connect(lambda _on: self.load())
        self.list = ListView(_COLUMNS, row_id=lambda one: one.id, empty=EmptyWords("没有用户", "在下方添加。", "users"))
        self.list.selected.connect(self._choose)
        self.list.retry.connect(self.load)
        self.adding = FormView([Section("添加用户", self._new_fields())], columns=4)
        self.adding.submitted.connect(self.add)
        self.add_button = Button("添加用户", "primary", "add", on_click=self.adding.submit)
        self.title = Label("请选择用户", "title")
        self.note = Label("", "quiet", wrap=True)
        self.rights = FormView(
            [Section("", [_ticks(title, rights)]) for title, rights in ALL_GROUPS if rights], columns=1
        )
        self.rights.changed.connect(lambda _key: self.send())
        self.seed_button = Button("按用户类型", "", "undo", on_click=self.seed)
        self.seed_button.setToolTip(tr("恢复为该用户类型的默认权限"))
        self.reset_button = Button("重置密码", "", "key", on_click=self._ask_reset)
        self.delete_button = Button("删除用户", "danger", "clear", on_click=self._ask_delete)
        self.back_button = Button("恢复使用", "", "check", on_click=lambda: self.set_active(True))
        self._lay_out()
        self._show_account()
        self.load()

    def _lay_out(self) -> None:
        left = QWidget()
        box = QVBoxLayout(left)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(column_of(row_of(self.search, self.with_inactive)))
        box.addWidget(hairline())
        box.addWidget(self.list, 1)
        box.addWidget(hairline())
        words = tr("新用户的初始密码为 {password}，首次登录必须修改。", password=INITIAL_PASSWORD)
        note = Label("", "caption", wrap=True)
        note.setText(words)
        foot = row_of(note, self.add_button)
        foot.setStretch(0, 1)
        box.addWidget(column_of(self.adding, foot))
        side = QWidget()
        side.setFixedWidth(_SIDE)
        right = QVBoxLayout(side)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(column_of(self.title, self.note, spacing=2))
        right.addWidget(hairline())
        right.addWidget(scrolling(column_of(self.rights)), 1)
        middle = QWidget()
        line = QHBoxLayout(middle)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(left, 1)
        line.addWidget(hairline(vertical=True))
        line.addWidget(side)
        framed(self, middle, row_of(None, self.back_button, self.seed_button, self.reset_button, self.delete_button))

    def load(self) -> None:
        """Fetch accounts and types."""
        self.ask(ListAccounts(with_inactive=self.with_inactive.isChecked()), self._came)

    def add(self) -> None:
        """添加用户."""
        values = self.adding.values()
        chosen = self._type_of(str(values["type"] or ""))
        if chosen is None:
            self.adding.show_problems({"type": tr("没有这个用户类型，请从列表中选择。")})
            return
        request = AddAccount(login=values["login"], name=values["name"], type=chosen.code, seeded=values["seeded"])

        def came(account: AccountView) -> None:
            self.adding.clear()
            self.account = account
            self.say("用户已添加。")
            self.load()

        self.ask(request, came, self.adding)

    def _new_fields(self) -> list[Any]:
        return [
            TextField(key="login", label="用户代码", required=True, max_length=40),
            TextField(key="name", label="用户名", required=True, max_length=60),
            PromptField(key="type", label="用户类型", required=True, max_length=60, source=self._types),
            SwitchField(key="seeded", label="授予默认权限"),
        ]

    def _types(self) -> tuple[Prompt, ...]:
        return tuple(Prompt(type_words(one)) for one in self._view.types)

    def _type_of(self, typed: str) -> UserType | None:
        """The type that was picked or typed, by its name in either language or its code."""
        wanted = typed.strip().casefold()
        names = ((one, {one.code, one.name.casefold(), one.name_en.casefold()}) for one in self._view.types)
        return next((one for one, known in names if wanted in known), None)

    def ticked(self) -> tuple[May, ...]:
        """The rights ticked now, in the order of the catalogue."""
        chosen = {right for values in self.rights.values().values() for right in values}
        return tuple(one for one in PATHOLOGY_WORDS if one in chosen)

    def send(self) -> None:
        """Store the ticks; while a request is on its way, the newest ones follow it."""
        account = self.account
        if account is None or self._sending or self.ticked() == account.rights:
            return
        self._sending = True

        def came(kept: AccountView) -> None:
            self._sending = False
            self._keep(kept)
            if self.account is not None and self.account.id == kept.id:
                self.send()

        self.ask(SetAccountRights(user_id=account.id, version=account.version, rights=self.ticked()), came)

    def seed(self) -> None:
        """The rights of the account's types again."""
        if self.account is not None:
            self._tick(self.account.seeded)
            self.send()

    def set_active(self, is_active: bool) -> None:
        """删除用户, or back again."""
        account = self.account
        if account is None:
            return

        def came(kept: AccountView) -> None:
            self._keep(kept)
            self.say("用户已恢复使用。" if is_active else "用户已停用；其签名和记录不变。")
            self.load()

        self.ask(SetAccountActive(user_id=account.id, version=account.version, is_active=is_active), came)

    def reset_password(self) -> None:
        """The initial password again."""
        account = self.account
        if account is None:
            return

        def came(kept: AccountView) -> None:
            self._keep(kept)
            self.say("密码已重置为初始密码，首次登录必须修改。")

        self.ask(ResetAccountPassword(user_id=account.id, version=account.version), came)

    def failed(self, error: Exception, form: FormView | None, names: Any) -> None:
        super().failed(error, form, names)
        if form is None and not self.list.total:
            self.list.show_error(message_for(error))
        if self._sending:  # somebody else changed the account, or the ticks were refused: show what is true
            self._sending = False
            self.desk.place.messages.report(error)
            self.load()

    def _came(self, view: AccountsView) -> None:
        self._view = view
        self._fill()
        wanted = self.account.id if self.account is not None else 0
        chosen = next((one for one in view.accounts if one.id == wanted), None)
        self.account = chosen
        if chosen is not None:
            self.list.select_id(chosen.id)
        self._show_account()

    def _keep(self, account: AccountView) -> None:
        accounts = tuple(account if one.id == account.id else one for one in self._view.accounts)
        self._view = AccountsView(accounts=accounts, types=self._view.types)
        if self.account is not None and self.account.id == account.id:
            self.account = account
        self._fill()

    def _fill(self) -> None:
        types, typed = {one.code: one for one in self._view.types}, self.search.text
        rows = (_Row(one, types) for one in self._view.accounts)
        self.list.set_rows(tuple(one for one in rows if matches(one.login, typed) or matches(one.name, typed)))

    def _choose(self, chosen: _Row | None) -> None:
        if chosen is not None and (self.account is None or chosen.id != self.account.id):
            self.account = chosen.account
            self._show_account()

    def _tick(self, rights: tuple[May, ...]) -> None:
        self.rights.set_values({title: tuple(one for one in group if one in rights) for title, group in ALL_GROUPS})

    def _show_account(self) -> None:
        account = self.account
        if account is None:
            self.title.set_source("请选择用户")
            self.note.set_source("勾选即授予，取消即收回；从该用户的下一次操作起生效。")
        else:
            self.title.set_source("{name}（{login}）", name=account.name, login=account.login)
            fixed = "管理员拥有全部权限，不能在这里更改。"
            self.note.set_source(fixed if account.is_fixed else "勾选即授予，取消即收回；从该用户的下一次操作起生效。")
        may_change = account is not None and not account.is_fixed
        self._tick(account.rights if account is not None else ())
        self.rights.set_read_only(not may_change or not (account is not None and account.is_active))
        for button in (self.seed_button, self.reset_button, self.delete_button):
            button.setEnabled(may_change and account is not None and account.is_active)
        self.back_button.setVisible(account is not None and not account.is_active)

    def _ask_delete(self) -> None:
        if self.account is not None:
            words = tr("“{name}”将不能再登录。已签名的报告和记录保留其姓名。确定要删除吗？", name=self.account.name)
            self.confirm("删除用户", words, "删除用户", lambda: self.set_active(False))

    def _ask_reset(self) -> None:
        if self.account is not None:
            words = tr("“{name}”的密码将重置为初始密码，已登录的工作站会退出。", name=self.account.name)
            self.confirm("重置密码", words, "重置密码", self.reset_password)


def _ticks(title: str, rights: tuple[May, ...]) -> TicksField:
    choices = [Choice(one, PATHOLOGY_WORDS[one][0]) for one in rights]
    return TicksField(key=title, label=title, choices=choices, columns=3, span=1)
