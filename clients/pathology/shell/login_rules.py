"""Who may enter what, and which code belongs to which name; knows no Qt."""

from __future__ import annotations

from shared.contract.pathology_stations import LoginChoicesView, LoginLibrary

Choices = LoginChoicesView


def name_of(choices: Choices, login: str) -> str:
    """The name behind a user code, empty if there is none."""
    wanted = login.strip().lower()
    return next((user.name for user in choices.users if user.login == wanted), "")


def login_of(choices: Choices, login: object) -> str:
    """The code of a choice of the list of names, empty if it is none of them."""
    return next((user.login for user in choices.users if user.login == login), "")


def users_with_name(choices: Choices, name: str) -> list[str]:
    """The codes of all accounts with exactly this name: two people may share one."""
    return [user.login for user in choices.users if user.name == name.strip()]


def libraries_of(choices: Choices, login: str) -> tuple[LoginLibrary, ...]:
    """Libraries that a user may enter; all of them while the code is not known (the server decides in the end)."""
    wanted = login.strip().lower()
    user = next((user for user in choices.users if user.login == wanted), None)
    if user is None or not user.library_ids:
        return choices.libraries
    return tuple(library for library in choices.libraries if library.id in user.library_ids)
