"""The load of a room by day and week, with appointments that can be moved (预约日历)."""
