"""In which order the shapes of a slide are read: by where they stand.

Rows from top to bottom, and within a row from left to right. Shapes whose upper edges differ by less than a quarter of
an inch stand in one row. A group is one shape, its members are ordered among themselves.
"""

from collections.abc import Sequence
from typing import TypeVar

EMU_PER_INCH = 914_400
"""English Metric Units, in which positions are given here (ECMA-376 part 1, §20.1.2.1)."""

_ROW_HEIGHT = EMU_PER_INCH // 4

Point = tuple[int, int]
"""Distance from the top and from the left edge."""

Shape = TypeVar("Shape")


def in_reading_order(shapes: Sequence[Shape], points: Sequence[Point | None]) -> list[Shape]:
    """Order shapes by their points as described above; those without one follow, as the file has them."""
    placed = list(zip(points, shapes, strict=True))
    standing = sorted(((point, shape) for point, shape in placed if point is not None), key=lambda pair: pair[0])
    rows: list[list[tuple[Point, Shape]]] = []
    for point, shape in standing:
        if not rows or point[0] - rows[-1][0][0][0] >= _ROW_HEIGHT:
            rows.append([])
        rows[-1].append((point, shape))
    ordered = [shape for row in rows for _, shape in sorted(row, key=lambda pair: pair[0][1])]
    return ordered + [shape for point, shape in placed if point is None]
