"""The limits of the clocks as the hospital keeps them; within the caller's unit of work."""

from __future__ import annotations

import msgspec

from server.ecg.consultations import rules
from server.ecg.consultations.tables import EcgConsultationPolicyRow
from server.kernel.database import UnitOfWork
from server.kernel.database.settings_rows import keep_settings
from shared.contract.ecg_consultations import ConsultationPolicy

_THE_POLICY = 1


class Limits:
    """Reads and changes them."""

    @staticmethod
    def policy(uow: UnitOfWork) -> ConsultationPolicy:
        """Return the limits in force."""
        row = uow.session.get(EcgConsultationPolicyRow, _THE_POLICY)
        if row is None:
            return ConsultationPolicy()
        return msgspec.structs.replace(msgspec.json.decode(row.body, type=ConsultationPolicy), version=row.version)

    def save(self, uow: UnitOfWork, policy: ConsultationPolicy) -> ConsultationPolicy:
        """Change the limits. Raises INVALID, CONFLICT."""
        rules.checked_policy(policy)
        body = msgspec.json.encode(policy)
        keep_settings(
            uow, EcgConsultationPolicyRow, _THE_POLICY, version=policy.version, body=body,
            entity="ecg_consultation_policy",
        )  # fmt: skip
        return self.policy(uow)
