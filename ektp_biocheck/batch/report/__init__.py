"""The report of a run: one HTML page that opens anywhere, without a network.

`page` puts it together; `findings` says what matters; `groups`, `trend` and `streaks` find it;
`captures`, `sections` and `charts` show it; `text` holds every word in both languages.
"""
