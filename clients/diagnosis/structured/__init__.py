"""The structured form beside the report: fields, their sentences in the text, values of the past; one document."""
