"""HL7 v2 as bytes and text: framing, messages, acknowledgements; knows no socket, area or database."""
