"""The portable reader: pages with pictures that any browser shows from a medium, without installation."""
