"""Handlers of the dictionary."""

from __future__ import annotations

from server.ecg.terms.service import Terms
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from shared.contract import ecg_terms as contract
from shared.contract.base import Nothing


class EcgTermsRpc:
    """Offers the room to the router."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    @handles
    def list_terms(self, request: contract.ListTerms, caller: Caller, uow: UnitOfWork) -> contract.TermTree:
        return self._terms.tree(uow, caller, request.kind)

    @handles
    def search_terms(
        self, request: contract.SearchTerms, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.TermView, ...]:
        return self._terms.search(uow, caller, request.text, request.kind)

    @handles
    def save_term(self, request: contract.SaveTerm, caller: Caller, uow: UnitOfWork) -> contract.TermView:
        return self._terms.save(uow, caller, request.term)

    @handles
    def remove_term(self, request: contract.RemoveTerm, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._terms.remove(uow, caller, request.term_id, request.version)
        return Nothing()

    @handles
    def save_category(self, request: contract.SaveCategory, caller: Caller, uow: UnitOfWork) -> contract.CategoryView:
        return self._terms.save_category(uow, caller, request.category)

    @handles
    def remove_category(self, request: contract.RemoveCategory, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._terms.remove_category(uow, caller, request.category_id)
        return Nothing()
