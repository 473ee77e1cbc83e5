"""The limits of the clocks as the hospital keeps them; within the caller's unit of work."""

from __future__ import annotations

import msgspec

from server.kernel.database import UnitOfWork
from server.kernel.database.settings_rows import keep_settings
from server.remote import rules
from server.remote.tables import RemotePolicyRow
from shared.contract.remote import RemotePolicy

_THE_POLICY = 1


class Limits:
    """Reads and changes them."""

    @staticmethod
    def policy(uow: UnitOfWork) -> RemotePolicy:
        """Return the limits in force."""
        row = uow.session.get(RemotePolicyRow, _THE_POLICY)
        if row is None:
            return RemotePolicy()
        return msgspec.structs.replace(msgspec.json.decode(row.body, type=RemotePolicy), version=row.version)

    def save(self, uow: UnitOfWork, policy: RemotePolicy) -> RemotePolicy:
        """Change the limits. Raises INVALID, CONFLICT."""
        rules.checked_policy(policy)
        body = msgspec.json.encode(policy)
        keep_settings(uow, RemotePolicyRow, _THE_POLICY, version=policy.version, body=body, entity="remote_policy")
        return self.policy(uow)
