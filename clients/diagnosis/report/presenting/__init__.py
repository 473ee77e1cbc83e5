"""The report page's intentions by concern, put together in clients.diagnosis.report.presenter."""
