"""The time limits of escalation: one row that administrators change."""

from __future__ import annotations

from server.critical.tables import CriticalSettingsRow
from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid
from shared.contract.base import Changed
from shared.contract.critical import CriticalSettings

_THE_SETTINGS = 1
_MAX_MINUTES = 24 * 60


class Limits:
    """Reads and changes the limits."""

    def settings(self, uow: UnitOfWork) -> CriticalSettings:
        """Return the time limits."""
        row = uow.session.get(CriticalSettingsRow, _THE_SETTINGS)
        if row is None:
            return CriticalSettings()
        return CriticalSettings(
            version=row.version,
            ward_minutes=row.ward_minutes,
            head_minutes=row.head_minutes,
            office_minutes=row.office_minutes,
        )

    def save_settings(self, uow: UnitOfWork, settings: CriticalSettings) -> CriticalSettings:
        """Change the time limits. Raises INVALID, CONFLICT."""
        values = {name: getattr(settings, name) for name in ("ward_minutes", "head_minutes", "office_minutes")}
        for name, value in values.items():
            if not 1 <= value <= _MAX_MINUTES:
                raise invalid(f"settings.{name}", f"时限应在 1 到 {_MAX_MINUTES} 分钟之间。")
        if not settings.ward_minutes < settings.head_minutes < settings.office_minutes:
            raise invalid("settings.head_minutes", "逐级升级的时限须一级比一级长。")
        row = uow.session.get(CriticalSettingsRow, _THE_SETTINGS, with_for_update=True)
        if row is None:
            row = CriticalSettingsRow(id=_THE_SETTINGS, version=0, **values)
            uow.session.add(row)
        row.expect(settings.version)
        for name, value in values.items():
            setattr(row, name, value)
        row.touch()
        uow.session.flush()
        uow.publish(Changed(entity="critical_settings", id=row.id, version=row.version))
        return self.settings(uow)
