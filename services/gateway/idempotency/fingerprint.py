"""What makes two requests the same: method, path, query, and everything in the body, whatever its order."""

import hashlib
import json
from typing import Any


class Fingerprint:
    """Collects what a request says. Fields of a form count without regard to order, JSON without regard to layout.

    It is ``complete`` once the request has been read to its end; only then does it identify the request.
    """

    def __init__(self, method: str, path_and_query: str) -> None:
        self._route = [method, path_and_query]
        self._entries: list[list[str]] = []
        self.complete = False

    def add_text(self, name: str, value: str) -> None:
        """Count a form field."""
        self._entries.append(["text", name, value])

    def add_file(self, name: str, filename: str, sha256: str) -> None:
        """Count a file by its name and the hash of its bytes."""
        self._entries.append(["file", name, filename, sha256])

    def add_json(self, body: Any) -> None:
        """Count a parsed JSON body."""
        self._entries.append(["json", json.dumps(body, sort_keys=True)])

    def finish(self) -> None:
        """Say that nothing more comes."""
        self.complete = True

    def hexdigest(self) -> str:
        """Return the SHA-256 of the canonical form."""
        return hashlib.sha256(json.dumps([self._route, sorted(self._entries)]).encode()).hexdigest()
