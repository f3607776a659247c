"""What a station must never lose: events, sealed records, the audit chain."""
