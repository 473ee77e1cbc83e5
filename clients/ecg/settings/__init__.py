"""心电设置: reports, limits of consultations, the list of critical ECGs."""
