"""Ask the service in this container whether it is alive; exits with 1 when it is not.

usage: healthcheck.py VARIABLE, where VARIABLE names the environment variable that holds its internal port.
"""

import os
import sys
import urllib.request

TIMEOUT_SECONDS = 3.0


def main() -> None:
    """Fetch ``/healthz``; an error status, a refused connection and a time-out are all an ``OSError``."""
    port = int(os.environ[sys.argv[1]])
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=TIMEOUT_SECONDS).close()
    except OSError as error:
        sys.exit(f"Not healthy: {error}")


if __name__ == "__main__":
    main()
