"""线路管理: how the queues of the stations on thin lines stand."""
