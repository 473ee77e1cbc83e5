"""The kiosk's only screen: scan or type, then what to do next."""
