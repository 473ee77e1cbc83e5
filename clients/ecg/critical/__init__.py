"""危急心电图: what was found on arrival, acknowledged with name and time."""
