"""the list's clocks and forecasts, and what doctors collect around reports"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from server.kernel.database import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


_INDEXES = {
    "ix_reports_due": ["state", "due_at"],
    "ix_reports_examined": ["examined_at"],
    "ix_reports_printed": ["printed_at"],
    "ix_reports_alike": ["exam_type", "approved_at"],
}


def upgrade() -> None:
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("visit_kind", sa.String(length=16), nullable=False, server_default="outpatient"))
        batch_op.add_column(sa.Column("age_years", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("device_ae", sa.String(length=16), nullable=False, server_default=""))
        for name in ("printed_at", "state_since", "due_at", "warn_at"):
            batch_op.add_column(sa.Column(name, UtcDateTime(), nullable=True))
        for name, columns in _INDEXES.items():
            batch_op.create_index(name, columns, unique=False)
    op.execute(
        "UPDATE reports SET visit_kind = COALESCE("
        "(SELECT exams.visit_kind FROM exams WHERE exams.id = reports.exam_id), 'outpatient')"
    )
    _fill_ages()
    _fill_due_times()
    op.create_table(
        "report_time_limits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_time_limits")),
    )
    op.create_table(
        "report_forecasts",
        sa.Column("slot", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("open_count", sa.Integer(), nullable=False),
        sa.Column("pace_per_hour", sa.Float(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("came", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("slot", name=op.f("pk_report_forecasts")),
    )
    op.create_table(
        "favourites",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("folder", sa.String(length=60), nullable=False),
        sa.Column("disease", sa.String(length=60), nullable=False),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("accession_number", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("patient_name", sa.String(length=120), nullable=False),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("age", sa.String(length=16), nullable=False),
        sa.Column("exam_type", sa.String(length=16), nullable=False),
        sa.Column("items", sa.String(length=1000), nullable=False),
        sa.Column("body_part", sa.String(length=200), nullable=False),
        sa.Column("examined_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_favourites")),
        sa.UniqueConstraint("owner_id", "report_id", name=op.f("uq_favourites_owner_id_report_id")),
    )
    with op.batch_alter_table("favourites", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_favourites_report_id"), ["report_id"], unique=False)
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("imaging_diagnosis", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("proof", sa.String(length=16), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.String(length=80), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("accession_number", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("patient_name", sa.String(length=120), nullable=False),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("age", sa.String(length=16), nullable=False),
        sa.Column("exam_type", sa.String(length=16), nullable=False),
        sa.Column("items", sa.String(length=1000), nullable=False),
        sa.Column("body_part", sa.String(length=200), nullable=False),
        sa.Column("examined_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
    )
    with op.batch_alter_table("follow_ups", schema=None) as batch_op:
        batch_op.create_index("ix_follow_ups_closed", ["closed_at"], unique=False)
        batch_op.create_index(op.f("ix_follow_ups_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_follow_ups_patient", ["patient_id"], unique=False)
        batch_op.create_index("ix_follow_ups_queue", ["is_open", "due_on"], unique=False)
        batch_op.create_index(op.f("ix_follow_ups_report_id"), ["report_id"], unique=False)
    op.create_table(
        "follow_up_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("follow_up_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_up_id"], ["follow_ups.id"], name=op.f("fk_follow_up_notes_follow_up_id_follow_ups")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up_notes")),
    )
    with op.batch_alter_table("follow_up_notes", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_follow_up_notes_follow_up_id"), ["follow_up_id"], unique=False)
    op.create_table(
        "report_remarks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_remarks")),
    )
    with op.batch_alter_table("report_remarks", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_report_remarks_report_id"), ["report_id"], unique=False)
    op.create_table(
        "teaching_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("exam_type", sa.String(length=16), nullable=False),
        sa.Column("body_part", sa.String(length=200), nullable=False),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("age", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("points", sa.Text(), nullable=False),
        sa.Column("difficulty", sa.String(length=8), nullable=False),
        sa.Column("tags", sa.String(length=400), nullable=False),
        sa.Column("clinical", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("impression", sa.Text(), nullable=False),
        sa.Column("pictures", sa.String(length=200), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teaching_files")),
    )
    op.create_table(
        "teaching_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("teaching_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("was_right", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["teaching_id"], ["teaching_files.id"], name=op.f("fk_teaching_answers_teaching_id_teaching_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teaching_answers")),
    )
    with op.batch_alter_table("teaching_answers", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_teaching_answers_teaching_id"), ["teaching_id"], unique=False)


def downgrade() -> None:
    for name in (
        "teaching_answers",
        "teaching_files",
        "report_remarks",
        "follow_up_notes",
        "follow_ups",
        "favourites",
        "report_forecasts",
        "report_time_limits",
    ):
        op.drop_table(name)
    with op.batch_alter_table("reports", schema=None) as batch_op:
        for name in _INDEXES:
            batch_op.drop_index(name)
        for name in ("warn_at", "due_at", "state_since", "printed_at", "device_ae", "age_years", "visit_kind"):
            batch_op.drop_column(name)


def _fill_ages() -> None:
    """Ages stand as "45岁", "3月", "5天": years from the first, nothing from the others."""
    reports = sa.table("reports", sa.column("age", sa.String), sa.column("age_years", sa.Integer))
    bind = op.get_bind()
    for (age,) in bind.execute(sa.select(reports.c.age).distinct()).all():
        years = age[:-1] if age.endswith("岁") else ""
        if years.isascii() and years.isdigit():
            bind.execute(sa.update(reports).where(reports.c.age == age).values(age_years=int(years)))


def _fill_due_times() -> None:
    """Open reports get the limits that hold where nobody chose others (minutes; see shared.contract.worklist)."""
    reports = sa.table(
        "reports",
        *(sa.column(name, sa.Integer) for name in ("id", "priority")),
        *(sa.column(name, sa.String) for name in ("state", "exam_type", "visit_kind")),
        *(sa.column(name, UtcDateTime()) for name in ("examined_at", "due_at", "warn_at")),
    )
    bind = op.get_bind()
    is_open = reports.c.state.in_(("awaiting", "writing", "submitted", "auditing"))
    rows = bind.execute(
        sa.select(
            reports.c.id, reports.c.priority, reports.c.exam_type, reports.c.visit_kind, reports.c.examined_at
        ).where(is_open)
    ).all()
    for report_id, priority, exam_type, visit_kind, examined_at in rows:
        is_sectional = exam_type in ("CT", "MR", "PT", "NM")
        if priority == 0 or visit_kind == "emergency":
            minutes = 60 if is_sectional else 30
        else:
            minutes = 120 if not is_sectional else 360 if visit_kind == "inpatient" else 240
        due = examined_at + timedelta(minutes=minutes)
        warn = due - timedelta(minutes=minutes * 0.25)
        bind.execute(sa.update(reports).where(reports.c.id == report_id).values(due_at=due, warn_at=warn))
