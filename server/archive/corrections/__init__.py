"""Corrections of identity: overlays that replace attributes of the immutable files whenever an object leaves."""
