"""Documents of record: reports, labels and forms, made on the server and kept there."""
