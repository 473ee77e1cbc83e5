"""From a finished document to a printer of this desk: set-up, ways to printers, and a queue that forgets nothing."""
