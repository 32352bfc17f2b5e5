"""What a part of the stack is: data that the supervisor can start, judge and stop."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

Check = Callable[[], Awaitable[object]]
"""Returns once the part answers its own protocol; raises anything while it does not yet."""


@dataclass(frozen=True)
class Part:
    """One process of the stack.

    ``files`` are written, readable by the owner alone, before each start; ``folders`` are created. ``needs`` names the
    parts that must be ready before this one starts, ``uses`` those it waits for by itself; both are stopped after it.
    ``patience`` bounds one start, ``grace`` the time between the polite and the final signal.
    """

    name: str
    command: tuple[str, ...]
    ready: Check
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    folders: tuple[Path, ...] = ()
    files: Mapping[Path, str] = field(default_factory=dict)
    patience: timedelta = timedelta(seconds=60)
    grace: timedelta = timedelta(seconds=10)


def stop_order(parts: tuple[Part, ...]) -> list[list[Part]]:
    """Group parts so that nobody is stopped before those who stand on it; the parts of a group stop together.

    Raises ``ValueError`` when parts stand on each other in a circle or need one that is not there.
    """
    left = {part.name: part for part in parts}
    unknown = {need for part in parts for need in part.needs} - left.keys()
    if unknown:
        raise ValueError(f"no such part: {', '.join(sorted(unknown))}")
    groups: list[list[Part]] = []
    while left:
        stood_on = {name for part in left.values() for name in part.needs | part.uses}
        group = [part for name, part in left.items() if name not in stood_on]
        if not group:
            raise ValueError(f"these parts stand on each other: {', '.join(sorted(left))}")
        groups.append(group)
        for part in group:
            del left[part.name]
    return groups
