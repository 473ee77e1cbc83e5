"""structured reports: forms with the texts, templates with versions, coded values"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.kernel.database import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("report_texts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("form", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "form_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("identifier", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("exam_types", sa.String(length=400), nullable=False),
        sa.Column("body_parts", sa.String(length=1000), nullable=False),
        sa.Column("newest", sa.Integer(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("field_count", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_templates")),
        sa.UniqueConstraint("owner_id", "identifier", name="uq_form_templates_owner_identifier"),
    )
    op.create_table(
        "form_template_versions",
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("field_count", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"], ["form_templates.id"], name=op.f("fk_form_template_versions_template_id_form_templates")
        ),
        sa.PrimaryKeyConstraint("template_id", "version", name=op.f("pk_form_template_versions")),
    )
    op.create_table(
        "coded_reports",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("campus_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("accession_number", sa.String(length=32), nullable=False),
        sa.Column("patient_name", sa.String(length=120), nullable=False),
        sa.Column("exam_type", sa.String(length=16), nullable=False),
        sa.Column("examined_at", UtcDateTime(), nullable=True),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_coded_reports")),
    )
    with op.batch_alter_table("coded_reports", schema=None) as batch_op:
        batch_op.create_index("ix_coded_reports_examined", ["examined_at", "report_id"], unique=False)
    op.create_table(
        "coded_values",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=100), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("name_scheme", sa.String(length=16), nullable=False),
        sa.Column("name_code", sa.String(length=100), nullable=False),
        sa.Column("scheme", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["coded_reports.report_id"], name=op.f("fk_coded_values_report_id_coded_reports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coded_values")),
    )
    with op.batch_alter_table("coded_values", schema=None) as batch_op:
        batch_op.create_index("ix_coded_values_report", ["report_id"], unique=False)
        batch_op.create_index("ix_coded_values_code", ["scheme", "code"], unique=False)
        batch_op.create_index("ix_coded_values_place", ["template_id", "place"], unique=False)


def downgrade() -> None:
    op.drop_table("coded_values")
    op.drop_table("coded_reports")
    op.drop_table("form_template_versions")
    op.drop_table("form_templates")
    with op.batch_alter_table("report_texts", schema=None) as batch_op:
        batch_op.drop_column("form")
