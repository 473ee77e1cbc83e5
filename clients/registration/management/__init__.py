"""Registration management (登记管理): every registration by filter, and what can still be done with it."""
