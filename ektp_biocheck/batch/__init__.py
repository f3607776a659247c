"""Folders of captures to tables.

`scan` finds the files, `pool` works on them in processes, `outcome` scores one, `table`
writes them, `run` leads. Importing this package loads none of them.
"""
