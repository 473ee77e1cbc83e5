"""Picking a room and slot for a registered exam, in the side panel: moving it, or accepting a referral."""
