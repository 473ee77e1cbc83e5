"""The checker of reports in the administration: how useful its alarms are, switches, words of the house."""
