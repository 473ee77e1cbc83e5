"""波形区: the trace, the documents of an exam without one, or why there is neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedWidget

from clients.ecg.reading.documents import DocumentPaper
from clients.ecg.trace.widget import TraceView
from clients.kit.panels import EmptyState

if TYPE_CHECKING:
    from clients.ecg.reading.state import PageState
    from clients.kit.shell import Workplace


class PaperStack(QStackedWidget):
    """What stands in the middle of the page; the zoom buttons belong to what is in front."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self.trace = TraceView(place.runner, place.desk_settings)
        self.documents = DocumentPaper()
        self.empty = EmptyState("voice", "正在打开心电图…")
        for paper in (self.trace, self.documents, self.empty):
            self.addWidget(paper)
        self.setCurrentWidget(self.empty)

    def show_state(self, state: PageState) -> None:
        """Bring what there is to the front."""
        if state.in_front is not None:
            self.setCurrentWidget(self.trace)
        elif state.documents_in_front:
            self.documents.show_documents(state.documents_in_front)
            self.setCurrentWidget(self.documents)
        else:
            self._say_why(state)
            self.setCurrentWidget(self.empty)

    def zoom_in(self) -> None:
        """放大."""
        if self.currentWidget() is self.documents:
            self.documents.zoom(closer=True)
        else:
            self.trace.zoom_in()

    def zoom_out(self) -> None:
        """缩小."""
        if self.currentWidget() is self.documents:
            self.documents.zoom(closer=False)
        else:
            self.trace.zoom_out()

    def reset(self) -> None:
        """原始比例."""
        if self.currentWidget() is self.documents:
            self.documents.reset()
        else:
            self.trace.reset()

    def _say_why(self, state: PageState) -> None:
        past = state.past
        loading = state.is_loading and not state.no_trace and not state.trouble
        if past is not None and past.no_trace and past.page is not None:
            self.empty.show_words("voice", "没有心电图波形", past.no_trace)
        elif past is not None or loading:
            self.empty.show_words("voice", "正在打开心电图…")
        elif state.trouble:
            self.empty.show_words("alert", "心电图没有打开", state.trouble, "重试")
        elif state.may_acquire:
            sentence = "按 F2 打开心电单机采集；动态、运动心电图按 Ctrl+O 附加 PDF 报告。"
            self.empty.show_words("voice", "还没有采集心电图", sentence, "采集")
        else:
            self.empty.show_words("voice", "还没有采集心电图", state.no_trace)
