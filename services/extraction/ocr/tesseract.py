"""Tesseract's library: where its languages are, and one engine per language for the life of the process."""

import os
from functools import cache
from pathlib import Path

os.environ["OMP_THREAD_LIMIT"] = "1"  # read once, when the library loads; two threads take more time than one

import tesserocr  # noqa: E402 - after its setting

_FOLDERS = Path("/usr/share/tesseract-ocr")


@cache
def data_folder() -> Path:
    """Find the folder of ``*.traineddata``, Debian's newest; raises ``FileNotFoundError`` without one."""
    for folder in sorted(_FOLDERS.glob("*/tessdata"), reverse=True):
        return folder
    raise FileNotFoundError(_FOLDERS)


@cache
def installed_languages() -> frozenset[str]:
    """Name the languages that can be opened, as Tesseract does (``eng``, ``chi_sim``)."""
    return frozenset(path.stem for path in data_folder().glob("*.traineddata")) - {"osd"}


@cache
def engine(language: str) -> tesserocr.PyTessBaseAPI:
    """Open a language, or several as ``rus+eng``, once."""
    return tesserocr.PyTessBaseAPI(path=f"{data_folder()}/", lang=language, psm=tesserocr.PSM.AUTO)
