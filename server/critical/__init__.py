"""Critical values: their library, finding them in a text, and the loop from the report to the ward's answer."""
