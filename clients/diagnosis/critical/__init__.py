"""Critical values at the workstation: the overview, the ward page, the panel of a report, the strip that alarms."""
