"""The pictures of a PDF page, and the page as a picture for OCR."""

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

_POINTS_PER_INCH = 72
_LOWEST_DPI, _HIGHEST_DPI = 200, 300
"""What OCR is shown. Faxes of 150 dpi are read as well at 200 as in their own resolution (0.986 and 0.984); small print
below that is lost, and above 300 only time. Pages without pictures are drawn at the lowest."""
_DEEPEST_FORM = 3
_MOST_OBJECTS = 20_000
_SMALL_PIXELS = 500
"""Of the longer side of the small rendering that tells blank pages."""
_LEAST_CONTRAST = 48
"""Grey levels between ink and paper; the noise of an empty scan stays below once it is scaled down."""

Object = Any
"""A handle of pdfium's, which is untyped."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A raster image on a page: its box in points, and its pixels per inch there."""

    left: float
    bottom: float
    right: float
    top: float
    dpi: float

    @property
    def area(self) -> float:
        """Square points."""
        return max(0.0, self.right - self.left) * max(0.0, self.top - self.bottom)


def pictures(page: pdfium.PdfPage) -> list[Picture]:
    """Find the images of a page, those in form XObjects by the box of the outermost form."""
    found = []
    for item, kind in _objects(page):
        image = item if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE else _image_in(item, kind, _DEEPEST_FORM)
        if image and (box := _box(item)):
            found.append(Picture(*box, dpi=_dpi(image, box)))
    return found


def hide_text(page: pdfium.PdfPage) -> None:
    """Make all text of a loaded page invisible, so that OCR sees only what is not text already."""
    for item, kind in _objects(page):
        _hide(item, kind, _DEEPEST_FORM)


def render(page: pdfium.PdfPage, images: list[Picture], most_pixels: int) -> tuple[Image.Image, int]:
    """Render a page in grey at the resolution of its images; gives the picture and its dots per inch."""
    wanted = max((image.dpi for image in images), default=_LOWEST_DPI)
    dpi = min(max(wanted, _LOWEST_DPI), _HIGHEST_DPI)
    return _rendered(page, _bounded_scale(page, dpi / _POINTS_PER_INCH, most_pixels))


def is_blank(page: pdfium.PdfPage) -> bool:
    """Whether nothing can be seen on a page."""
    if not pdfium_c.FPDFPage_CountObjects(page):
        return True
    longer = max(*page.get_size(), 1.0)
    levels = _rendered(page, _SMALL_PIXELS / longer)[0].tobytes()
    return max(levels) - min(levels) < _LEAST_CONTRAST


def _rendered(page: pdfium.PdfPage, scale: float) -> tuple[Image.Image, int]:
    bitmap = page.render(scale=scale, grayscale=True, draw_annots=False, may_draw_forms=False)
    return bitmap.to_pil(), max(1, round(scale * _POINTS_PER_INCH))


def _bounded_scale(page: pdfium.PdfPage, scale: float, most_pixels: int) -> float:
    width, height = page.get_size()
    return min(scale, math.sqrt(most_pixels / max(width * height, 1.0)))


def _objects(page: pdfium.PdfPage) -> Iterator[tuple[Object, int]]:
    for index in range(min(pdfium_c.FPDFPage_CountObjects(page), _MOST_OBJECTS)):
        item = pdfium_c.FPDFPage_GetObject(page, index)
        yield item, pdfium_c.FPDFPageObj_GetType(item)


def _parts(form: Object) -> Iterator[tuple[Object, int]]:
    for index in range(min(pdfium_c.FPDFFormObj_CountObjects(form), _MOST_OBJECTS)):
        item = pdfium_c.FPDFFormObj_GetObject(form, index)
        yield item, pdfium_c.FPDFPageObj_GetType(item)


def _image_in(item: Object, kind: int, depth: int) -> Object | None:
    """Find the first image in a form XObject."""
    if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
        return item
    if kind != pdfium_c.FPDF_PAGEOBJ_FORM or not depth:
        return None
    return next(filter(None, (_image_in(part, inner, depth - 1) for part, inner in _parts(item))), None)


def _hide(item: Object, kind: int, depth: int) -> None:
    if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
        pdfium_c.FPDFTextObj_SetTextRenderMode(item, pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE)
    elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth:
        for part, inner in _parts(item):
            _hide(part, inner, depth - 1)


def _box(item: Object) -> tuple[float, float, float, float] | None:
    edges = [ctypes.c_float() for _ in range(4)]
    if not pdfium_c.FPDFPageObj_GetBounds(item, *edges):
        return None
    left, bottom, right, top = (edge.value for edge in edges)
    return left, bottom, right, top


def _dpi(image: Object, box: tuple[float, float, float, float]) -> float:
    width, height = ctypes.c_uint(), ctypes.c_uint()
    pdfium_c.FPDFImageObj_GetImagePixelSize(image, width, height)
    left, bottom, right, top = box
    area = (right - left) * (top - bottom)
    return math.sqrt(width.value * height.value / area) * _POINTS_PER_INCH if area > 0 else 0.0
