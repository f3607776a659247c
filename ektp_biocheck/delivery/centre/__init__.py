"""A receiving server for pilots and tests: it stores sealed records and answers for them.

It never opens a record: what it needs stands in the clear envelope, and the key that opens
records need not be on this machine. The protocol stands in docs/delivery/centre.md.
"""
