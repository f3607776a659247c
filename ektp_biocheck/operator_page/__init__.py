"""The operator page: a station in the browser of the same computer, and of no other.

    from ektp_biocheck.operator_page.server import serve

`server` binds to the loopback address; `guard` refuses whatever does not come from the page
itself; `routes` are the requests; `shown` puts the station's values into what the page shows;
``static/`` is the page. It asks nothing of any network.
"""
