"""completeness, availability and corrections of studies"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("studies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("completeness", sa.String(), nullable=False, server_default="unknown"))
        batch_op.add_column(sa.Column("missing_count", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("availability", sa.String(), nullable=False, server_default="ONLINE"))
        batch_op.add_column(sa.Column("last_used_at", server.kernel.database.base.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("charset_note", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("correction", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.add_column(sa.Column("correction", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("instances", schema=None) as batch_op:
        batch_op.add_column(sa.Column("received_key", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("instances", schema=None) as batch_op:
        batch_op.drop_column("received_key")
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.drop_column("correction")
    with op.batch_alter_table("studies", schema=None) as batch_op:
        for name in ("correction", "charset_note", "last_used_at", "availability", "missing_count", "completeness"):
            batch_op.drop_column(name)
