"""appointments"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.kernel.database.base import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _grow_old_tables()
    _add_scheduling()
    _add_referrals()


def downgrade() -> None:
    for index, table in (
        ("ix_referrals_outgoing", "referrals"),
        ("ix_referrals_incoming", "referrals"),
        ("ix_organisation_campuses_organisation_id", "organisation_campuses"),
        ("ix_organisation_members_organisation_id", "organisation_members"),
        ("ix_no_shows_patient_id", "no_shows"),
        ("ix_reschedules_exam_id", "reschedules"),
        ("ix_booking_slots_slot_id", "booking_slots"),
        ("ix_calendar_entries_days", "calendar_entries"),
    ):
        op.drop_index(index, table_name=table)
    for table in (
        "referrals",
        "organisation_campuses",
        "organisation_members",
        "organisations",
        "organisation_groups",
        "no_shows",
        "reschedules",
        "booking_slots",
        "slot_days",
        "interval_rules",
        "slot_rules",
        "calendar_entries",
        "room_schedules",
    ):
        op.drop_table(table)
    with op.batch_alter_table("exams", schema=None) as batch_op:
        batch_op.drop_index("ix_exams_referral_id")
        for name in ("from_campus_id", "referral_state", "referral_id", "reschedules", "is_no_show", "visit_kind"):
            batch_op.drop_column(name)
    with op.batch_alter_table("bookings", schema=None) as batch_op:
        batch_op.drop_column("minutes")
        batch_op.drop_column("kind")
    with op.batch_alter_table("room_hours", schema=None) as batch_op:
        batch_op.drop_column("quotas")


def _grow_old_tables() -> None:
    kind = sa.String(length=16)
    with op.batch_alter_table("room_hours", schema=None) as batch_op:
        batch_op.add_column(sa.Column("quotas", sa.String(length=100), nullable=False, server_default=""))
    with op.batch_alter_table("bookings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", kind, nullable=False, server_default="outpatient"))
        batch_op.add_column(sa.Column("minutes", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("exams", schema=None) as batch_op:
        batch_op.add_column(sa.Column("visit_kind", kind, nullable=False, server_default="outpatient"))
        batch_op.add_column(sa.Column("is_no_show", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("reschedules", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("referral_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("referral_state", kind, nullable=True))
        batch_op.add_column(sa.Column("from_campus_id", sa.Integer(), nullable=True))
        batch_op.create_index("ix_exams_referral_id", ["referral_id"], unique=False)


def _add_scheduling() -> None:
    op.create_table(
        "room_schedules",
        sa.Column("room_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("overbook", sa.Integer(), nullable=False),
        sa.Column("release_hour", sa.Integer(), nullable=False),
        sa.Column("release_days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", name="pk_room_schedules"),
    )
    op.create_table(
        "calendar_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=100), nullable=False),
        sa.Column("as_weekday", sa.Integer(), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("to_minute", sa.Integer(), nullable=False),
        sa.Column("is_holiday", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_entries"),
    )
    op.create_index("ix_calendar_entries_days", "calendar_entries", ["last_day", "first_day"])
    op.create_table(
        "slot_rules",
        sa.Column("exam_type", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("contrast_minutes", sa.Integer(), nullable=False),
        sa.Column("contrast_words", sa.String(length=100), nullable=False),
        sa.Column("buffer_minutes", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("lead_minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("exam_type", name="pk_slot_rules"),
    )
    op.create_table(
        "interval_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_type", sa.String(length=8), nullable=False),
        sa.Column("first_words", sa.String(length=100), nullable=False),
        sa.Column("then_type", sa.String(length=8), nullable=False),
        sa.Column("then_words", sa.String(length=100), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("both_ways", sa.Boolean(), nullable=False),
        sa.Column("advice", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_interval_rules"),
    )
    op.create_table(
        "slot_days",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_slot_days"),
        sa.UniqueConstraint("room_id", "day", name="uq_slot_days_room_id_day"),
    )
    op.create_table(
        "booking_slots",
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name="fk_booking_slots_booking_id_bookings"),
        sa.ForeignKeyConstraint(["slot_id"], ["slots.id"], name="fk_booking_slots_slot_id_slots"),
        sa.PrimaryKeyConstraint("booking_id", "slot_id", name="pk_booking_slots"),
    )
    op.create_index("ix_booking_slots_slot_id", "booking_slots", ["slot_id"])
    op.create_table(
        "reschedules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_name", sa.String(length=64), nullable=False),
        sa.Column("from_room_id", sa.Integer(), nullable=False),
        sa.Column("from_planned_at", UtcDateTime(), nullable=False),
        sa.Column("to_room_id", sa.Integer(), nullable=False),
        sa.Column("to_planned_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name="fk_reschedules_exam_id_exams"),
        sa.PrimaryKeyConstraint("id", name="pk_reschedules"),
    )
    op.create_index("ix_reschedules_exam_id", "reschedules", ["exam_id"])
    op.create_table(
        "no_shows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("planned_at", UtcDateTime(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name="fk_no_shows_exam_id_exams"),
        sa.PrimaryKeyConstraint("id", name="pk_no_shows"),
        sa.UniqueConstraint("exam_id", "planned_at", name="uq_no_shows_exam_id_planned_at"),
    )
    op.create_index("ix_no_shows_patient_id", "no_shows", ["patient_id"])


def _add_referrals() -> None:
    op.create_table(
        "organisation_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisation_groups"),
        sa.UniqueConstraint("name", name="uq_organisation_groups_name"),
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.Column("accepts_referrals", sa.Boolean(), nullable=False),
        sa.Column("publishes_slots", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
        sa.UniqueConstraint("code", name="uq_organisations_code"),
    )
    op.create_table(
        "organisation_members",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["organisation_groups.id"], name="fk_organisation_members_group_id_organisation_groups"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_organisation_members_organisation_id_organisations"
        ),
        sa.PrimaryKeyConstraint("group_id", "organisation_id", name="pk_organisation_members"),
    )
    op.create_index("ix_organisation_members_organisation_id", "organisation_members", ["organisation_id"])
    op.create_table(
        "organisation_campuses",
        sa.Column("campus_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["campus_id"], ["campuses.id"], name="fk_organisation_campuses_campus_id_campuses"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_organisation_campuses_organisation_id_organisations"
        ),
        sa.PrimaryKeyConstraint("campus_id", name="pk_organisation_campuses"),
    )
    op.create_index("ix_organisation_campuses_organisation_id", "organisation_campuses", ["organisation_id"])
    op.create_table(
        "referrals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("to_organisation_id", sa.Integer(), nullable=False),
        sa.Column("to_campus_id", sa.Integer(), nullable=False),
        sa.Column("from_campus_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("sent_by", sa.String(length=64), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name="fk_referrals_exam_id_exams"),
        sa.ForeignKeyConstraint(
            ["to_organisation_id"], ["organisations.id"], name="fk_referrals_to_organisation_id_organisations"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_referrals"),
        sa.UniqueConstraint("exam_id", name="uq_referrals_exam_id"),
    )
    op.create_index("ix_referrals_incoming", "referrals", ["to_campus_id", "state", "sent_at"])
    op.create_index("ix_referrals_outgoing", "referrals", ["from_campus_id", "sent_at"])
