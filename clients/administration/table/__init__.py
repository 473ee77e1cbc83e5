"""A page that is a list and a form beside it; what is listed and edited is declared, not programmed."""
