"""Drawing and measuring on whole slides; what is drawn keeps its author and is never lost."""
