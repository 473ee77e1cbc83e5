"""The log-in page: server, user, password; remembers the first two; says at the field what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from clients.kit.connection import Connection, Connector
from clients.kit.fields import Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.messages import Message, message_for
from clients.kit.running import TaskRunner
from clients.kit.settings import UserSettings
from clients.kit.theme import current_theme
from clients.kit.translations import Language, language, set_language, tr
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.identity import CaptchaView, GetCaptcha, SessionView
from shared.release import VERSION

SERVER_KEY, USER_KEY, LANGUAGE_KEY = "login/server", "login/user", "language"


SERVER_FIELD = TextField(
    key="server",
    label="服务器",
    required=True,
    max_length=500,
    hint="连接字符串由管理员提供，首次填写后自动记住。",
)
PASSWORD_FIELD = TextField(key="password", label="密码", required=True, max_length=256, secret=True)


@dataclass(frozen=True)
class SignedIn:
    """An open session and the line it runs over."""

    connection: Connection
    session: SessionView


class ConnectionStringWrong(Exception):
    """The server field cannot be understood; the sentence says what is expected."""


class LoginPage(QWidget):
    """Asks for server, user and password and hands over an open session; all waiting happens off the GUI thread."""

    signed_in = Signal(object)
    """SignedIn."""

    def __init__(self, title: str, connector: Connector, runner: TaskRunner, settings: UserSettings) -> None:
        super().__init__()
        self._connector = connector
        self._runner = runner
        self._settings = settings
        self._wait_s = 0
        self._asked_captcha_of = ""
        self.setProperty("look", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 16)
        top = QHBoxLayout()
        top.addStretch(1)
        self.language_button = Button("English", "quiet", "language", on_click=self._toggle_language)
        top.addWidget(self.language_button)
        outer.addLayout(top)
        outer.addStretch(2)
        card = QFrame()
        card.setProperty("look", "card")
        card.setFixedWidth(400)
        box = QVBoxLayout(card)
        box.setContentsMargins(32, 32, 32, 32)
        box.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(Mark(40))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Label("明镜影像", "headline"))
        words.addWidget(Label(title, "quiet"))
        head.addLayout(words, 1)
        box.addLayout(head)
        box.addSpacing(16)
        self.form = FormView(self.sections(), columns=1)
        box.addWidget(self.form)
        self.captcha = CaptchaRow(self._renew_captcha)
        box.addWidget(self.captcha)
        box.addSpacing(8)
        self.button = Button("登录", "primary", on_click=self.form.submit)
        box.addLayout(self.button_row())
        self.notice = Label("", "error", wrap=True)
        self.notice.hide()
        self.notice.setAlignment(Qt.AlignmentFlag.AlignTop)
        box.addWidget(self.notice)
        outer.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addWidget(Label("版本 {version}", "quiet", version=VERSION), 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(3)
        self._countdown = QTimer(self)
        self._countdown.setInterval(1000)
        self._countdown.timeout.connect(self._tick)
        self.form.submitted.connect(self._log_in)
        self.captcha.form.submitted.connect(self.form.submit)
        self.form.changed.connect(lambda _key: self._say(""))
        self.form.set_values({"server": settings.get(SERVER_KEY, ""), "user": settings.get(USER_KEY, "")})
        self._show_language()

    def sections(self) -> list[Section]:
        """What is asked; a department's own log-in page asks more. `server`, `user` and `password` are always there."""
        return [
            Section(
                "",
                [
                    SERVER_FIELD,
                    TextField(key="user", label="用户名", required=True),
                    PASSWORD_FIELD,
                ],
            )
        ]

    def button_row(self) -> QHBoxLayout:
        """The row of the button 登录."""
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.button, 1)
        return row

    def set_server(self, server: str) -> None:
        """Fill the server field (a connection string given on the command line)."""
        self.form.set_values({"server": server})

    def focus_first(self) -> None:
        """Put the keyboard into the first empty field."""
        values = self.form.values()
        self.form.focus(next((key for key in ("server", "user", "password") if not values[key]), "password"))

    def say(self, sentence: str) -> None:
        """Show a finished sentence under the button (why the user is here again)."""
        self._say(sentence)

    def showEvent(self, event: object) -> None:
        QTimer.singleShot(0, self, self.focus_first)
        QTimer.singleShot(0, self, self._ask_captcha_first)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._show_language()
        super().changeEvent(event)

    def _toggle_language(self) -> None:
        new = Language.ENGLISH if language() is Language.CHINESE else Language.CHINESE
        self._settings.set(LANGUAGE_KEY, new.value)
        self._say("")
        set_language(new)

    def _show_language(self) -> None:
        self.language_button.set_source("English" if language() is Language.CHINESE else "中文")

    def _log_in(self) -> None:
        if self._wait_s > 0 or not self.button.isEnabled():
            return
        values = self.form.values()
        if self.captcha.is_wanted and not self.captcha.form.validate():
            return
        self._set_busy(True)
        self._runner.run(
            _Attempt(self._connector, values["server"], values["user"], values["password"], self.captcha.answer),
            self._on_signed_in,
            self._on_failed,
            key="login",
        )

    def _on_signed_in(self, opened: SignedIn) -> None:
        self._set_busy(False)
        self._settings.set(SERVER_KEY, self.form.value("server"))
        self._settings.set(USER_KEY, self.form.value("user"))
        self.form.set_values({"password": ""})
        self.captcha.put_away()
        self._asked_captcha_of = ""
        self.signed_in.emit(opened)

    def _on_failed(self, error: Exception) -> None:
        self._set_busy(False)
        if isinstance(error, ConnectionStringWrong):
            self.form.show_problems({"server": tr("连接字符串无效，请向管理员索取后完整粘贴。")})
            return
        message: Message = message_for(error)
        self._renew_captcha()  # one is good for one attempt
        if not isinstance(error, RpcError):
            self._say(message.text)
        elif error.code is ErrorCode.INVALID and error.body.field == "captcha":
            self.captcha.form.show_problems({"captcha": tr("验证码不正确或已过期，请按新的图片输入。")})
        elif error.code is ErrorCode.WRONG_PASSWORD:
            self.form.set_values({"password": ""})
            self.captcha.form.set_values({"captcha": ""})
            self.form.show_problems(
                {"password": tr("用户名或密码错误")}
            )  # whatever was wrong of the two (ECG-LOGIN-05)
            self._wait(round(error.body.retry_after_s))
        elif error.code is ErrorCode.ACCOUNT_LOCKED:
            self._say(message.text)
            self._wait(min(30, round(error.body.retry_after_s)))
        elif error.code in (ErrorCode.OFFLINE, ErrorCode.TIMEOUT, ErrorCode.UNAVAILABLE):
            self.form.show_problems({"server": tr("无法连接服务器，请检查网络或连接字符串。")})
        else:
            self._say(message.text)

    # ── captcha ──────────────────────────────────────────────────────────────────────────────────────

    def _renew_captcha(self) -> None:
        """Ask whether the next attempt needs a captcha, and for its picture; without an answer nothing changes."""
        server = str(self.form.value("server") or "")
        if server:
            ask = _AskCaptcha(self._connector, server, str(self.form.value("user") or ""))
            self._runner.run(ask, self._captcha_came, lambda _error: None, key="login.captcha")

    def _captcha_came(self, view: CaptchaView) -> None:
        self.captcha.show_captcha(view)

    def _ask_captcha_first(self) -> None:
        """A hospital may want a captcha from the first attempt on (`captcha_after` = 0)."""
        server = str(self.form.value("server") or "")
        if server and server != self._asked_captcha_of:
            self._asked_captcha_of = server
            self._renew_captcha()

    def _wait(self, seconds: int) -> None:
        self._wait_s = seconds
        if seconds > 0:
            self._countdown.start()
            self._tick(first=True)

    def _tick(self, first: bool = False) -> None:
        if not first:
            self._wait_s -= 1
        self.button.setEnabled(self._wait_s <= 0)
        if self._wait_s <= 0:
            self._countdown.stop()
            self.button.set_source("登录")
        else:
            self.button.set_source("请等待 {seconds} 秒", seconds=self._wait_s)

    def _set_busy(self, busy: bool) -> None:
        self.button.setEnabled(not busy)
        self.button.set_source("正在登录…" if busy else "登录")
        self.form.set_read_only(busy)
        if busy:
            self._say("")

    def _say(self, sentence: str) -> None:
        self.notice.setText(sentence)
        self.notice.setVisible(bool(sentence))


class _Attempt:
    """Connects and logs in, in a worker thread; closes the line again if that fails."""

    def __init__(
        self,
        connector: Callable[[str], Connection],
        server: str,
        user: str,
        password: str,
        captcha: tuple[str, str] = ("", ""),
    ) -> None:
        self._connector = connector
        self._server, self._user, self._password = server, user, password
        self._captcha = captcha

    def __call__(self) -> SignedIn:
        try:
            connection = self._connector(self._server)
        except ValueError as error:
            raise ConnectionStringWrong(str(error)) from error
        try:
            number, typed = self._captcha
            session = connection.login(self._user, self._password, captcha_id=number, captcha=typed)
            return SignedIn(connection, session)
        except RpcError:
            connection.close()
            raise


class _AskCaptcha:
    """Asks for a captcha before there is a session, in a worker thread."""

    def __init__(self, connector: Callable[[str], Connection], server: str, user: str) -> None:
        self._connector, self._server, self._user = connector, server, user

    def __call__(self) -> CaptchaView:
        connection = self._connector(self._server)
        try:
            return connection.call(GetCaptcha(login=self._user))
        finally:
            connection.close()


class CaptchaRow(QWidget):
    """验证码: a field and the picture; a click on the picture renews it. Hidden while the server asks for none."""

    def __init__(self, renew: Callable[[], None]) -> None:
        super().__init__()
        self._id = ""
        self.is_wanted = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        field = TextField(key="captcha", label="验证码", required=True, max_length=8)
        self.form = FormView([Section("", [field])], columns=1)
        row.addWidget(self.form, 1)
        self.picture = QPushButton()
        self.picture.setProperty("look", "quiet")
        self.picture.setCursor(Qt.CursorShape.PointingHandCursor)
        self.picture.setFixedSize(152, 52)
        self.picture.setIconSize(QSize(144, 48))
        self.picture.clicked.connect(renew)
        row.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignBottom)
        self._name()
        self.hide()

    @property
    def answer(self) -> tuple[str, str]:
        """Which captcha and what was typed; both empty while none is asked."""
        return (self._id, str(self.form.value("captcha")).strip()) if self.is_wanted else ("", "")

    def show_captcha(self, view: CaptchaView) -> None:
        """Show a new picture; what was typed belonged to the old one."""
        self._id, self.is_wanted = view.id, view.required
        picture = QPixmap()
        picture.loadFromData(view.image)
        self.picture.setIcon(QIcon(picture))
        problem = self.form.rows["captcha"].problem
        self.form.set_values({"captcha": ""})
        self.form.rows["captcha"].show_problem(problem)
        self.setVisible(view.required)

    def put_away(self) -> None:
        """No captcha is wanted any more."""
        self._id, self.is_wanted = "", False
        self.form.clear()
        self.hide()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "picture"):
            self._name()
        super().changeEvent(event)

    def _name(self) -> None:
        self.picture.setToolTip(tr("看不清？点击换一张"))
        self.picture.setAccessibleName(tr("验证码图片"))


class Mark(QWidget):
    """The mark of the suite: a round bright mirror, drawn in the accent colour."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.setFixedSize(size, size)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            paint_mark(painter, self.width())


def paint_mark(painter: QPainter, size: float) -> None:
    """Paint the mark into a square of `size` at the origin."""
    from PySide6.QtCore import QPointF, QRectF
    from PySide6.QtGui import QColor, QPen

    theme = current_theme()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.colours.accent))
    painter.drawEllipse(QRectF(0, 0, size, size))
    pen = QPen(QColor(theme.colours.on_accent), size * 0.06)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = QRectF(size * 0.2, size * 0.2, size * 0.6, size * 0.6)
    painter.drawArc(inner, 100 * 16, 250 * 16)
    painter.drawLine(QPointF(size * 0.42, size * 0.62), QPointF(size * 0.62, size * 0.42))
