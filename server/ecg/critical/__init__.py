"""Critical ECGs: the configurable list, judgement of a trace on arrival, alarms."""
