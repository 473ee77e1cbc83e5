"""`mingjing archive …`: the archive from the command line; each word is a function that takes options and a client."""
