"""Pure renderers: typed facts in, PDF or ZPL bytes out; no database, no network, no clock."""
