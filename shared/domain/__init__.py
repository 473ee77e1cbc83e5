"""Value types and the names of states, actions and permissions; standard library and msgspec only."""
