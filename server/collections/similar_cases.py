"""Similar cases while writing (CO-DX-07): approved reports of the same type and part that are worded most alike."""

from __future__ import annotations

import threading
from collections import OrderedDict

from server.collections.ports import Reports, Rows, Texts
from server.collections.similar import Grams, grams_of, most_alike
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from shared.contract.collections import FindSimilarCases, SimilarCase
from shared.domain.rich_text import plain

NEWEST = 3_000
"""Reports that are looked through."""
_KEPT = 8_000
"""Word sets kept in memory, about 8 KB each; a text that was changed has another number and is read anew."""
_MOST = 30
_MOST_TEXT = 20_000


class SimilarCases:
    """Searches; remembers the words of texts it has read."""

    def __init__(self, reports: Reports, rows: Rows, texts: Texts) -> None:
        self._reports = reports
        self._rows = rows
        self._texts = texts
        self._grams: OrderedDict[tuple[int, int], Grams] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, uow: UnitOfWork, caller: Caller, request: FindSimilarCases) -> tuple[SimilarCase, ...]:
        """Return the most alike cases, best first."""
        if not 1 <= request.limit <= _MOST or len(request.text) > _MOST_TEXT:
            raise invalid("limit", f"最多显示 {_MOST} 份相似病例。")
        view = self._reports.get(uow, caller, request.report_id)
        text = (
            plain(request.text) if request.text else f"{plain(view.content.findings)}\n{plain(view.content.impression)}"
        )
        asked = grams_of(text)
        if not asked:
            return ()
        pairs = self._texts.newest(
            uow,
            exam_type=view.row.exam_type,
            body_part=view.row.body_part,
            but=view.row.id,
            room_ids=caller.room_ids,
            most=NEWEST,
        )
        found = most_alike(asked, self._words(uow, pairs), request.limit)
        numbers = dict(pairs)
        texts = self._texts.texts(uow, [(one.id, numbers[one.id]) for one in found])
        rows = self._rows.rows_of(uow, caller, [one.id for one in found])
        return tuple(
            SimilarCase(
                report_id=one.id,
                exam_id=rows[one.id].exam_id,
                sex=rows[one.id].sex,
                age=rows[one.id].age,
                exam_type=rows[one.id].exam_type,
                items=rows[one.id].items,
                examined_at=rows[one.id].examined_at,
                findings=texts[one.id].findings,
                impression=texts[one.id].impression,
                score=one.score,
                shared=one.shared,
            )
            for one in found
            if one.id in rows and one.id in texts
        )

    def _words(self, uow: UnitOfWork, pairs: list[tuple[int, int]]) -> dict[int, Grams]:
        with self._lock:
            known = {pair: self._grams[pair] for pair in pairs if pair in self._grams}
            for pair in known:
                self._grams.move_to_end(pair)
        missing = [pair for pair in pairs if pair not in known]
        if missing:
            texts = self._texts.texts(uow, missing)
            made = {
                pair: grams_of(f"{texts[pair[0]].findings}\n{texts[pair[0]].impression}")
                for pair in missing
                if pair[0] in texts
            }
            known |= made
            with self._lock:
                self._grams.update(made)
                while len(self._grams) > _KEPT:
                    self._grams.popitem(last=False)
        return {report_id: grams for (report_id, _), grams in known.items()}
