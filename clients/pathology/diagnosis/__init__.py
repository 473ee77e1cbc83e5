"""The tab 病理诊断: findings and diagnosis, opinions, synoptic checklist, codes, frozen section, reports on paper."""
