"""The grossing station: the table of blocks, the gross description, the remainder; keyboard, scanner and pedal."""
