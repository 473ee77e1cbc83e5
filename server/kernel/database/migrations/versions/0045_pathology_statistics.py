"""statistics and the register of pathology"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_pathology_opinions_created", "pathology_opinions", "created_at"),
    ("ix_pathology_blocks_embedded", "pathology_blocks", "embedded_at"),
    ("ix_pathology_blocks_sectioned", "pathology_blocks", "sectioned_at"),
    ("ix_pathology_orders_executed", "pathology_orders", "executed_at"),
)


def upgrade() -> None:
    op.create_table(
        "pathology_saved_queries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_saved_queries")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_pathology_saved_queries_owner_id_name")),
    )
    op.create_table(
        "pathology_comparisons",
        sa.Column("pair", sa.String(12), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("judged_by", sa.String(80), nullable=False),
        sa.Column("judged_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["pathology_cases.id"], name=op.f("fk_pathology_comparisons_case_id_pathology_cases")
        ),
        sa.PrimaryKeyConstraint("pair", "case_id", name=op.f("pk_pathology_comparisons")),
    )
    op.create_index("ix_pathology_comparisons_judged", "pathology_comparisons", ["pair", "judged_at"])
    op.create_table(
        "pathology_entered_indicators",
        sa.Column("indicator", sa.String(24), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("numerator", sa.Integer(), nullable=False),
        sa.Column("denominator", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("indicator", "month", name=op.f("pk_pathology_entered_indicators")),
    )
    op.create_table(
        "pathology_statistics_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_statistics_rules")),
    )
    for name, table, column in _INDEXES:
        op.create_index(name, table, [column])


def downgrade() -> None:
    for name, table, _column in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
    op.drop_table("pathology_statistics_rules")
    op.drop_table("pathology_entered_indicators")
    op.drop_index("ix_pathology_comparisons_judged", table_name="pathology_comparisons")
    op.drop_table("pathology_comparisons")
    op.drop_table("pathology_saved_queries")
