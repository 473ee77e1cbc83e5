"""The new referral: the booking's form with the receiver's block instead of the room's (RIS-REF-15)."""

from __future__ import annotations

from typing import Any, ClassVar

from clients.kit.actions import ActionGroup
from clients.kit.fields import Choice, ChoiceField, DateTimeField, Section, SwitchField, TextField
from clients.kit.forms import FormView
from clients.kit.translations import Language, language, tr
from clients.registration.booking.state import BookingState
from clients.registration.booking.view import BookingView
from clients.registration.patient_kinds import kind_choices
from clients.registration.referral.presenter import ReferralPresenter
from clients.registration.words import choices_of
from shared.domain.states import PatientType


class ReferralFormView(BookingView):
    """As a registration's form; what differs is who does the exam."""

    REQUEST: ClassVar[tuple[str, ...]] = (
        "from_campus_id",
        "group_id",
        "organisation_id",
        "campus_id",
        "room_id",
        "planned_at",
        "patient_kind",
        "is_in_arrears",
        "note",
    )
    PAGE: ClassVar[str] = "referral"
    TITLES: ClassVar[tuple[str, str]] = ("新建转诊登记", "编辑转诊登记")

    def __init__(self, presenter: ReferralPresenter, actions: ActionGroup) -> None:
        self._referral = presenter
        super().__init__(presenter, actions)

    def _make_request(self) -> FormView:
        types = kind_choices(None)
        return FormView(
            [
                Section(
                    "请检信息",
                    [
                        ChoiceField(key="from_campus_id", label="申请院区", required=True),
                        ChoiceField(key="group_id", label="机构组", choices=[Choice(None, "全部")]),
                        ChoiceField(key="organisation_id", label="转诊机构", required=True, span=2),
                        ChoiceField(key="campus_id", label="转诊院区", required=True),
                        ChoiceField(key="room_id", label="检查室（可不选）"),
                        DateTimeField(key="planned_at", label="预检时间（留空由对方安排）", span=2),
                        ChoiceField(
                            key="patient_kind", label="患者类型", choices=types, initial=PatientType.ORDINARY.value
                        ),
                        SwitchField(key="is_in_arrears", label="欠费"),
                        TextField(key="note", label="给接收机构的说明", max_length=500, span=2),
                    ],
                )
            ],
            columns=4,
        )

    def _show_choices(self, state: BookingState) -> None:
        network = self._referral.network
        if network is None or state.hospital is None:
            return
        english = language() is Language.ENGLISH

        def named(one: Any) -> str:
            return str((one.name_en or one.name) if english else one.name)

        groups = [Choice(group.id, named(group), translate=False) for group in network.groups]
        organisations = self._referral.receivers(state.form)
        self._offer(self.request, "from_campus_id", choices_of(self._referral.own_campuses))
        self._offer(self.request, "group_id", [Choice(None, "全部"), *groups])
        receivers = [Choice(one.id, named(one), translate=False) for one in organisations]
        self._offer(self.request, "organisation_id", receivers)
        self._offer(self.request, "campus_id", choices_of(state.hospital.campuses))
        self._offer(self.request, "patient_kind", kind_choices(state.hospital))
        nobody = Choice(None, tr("由对方安排"), translate=False)
        self._offer(self.request, "room_id", [nobody, *choices_of(state.rooms)])
