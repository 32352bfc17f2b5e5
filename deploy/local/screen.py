"""Tell what the parts are doing: a live line each on a terminal, a line per change elsewhere, a file for others."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from deploy.local.credentials import write_private
from deploy.local.part import Part
from deploy.local.supervisor import State

MARKS = {State.WAITING: "·", State.STARTING: "…", State.READY: "✓", State.DIED: "✗", State.STOPPED: "-"}
UP, CLEAR = "\x1b[{}A", "\x1b[2K"


@dataclass(frozen=True)
class Line:
    """What is known of one part; ``since`` is in Unix seconds."""

    state: State
    since: float


class Screen:
    """Shows changes on ``out`` and keeps them in the file ``status``.

    On a terminal the block of lines is redrawn in place until ``settle``; from then on every change is a line of its
    own, because somebody reads what stands above.
    """

    def __init__(self, parts: Iterable[Part], out: TextIO, status: Path) -> None:
        self._lines = {part.name: Line(State.WAITING, time.time()) for part in parts}
        self._out = out
        self._status = status
        self._began = time.time()
        self._live = out.isatty()
        self._drawn = False

    def __call__(self, part: Part, state: State, detail: str) -> None:
        """Take note of a change; the signature is the supervisor's ``Report``."""
        self._lines[part.name] = Line(state, time.time())
        write_private(self._status, json.dumps({name: vars(line) for name, line in self._lines.items()}))
        if state is State.DIED:
            self._say(f"{part.name} {detail}")
        if self._live:
            self._draw()
        elif state in {State.READY, State.STOPPED}:
            self._say(self._text(part.name))

    def settle(self) -> None:
        """End the live block."""
        self._live = False

    def _say(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()
        self._drawn = False

    def _draw(self) -> None:
        if self._drawn:
            self._out.write(UP.format(len(self._lines)))
        self._out.writelines(f"{CLEAR}{self._text(name)}\n" for name in self._lines)
        self._out.flush()
        self._drawn = True

    def _text(self, name: str) -> str:
        line = self._lines[name]
        elapsed = f"{line.since - self._began:5.1f} s" if line.state is State.READY else ""
        return f"  {MARKS[line.state]} {name:<12} {line.state:<9} {elapsed}".rstrip()


def read_status(path: Path) -> str:
    """Describe what a running stack last wrote about its parts; raises ``FileNotFoundError`` before the first line."""
    lines = json.loads(path.read_text())
    return "\n".join(
        f"  {MARKS[State(line['state'])]} {name:<12} {line['state']:<9} for {time.time() - line['since']:.0f} s"
        for name, line in lines.items()
    )
