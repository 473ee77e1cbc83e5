"""The one screen of the hall display: the board of all rooms."""
