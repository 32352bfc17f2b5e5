"""What stands on a page besides its content: comments, form fields, links, attached files (ISO 32000-1, 12.5, 12.7)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from services.extraction.extractors.pdf_facts import attachment_name
from services.extraction.extractors.pdf_strings import byte_string, wide_string

_MOST_ANNOTATIONS = 5_000
"""Of one page; a form has hundreds."""
_MOST_OPTIONS = 1_000
_TEXT_FIELDS = {pdfium_c.FPDF_FORMFIELD_TEXTFIELD, pdfium_c.FPDF_FORMFIELD_COMBOBOX, pdfium_c.FPDF_FORMFIELD_LISTBOX}

Annotation = Any
"""A handle of pdfium's, which is untyped."""


@dataclass(slots=True)
class Annotations:
    """What a page's annotations hold, in their order; ``fields`` and ``comments`` are lines of text."""

    fields: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)


def read_annotations(page: pdfium.PdfPage) -> Annotations:
    """Read all annotations of a page; form fields only when the document's forms were initialised."""
    found = Annotations()
    for index in range(min(pdfium_c.FPDFPage_GetAnnotCount(page), _MOST_ANNOTATIONS)):
        if annotation := pdfium_c.FPDFPage_GetAnnot(page, index):
            try:
                _read(page, annotation, found)
            finally:
                pdfium_c.FPDFPage_CloseAnnot(annotation)
    return found


def _read(page: pdfium.PdfPage, annotation: Annotation, found: Annotations) -> None:
    subtype = pdfium_c.FPDFAnnot_GetSubtype(annotation)
    if subtype == pdfium_c.FPDF_ANNOT_LINK:
        found.links.extend(_address(page.pdf, annotation))
    elif subtype == pdfium_c.FPDF_ANNOT_WIDGET:
        found.fields.extend(_field(page.formenv, annotation) if page.formenv else ())
    elif subtype != pdfium_c.FPDF_ANNOT_POPUP:  # which only shows another's text
        if attachment := pdfium_c.FPDFAnnot_GetFileAttachment(annotation):
            found.attachments.append(attachment_name(attachment))
        found.comments.extend(_comment(annotation))


def _address(document: pdfium.PdfDocument, annotation: Annotation) -> Iterator[str]:
    link = pdfium_c.FPDFAnnot_GetLink(annotation)
    action = pdfium_c.FPDFLink_GetAction(link) if link else None
    if action and pdfium_c.FPDFAction_GetType(action) == pdfium_c.PDFACTION_URI:
        yield byte_string(pdfium_c.FPDFAction_GetURIPath, document, action)


def _comment(annotation: Annotation) -> Iterator[str]:
    text = " ".join(wide_string(pdfium_c.FPDFAnnot_GetStringValue, annotation, b"Contents").split())
    author = " ".join(wide_string(pdfium_c.FPDFAnnot_GetStringValue, annotation, b"T").split())
    if text:
        yield f"[Comment by {author}: {text}]" if author else f"[Comment: {text}]"


def _field(form: pdfium.PdfFormEnv, annotation: Annotation) -> Iterator[str]:
    """Give a field as ``Name: value``, a box as ``[x] Name`` (task list of GitHub's Markdown), ticked or not."""

    def ask(function: Callable[..., int], *arguments: int) -> str:
        return wide_string(function, form, annotation, *arguments)

    kind = pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation)
    name = ask(pdfium_c.FPDFAnnot_GetFormFieldAlternateName) or ask(pdfium_c.FPDFAnnot_GetFormFieldName)
    if kind in _TEXT_FIELDS:
        options = range(min(pdfium_c.FPDFAnnot_GetOptionCount(form, annotation), _MOST_OPTIONS))
        chosen = [option for option in options if pdfium_c.FPDFAnnot_IsOptionSelected(form, annotation, option)]
        labels = ", ".join(ask(pdfium_c.FPDFAnnot_GetOptionLabel, option) for option in chosen)
        if value := labels or ask(pdfium_c.FPDFAnnot_GetFormFieldValue):
            yield f"{name}: {value}"
    elif kind == pdfium_c.FPDF_FORMFIELD_CHECKBOX:
        yield f"[{'x' if pdfium_c.FPDFAnnot_IsChecked(form, annotation) else ' '}] {name}"
    elif kind == pdfium_c.FPDF_FORMFIELD_RADIOBUTTON and pdfium_c.FPDFAnnot_IsChecked(form, annotation):
        yield f"{name}: {ask(pdfium_c.FPDFAnnot_GetFormFieldExportValue)}"
