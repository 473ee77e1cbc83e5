"""Captchas of the log-in: drawn here, asked after repeated wrong passwords, each good for one try (ECG-LOGIN-03).

What is counted is the typed login and not the account: nothing may tell whether an account of that name exists
(ECG-LOGIN-05). Everything is in memory: a restart forgets it, the account's own lock stands in the database.
"""

from __future__ import annotations

import io
import math
import random
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import as_file, files

from server.identity.rules import LOCK_AFTER_FAILURES, LOCK_TIME, wait_after
from server.kernel.clock import Clock
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.identity import CaptchaView

LETTERS = "ABCDEFGHJKMNPQRSTUVWXY3456789"
"""Without what looks alike: I and 1, L, O and 0, Z and 2."""
LENGTH = 4
LIFE = timedelta(minutes=2)
FORGET = LOCK_TIME
MOST = 4096
"""Captchas and typed logins that are remembered; the oldest go."""
WIDTH, HEIGHT = 144, 48
NEVER = -1


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last: datetime


class Captchas:
    """Counts wrong passwords per typed login and gives captchas.

    `after` is the number of wrong passwords from which one is asked: 0 from the first attempt, NEVER not at all.
    """

    def __init__(self, clock: Clock, after: int = 3) -> None:
        self._clock = clock
        self._after = after
        self._lock = threading.Lock()
        self._asked: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def is_needed(self, login: str) -> bool:
        """Whether the next attempt with this login must bring a captcha."""
        return self._after != NEVER and self._count(login) >= self._after

    def make(self, login: str) -> CaptchaView:
        """A new captcha; its answer is kept for LIFE and for one try."""
        answer = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        number = secrets.token_urlsafe(18)
        now = self._clock.now()
        with self._lock:
            self._asked[number] = (answer, now + LIFE)
            while len(self._asked) > MOST:
                self._asked.popitem(last=False)
        return CaptchaView(
            id=number, image=draw(answer), required=self.is_needed(login), seconds=int(LIFE.total_seconds())
        )

    def check(self, login: str, number: str, typed: str) -> None:
        """Let an attempt through, or raise Refusal: INVALID with field "captcha", WRONG_PASSWORD while one must wait.

        A captcha that is brought is used up, right or wrong.
        """
        now = self._clock.now()
        if number or self.is_needed(login):
            with self._lock:
                answer, until = self._asked.pop(number, ("", now))
            if not answer or now >= until or not secrets.compare_digest(answer, _plain(typed)):
                raise Refusal(ErrorCode.INVALID, "验证码不正确或已过期，请按新的图片输入。", field="captcha")
        with self._lock:
            known = self._failures.get(_plain(login))
        if known is None:
            return
        until = wait_after(known.count, known.last)
        if now >= until:
            return
        seconds = (until - now).total_seconds()
        if known.count >= LOCK_AFTER_FAILURES:
            message = f"密码错误次数过多，账号已锁定，请 {int(seconds // 60) + 1} 分钟后再试或联系管理员。"
            raise Refusal(ErrorCode.ACCOUNT_LOCKED, message, retry_after_s=seconds)
        message = f"请等待 {int(seconds) + 1} 秒后再试。"
        raise Refusal(ErrorCode.WRONG_PASSWORD, message, field="password", retry_after_s=seconds)

    def failed(self, login: str) -> None:
        """Count a wrong attempt."""
        count = self._count(login)
        with self._lock:
            key = _plain(login)
            self._failures[key] = _Failures(1 if count >= LOCK_AFTER_FAILURES else count + 1, self._clock.now())
            self._failures.move_to_end(key)
            while len(self._failures) > MOST:
                self._failures.popitem(last=False)

    def passed(self, login: str) -> None:
        """Forget the wrong attempts of a login that was right now."""
        with self._lock:
            self._failures.pop(_plain(login), None)

    def _count(self, login: str) -> int:
        now = self._clock.now()
        with self._lock:
            known = self._failures.get(_plain(login))
            if known is not None and now - known.last >= FORGET:
                del self._failures[_plain(login)]
                known = None
        return known.count if known is not None else 0


def _plain(text: str) -> str:
    """A typed captcha or login without what makes no difference."""
    return text.strip().upper()


def draw(answer: str, seed: int | None = None) -> bytes:
    """A PNG of WIDTH × HEIGHT pixels with the letters turned, waved and crossed by lines."""
    from PIL import Image, ImageDraw, ImageFont

    chance = random.Random(seed) if seed is not None else random.SystemRandom()
    picture = Image.new("RGB", (WIDTH, HEIGHT), (246, 249, 250))
    with as_file(files("shared.fonts") / "NotoSansSC-Bold.ttf") as path:
        fonts = [ImageFont.truetype(str(path), size) for size in (30, 32, 34)]
    step = (WIDTH - 20) / len(answer)
    for at, letter in enumerate(answer):
        colour = tuple(chance.randint(20, 110) for _ in range(3))
        tile = Image.new("L", (48, 48), 0)
        ImageDraw.Draw(tile).text((24, 24), letter, fill=255, font=chance.choice(fonts), anchor="mm")
        tile = tile.rotate(chance.uniform(-24, 24), resample=Image.Resampling.BICUBIC)
        left = int(10 + step * at + (step - 48) / 2 + chance.uniform(-3, 3))
        picture.paste(Image.new("RGB", tile.size, colour), (left, int(chance.uniform(-4, 4))), tile)
    pen = ImageDraw.Draw(picture)
    for _ in range(3):
        start, phase, high = chance.uniform(8, HEIGHT - 8), chance.uniform(0, 6), chance.uniform(4, 10)
        points = [(x, start + high * math.sin(x / 18 + phase)) for x in range(0, WIDTH, 4)]
        pen.line(points, fill=tuple(chance.randint(90, 170) for _ in range(3)), width=1)
    for _ in range(120):
        point = (chance.randrange(WIDTH), chance.randrange(HEIGHT))
        pen.point(point, fill=tuple(chance.randint(60, 200) for _ in range(3)))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
