"""Exchange of cases between servers: the format of packages, export and import."""
