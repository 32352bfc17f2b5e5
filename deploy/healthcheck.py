"""Ask the service in this container whether it is alive; exits with 1 when it is not.

usage: healthcheck.py VARIABLE, where VARIABLE names the environment variable that holds its internal port.
"""

import os
import sys
import urllib.request

TIMEOUT_SECONDS = 3.0


def main() -> None:
    """Fetch ``/healthz``; an error status, a refused connection and a time-out all raise, which is the answer."""
    port = int(os.environ[sys.argv[1]])
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=TIMEOUT_SECONDS):
        pass


if __name__ == "__main__":
    main()
