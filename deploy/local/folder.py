"""Where a local stack keeps what outlives a run and what tells others about it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunFolder:
    """The files of one stack; ``data/`` and ``log/`` lie beside them."""

    path: Path

    @property
    def lock(self) -> Path:
        """Held, with its process id, by the supervisor while it runs."""
        return self.path / "lock"

    @property
    def secrets(self) -> Path:
        """The parts' credentials, for this user alone."""
        return self.path / "secrets.json"

    @property
    def status(self) -> Path:
        """The parts' states, while there is a supervisor."""
        return self.path / "status.json"

    @property
    def demo(self) -> Path:
        """Every address and key, as a shell reads it; there from the moment the stack is up until it stops."""
        return self.path / "demo.env"

    @property
    def logs(self) -> Path:
        """The folder of the parts' logs."""
        return self.path / "log"
