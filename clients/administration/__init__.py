"""The administrator's workstation: the archive, its peers, rules, storage, queues and backups."""
