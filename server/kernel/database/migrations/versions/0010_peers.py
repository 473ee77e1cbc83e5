"""peers: TLS and profiles"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ALLOWED = ("may_use_worklist", "may_report_steps", "may_request_commitment")


def upgrade() -> None:
    with op.batch_alter_table("peers", schema=None) as batch_op:
        for name in _ALLOWED:
            batch_op.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("tls", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("character_set", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("ascii_names", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("transfer_syntaxes", sa.String(length=600), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("peers", schema=None) as batch_op:
        for name in ("transfer_syntaxes", "ascii_names", "character_set", "tls", *reversed(_ALLOWED)):
            batch_op.drop_column(name)
