"""tokens and unified procedure steps"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("scopes", sa.String(length=80), nullable=False),
        sa.Column("hint", sa.String(length=12), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.Column("expires_at", server.kernel.database.base.UtcDateTime(), nullable=True),
        sa.Column("revoked_at", server.kernel.database.base.UtcDateTime(), nullable=True),
        sa.Column("last_used_at", server.kernel.database.base.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_table(
        "workitems",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("transaction_hash", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(length=64), nullable=False),
        sa.Column("scheduled_at", sa.String(length=26), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=False),
        sa.Column("created_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.Column("changed_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.Column("cancel_asked", sa.String(length=200), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workitems")),
        sa.UniqueConstraint("uid", name=op.f("uq_workitems_uid")),
    )
    with op.batch_alter_table("workitems", schema=None) as batch_op:
        batch_op.create_index("ix_workitems_patient_id", ["patient_id"], unique=False)
        batch_op.create_index("ix_workitems_state_scheduled_at", ["state", "scheduled_at"], unique=False)


def downgrade() -> None:
    op.drop_table("workitems")
    op.drop_table("api_tokens")
