"""critical values"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_SQLITE_GUARDS = (
    """create trigger critical_lines_stay before delete on critical_lines
    begin select raise(abort, 'critical_lines is only ever added to'); end""",
    """create trigger critical_lines_keep before update on critical_lines
    begin select raise(abort, 'critical_lines is only ever added to'); end""",
)
_POSTGRES_GUARDS = (
    """create function critical_lines_stay() returns trigger language plpgsql as
    $$ begin raise exception 'critical_lines is only ever added to'; end $$""",
    """create trigger critical_lines_stay before update or delete on critical_lines
    for each row execute function critical_lines_stay()""",
)


def upgrade() -> None:
    op.create_table(
        "critical_values",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("exam_types", sa.JSON(), nullable=False),
        sa.Column("criterion", sa.String(length=500), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("position", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("is_active", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("pinyin", sa.String(length=50), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_values")),
        sa.UniqueConstraint("code", name=op.f("uq_critical_values_code")),
    )
    op.create_table(
        "duty_shifts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("begins", sa.String(length=5), nullable=False),
        sa.Column("ends", sa.String(length=5), nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("valid_to", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("position", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("is_active", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("pinyin", sa.String(length=50), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_shifts")),
        sa.UniqueConstraint("code", name=op.f("uq_duty_shifts_code")),
    )
    op.create_table(
        "critical_loops",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("accession_number", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("patient_number", sa.String(length=64), nullable=False),
        sa.Column("patient_name", sa.String(length=120), nullable=False),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("age", sa.String(length=16), nullable=False),
        sa.Column("inpatient_number", sa.String(length=64), nullable=False),
        sa.Column("exam_type", sa.String(length=16), nullable=False),
        sa.Column("body_part", sa.String(length=200), nullable=False),
        sa.Column("items", sa.String(length=1000), nullable=False),
        sa.Column("campus_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=False),
        sa.Column("requesting_doctor", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("reported_by_id", sa.Integer(), nullable=False),
        sa.Column("reported_by", sa.String(length=80), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("notified_at", sa.DateTime(), nullable=True),
        sa.Column("notified_name", sa.String(length=80), nullable=False),
        sa.Column("notified_means", sa.String(length=16), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=80), nullable=False),
        sa.Column("acknowledged_means", sa.String(length=16), nullable=False),
        sa.Column("read_back", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("escalation", sa.String(length=8), nullable=False),
        sa.Column("called", sa.String(length=200), nullable=False),
        sa.Column("next_escalation_at", sa.DateTime(), nullable=True),
        sa.Column("ward_minutes", sa.Integer(), nullable=False),
        sa.Column("head_minutes", sa.Integer(), nullable=False),
        sa.Column("office_minutes", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_loops")),
    )
    op.create_index("ix_critical_loops_accession_number", "critical_loops", ["accession_number"])
    op.create_index("ix_critical_loops_exam_id", "critical_loops", ["exam_id"])
    op.create_index("ix_critical_loops_opened", "critical_loops", ["opened_at", "campus_id"])
    op.create_index("ix_critical_loops_patient_number", "critical_loops", ["patient_number"])
    op.create_index("ix_critical_loops_report_id", "critical_loops", ["report_id"])
    op.create_index("ix_critical_loops_waiting", "critical_loops", ["state", "next_escalation_at"])
    op.create_table(
        "critical_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("loop_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("means", sa.String(length=16), nullable=False),
        sa.Column("read_back", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["loop_id"], ["critical_loops.id"], name=op.f("fk_critical_lines_loop_id_critical_loops")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_lines")),
    )
    op.create_index("ix_critical_lines_loop_id", "critical_lines", ["loop_id"])
    op.create_table(
        "critical_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ward_minutes", sa.Integer(), nullable=False),
        sa.Column("head_minutes", sa.Integer(), nullable=False),
        sa.Column("office_minutes", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_settings")),
    )
    op.create_table(
        "statistics_limits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam", sa.Integer(), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("report", sa.Integer(), nullable=False),
        sa.Column("audit", sa.Integer(), nullable=False),
        sa.Column("print", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statistics_limits")),
    )
    op.create_index("ix_reports_examined_at", "reports", ["examined_at"])
    guards = _SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else _POSTGRES_GUARDS
    for guard in guards:
        op.execute(guard)


def downgrade() -> None:
    op.drop_index("ix_reports_examined_at", "reports")
    op.drop_table("statistics_limits")
    op.drop_table("critical_settings")
    op.drop_table("critical_lines")  # its guards go with it
    if op.get_bind().dialect.name != "sqlite":
        op.execute("drop function critical_lines_stay()")
    op.drop_table("critical_loops")
    op.drop_table("duty_shifts")
    op.drop_table("critical_values")
