"""Server settings for `hypercorn -k trio -c python:trioproxy.hypercorn_config trioproxy:app`.

`trioproxy serve` uses the same ones, save for the grace, which it owns itself. Each
is here because the default breaks a promise.
"""

from __future__ import annotations

worker_class = "trio"
backlog = 4096  # 100 loses connections when a thousand streams start within a second
keep_alive_timeout = 75.0  # seconds
keep_alive_max_requests = 10**9  # at the limit an HTTP/2 connection hangs with all its streams
graceful_timeout = 30.0  # seconds; streams in flight are cut after 3 by default
shutdown_timeout = 60.0  # seconds
h11_max_incomplete_size = 131_072  # bytes of request head
h2_max_header_list_size = 262_144  # bytes; a larger list costs the whole connection
h2_max_concurrent_streams = 400  # one more costs the whole connection
include_date_header = False  # the upstream's own are passed on
include_server_header = False
accesslog = None
