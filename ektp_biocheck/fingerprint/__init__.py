"""Fingerprint scorer."""
