"""Quality control on screen: tasks, blinded scoring, statistics."""
