"""The thin line: records wait on this computer until the server has them (store and forward)."""
