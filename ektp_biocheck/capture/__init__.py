"""Decide, guide, fall back: what station software imports."""
