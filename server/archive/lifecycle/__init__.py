"""The life of a study between stores: rules, copies, moving, recall, pre-fetch, and how full the stores are."""
