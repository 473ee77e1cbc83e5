"""The pathology workstations themselves: who may enter which library, what stations are told, their papers.

Settings and rights of libraries tell `Changed("pathology_settings", id, version)`.
"""

from __future__ import annotations

import msgspec

from shared.contract.base import AuditClass, Channel, Command, Query
from shared.contract.printing import DocumentView, Output
from shared.domain.pathology import FetchBy
from shared.domain.permissions import Permission

SETTINGS_ENTITY = "pathology_settings"

MAX_IDLE_MINUTES = 480
MAX_LIST_DAYS = 3650
LEAST_REFRESH_S, MOST_REFRESH_S = 5, 3600
SPECIAL_LISTS = (
    "appointments",
    "delayed",
    "consultations",
    "urgent",
    "favourites",
    "arrears",
    "registered",
    "follow_ups",
)
"""The lists of PA-CASE-21 in the order of the menu."""


class LoginLibrary(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the drop-down 检查类型."""

    id: int
    name: str
    name_en: str


class LoginUser(msgspec.Struct, frozen=True, kw_only=True):
    """用户代码 and 用户名 of an account of the department, and the libraries it may enter; empty for all."""

    login: str
    name: str
    library_ids: tuple[int, ...]


class LoginChoicesView(msgspec.Struct, frozen=True, kw_only=True):
    """What the log-in window offers: names only, nothing of patients."""

    libraries: tuple[LoginLibrary, ...]
    users: tuple[LoginUser, ...]


class LoginChoices(Query[LoginChoicesView], frozen=True, kw_only=True):
    """Libraries and accounts for the log-in window (PA-LOGIN-01 to -03, -07).

    It needs no session, since it is asked before one; whoever asks holds the server's connection string.
    """

    method = "pathology_stations.login_choices"
    permission = Permission.ANYONE
    audit = AuditClass.ROUTINE
    channel = Channel.URGENT


class LibraryRights(msgspec.Struct, frozen=True, kw_only=True):
    """Libraries that a user may enter; empty for all of them."""

    user_id: int
    login: str
    name: str
    library_ids: tuple[int, ...]
    version: int


class ListLibraryRights(Query[tuple[LibraryRights, ...]], frozen=True, kw_only=True):
    """Who may enter which library: every account of the department."""

    method = "pathology_stations.list_library_rights"
    permission = Permission.PATHOLOGY_LIBRARIES
    audit = AuditClass.SETTINGS


class SetLibraryRights(Command[LibraryRights], frozen=True, kw_only=True):
    """Let a user enter only these libraries; none named: all. Refusals: NOT_FOUND, CONFLICT."""

    method = "pathology_stations.set_library_rights"
    permission = Permission.PATHOLOGY_LIBRARIES
    audit = AuditClass.SECURITY

    user_id: int
    version: int
    library_ids: tuple[int, ...]


class StationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every station follows."""

    version: int = 0
    idle_minutes: int = 0  # 自动保护性注销; 0: off, at most MAX_IDLE_MINUTES
    sending_unit: str = ""  # 送检单位 that a new registration begins with (PA-REG-04)
    dates_today: bool = True  # 送检日期 and 收到日期 begin with now
    quick_fields: tuple[str, ...] = ("patient_name", "sex", "age", "department", "specimen_name")
    """Fields of CaseEntry that 快速登记 asks for, in this order (PA-SET-10)."""
    list_days: int = 7  # days that the diagnosis stations' lists show at first (PA-DX-01); 0: all
    refresh_seconds: int = 0  # lists are loaded again so often beside the live notices; 0: notices alone
    fetch_by: FetchBy = FetchBy.APPLICATION  # the number that 提取 asks for first (HIS link)
    join_mark: str = "、"  # between the options of a template's multiple choice (PA-TPL-19)
    list_columns: dict[str, tuple[str, ...]] = {}
    """Columns of the eight special lists (`SPECIAL_LISTS`) as the department wants them (PA-SET-05); a list that is
    not named shows what the program brings."""


class GetStationSettings(Query[StationSettings], frozen=True, kw_only=True):
    """What every station follows."""

    method = "pathology_stations.get_settings"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE


class SaveStationSettings(Command[StationSettings], frozen=True, kw_only=True):
    """Change them. Refusals: CONFLICT, INVALID."""

    method = "pathology_stations.save_settings"
    permission = Permission.PATHOLOGY_SETTINGS
    audit = AuditClass.SETTINGS

    settings: StationSettings


class EnterLibrary(Command[StationSettings], frozen=True, kw_only=True):
    """The user enters a library after the log-in; gives what the station follows.

    Refusals: NOT_FOUND, PERMISSION_MISSING (this library is not the user's).
    """

    method = "pathology_stations.enter_library"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.SECURITY

    library_id: int
    station: str = ""


class PrintCaseBarcode(Command[DocumentView], frozen=True, kw_only=True):
    """打印病理条码 for container and request form (PA-REG-16); the trail counts the copies (PA-BAR-04).

    Refusals: NOT_FOUND, ILLEGAL_ACTION (no number), INVALID, DUPLICATE (printed before: ask, then say `reprint`).
    """

    method = "pathology_stations.print_case_barcode"
    permission = Permission.PATHOLOGY_PRINT_LABELS
    audit = AuditClass.EXPORT

    case_id: int
    output: Output = Output()
    reprint: bool = False
    station: str = ""


class PrintSlip(Command[DocumentView], frozen=True, kw_only=True):
    """标本签收单, or 标本拒收单 with `rejected` (PA-REG-09): the specimens of the case in that state.

    Refusals: NOT_FOUND, ILLEGAL_ACTION (no specimen was accepted, or none rejected).
    """

    method = "pathology_stations.print_slip"
    permission = Permission.PATHOLOGY_REGISTER
    audit = AuditClass.EXPORT

    case_id: int
    rejected: bool = False
    language: str = "zh"
