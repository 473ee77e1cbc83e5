"""Opening images: asks the viewer's own process over the kit's viewer link, where it is installed."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from clients.registration.exam_actions import ViewerMissing


class LinkedViewer:
    """Steers the viewer through `clients.kit.viewer_link`; says so calmly when there is none."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._link: Any = None

    def open_study(self, study_uid: str) -> None:
        """Show a study (blocking; called in a worker)."""
        if self._link is None:
            if importlib.util.find_spec("clients.kit.viewer_link") is None:
                raise ViewerMissing("影像浏览器未安装，请联系管理员。")
            self._link = importlib.import_module("clients.kit.viewer_link").ViewerLink(self._connection)
        self._link.open_study(study_uid)
