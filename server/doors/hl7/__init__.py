"""The MLLP door: HL7 v2 messages of hospital systems, acknowledged once what they ask is durable."""
