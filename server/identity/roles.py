"""Roles as rows: which permissions a role has now; what the program comes with until someone changes it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from server.identity.tables import RoleRow, UserRow
from server.kernel.database import UnitOfWork
from shared.domain.permissions import ROLES, Permission

ADMINISTRATOR = "administrator"
_NAMES = {
    "clerk": ("登记员", "Clerk", "djy"),
    "technician": ("技师", "Technician", "js"),
    "display": ("叫号大屏", "Hall display", "jhdp"),
    "kiosk": ("自助机", "Kiosk", "zzj"),
    "doctor": ("报告医生", "Reporting doctor", "bgys"),
    "auditor": ("审核医生", "Auditing doctor", "shys"),
    "ward": ("病区", "Ward", "bq"),
    "trustee": ("数据受托人", "Data trustee", "sjstr"),
    "archivist": ("影像管理员", "Image archivist", "yxgly"),
    "hospital_system": ("医院信息系统", "Hospital system", "yyxxxt"),
    "pathology_registrar": ("病理登记员", "Pathology registrar", "bldjy"),
    "pathology_grosser": ("取材医师", "Grossing doctor", "qcys"),
    "pathology_recorder": ("取材记录人", "Grossing recorder", "qcjlr"),
    "pathology_technician": ("病理技术员", "Pathology technician", "bljsy"),
    "pathology_first": ("初诊医师", "First-opinion doctor", "czys"),
    "pathology_chief": ("主诊医师", "Chief doctor", "zzys"),
    "pathology_second": ("复诊医师", "Second-opinion doctor", "fzys"),
    "pathology_auditor": ("病理审核医师", "Auditing pathologist", "blshys"),
    "pathology_archivist": ("病理档案管理员", "Pathology archivist", "bldagly"),
    "pathology_admin": ("病理管理员", "Pathology administrator", "blgly"),
    "ecg_registrar": ("心电登记员", "ECG registrar", "xddjy"),
    "ecg_operator": ("心电采集员", "ECG operator", "xdcjy"),
    "ecg_doctor": ("心电医生", "ECG doctor", "xdys"),
    "ecg_consultant": ("心电会诊医生", "ECG consultant", "xdhzys"),
    "ecg_head": ("心电主任", "Head of ECG", "xdzr"),
    "ecg_admin": ("心电管理员", "ECG administrator", "xdgly"),
    "administrator": ("管理员", "Administrator", "gly"),
}
_ALWAYS = frozenset({Permission.ANYONE, Permission.OWN_ACCOUNT, Permission.SIGNED_IN})
_OUTSIDE = {
    "kiosk": frozenset({Permission.ANYONE}),
    "ward": frozenset({Permission.ANYONE, Permission.OWN_ACCOUNT}),
}
"""Roles outside the department and what they always may: never what any workstation of the department may."""


def permissions_of(row: RoleRow) -> frozenset[Permission]:
    """Return what a role may do; the administrator everything."""
    if row.code == ADMINISTRATOR:
        return frozenset(Permission)
    if row.permissions is None:
        return ROLES.get(row.code, _ALWAYS)
    known = {permission.value for permission in Permission}
    always = _OUTSIDE.get(row.code, _ALWAYS)
    return always | {Permission(one) for one in row.permissions if one in known}


def permissions_of_roles(uow: UnitOfWork, codes: Iterable[str]) -> frozenset[Permission]:
    """Return what the holder of several roles may do; a role that is no row counts as the program brings it."""
    wanted = set(codes)
    rows = {row.code: row for row in uow.session.scalars(select(RoleRow).where(RoleRow.code.in_(wanted)))}
    found: frozenset[Permission] = frozenset()
    for code in wanted:
        found |= permissions_of(rows[code]) if code in rows else ROLES.get(code, frozenset())
    return found


def with_personal(row: UserRow, seeded: frozenset[Permission]) -> frozenset[Permission]:
    """Return the rights of an account from those of its roles."""
    if ADMINISTRATOR in row.roles.split(","):
        return seeded
    known = {one.value for one in Permission}
    granted = frozenset(Permission(one) for one in row.granted if one in known)
    return (seeded | granted) - frozenset(Permission(one) for one in row.revoked if one in known)


def permissions_of_user(uow: UnitOfWork, row: UserRow) -> frozenset[Permission]:
    """Return what an account may do: by its roles, and by what was granted to or taken from it alone."""
    return with_personal(row, permissions_of_roles(uow, row.roles.split(",")))


def add_missing_roles(uow: UnitOfWork) -> None:
    """Make rows of the roles that the program comes with and the database does not know."""
    there = set(uow.session.scalars(select(RoleRow.code)))
    place = int(uow.session.execute(select(func.coalesce(func.max(RoleRow.position), 0))).scalar_one())
    for code in ROLES:
        if code not in there:
            place += 1
            name, name_en, pinyin = _NAMES.get(code, (code, code, code))
            row = RoleRow(code=code, name=name, name_en=name_en, pinyin=pinyin[:50], position=place)
            row.permissions, row.version, row.is_active = None, 1, True
            uow.session.add(row)


def role_names(uow: UnitOfWork) -> dict[str, str]:
    """Return code → name of the roles in use, in order."""
    rows = uow.session.execute(
        select(RoleRow.code, RoleRow.name).where(RoleRow.is_active).order_by(RoleRow.position, RoleRow.id)
    )
    return {row.code: row.name for row in rows}
