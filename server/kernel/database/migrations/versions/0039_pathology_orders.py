"""pathology: orders and special tests"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pathology_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("specimen_id", sa.Integer(), nullable=True),
        sa.Column("block_id", sa.Integer(), nullable=True),
        sa.Column("marker", sa.String(length=60), nullable=False),
        sa.Column("panel", sa.String(length=60), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("placed_by_id", sa.Integer(), nullable=False),
        sa.Column("placed_by", sa.String(length=80), nullable=False),
        sa.Column("placed_at", sa.DateTime(), nullable=False),
        sa.Column("executed_by", sa.String(length=80), nullable=False),
        sa.Column("executed_at", sa.DateTime(), nullable=True),
        sa.Column("refused_by", sa.String(length=80), nullable=False),
        sa.Column("refused_at", sa.DateTime(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("is_news", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("clone", sa.String(length=60), nullable=False),
        sa.Column("lot", sa.String(length=60), nullable=False),
        sa.Column("price_fen", sa.Integer(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", sa.DateTime(), nullable=True),
        sa.Column("taken_by", sa.String(length=80), nullable=False),
        sa.Column("taken_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["pathology_cases.id"], name=op.f("fk_pathology_orders_case_id_pathology_cases")
        ),
        sa.ForeignKeyConstraint(
            ["specimen_id", "case_id"],
            ["pathology_specimens.id", "pathology_specimens.case_id"],
            name=op.f("fk_pathology_orders_specimen_id_case_id_pathology_specimens"),
        ),
        sa.ForeignKeyConstraint(
            ["block_id", "case_id"],
            ["pathology_blocks.id", "pathology_blocks.case_id"],
            name=op.f("fk_pathology_orders_block_id_case_id_pathology_blocks"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_orders")),
    )
    op.create_index("ix_pathology_orders_case", "pathology_orders", ["case_id", "id"])
    op.create_index("ix_pathology_orders_states", "pathology_orders", ["state", "kind", "id"])
    op.create_index("ix_pathology_orders_placed", "pathology_orders", ["placed_at"])
    op.create_index("ix_pathology_orders_news", "pathology_orders", ["placed_by_id", "is_news"])
    op.create_table(
        "pathology_order_prices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("prices", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_order_prices")),
    )
    op.create_table(
        "pathology_reagents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("marker", sa.String(length=60), nullable=False),
        sa.Column("clone", sa.String(length=60), nullable=False),
        sa.Column("lot", sa.String(length=60), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_reagents")),
        sa.UniqueConstraint("marker", "lot", name=op.f("uq_pathology_reagents_marker_lot")),
    )


def downgrade() -> None:
    op.drop_table("pathology_reagents")
    op.drop_table("pathology_order_prices")
    op.drop_table("pathology_orders")
