"""Folders of captures to tables.

`run` leads. `scan` finds the files, `plan` brings them together with a `manifest` and what their
names say, `pool` (or `cluster`) hands them to `work`, `journal` keeps what came back, `publish`
writes it. `merge` does so for shards, and `results` reads it again: that is where reports,
thresholds and comparisons start. Importing this package loads none of them.
"""
