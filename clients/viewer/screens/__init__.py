"""Screens: true size, calibration, test patterns, full screen and a second screen."""
