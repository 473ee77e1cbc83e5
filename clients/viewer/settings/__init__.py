"""What a reader sets for this desk: the pop-up of settings and the typed values behind it."""
