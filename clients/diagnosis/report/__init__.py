"""The report page (报告页面): writing, auditing, templates, history, pictures."""
