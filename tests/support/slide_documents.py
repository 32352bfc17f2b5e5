"""Builders of presentations: one that has a marker word for every feature, and hostile ones."""

import copy
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lxml import etree
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.shapes import MSO_SHAPE
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.oxml import parse_xml
from pptx.util import Inches

from tests.support.documents import PNG, replace_member, unzip, zipped

_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_THREADS = "http://schemas.microsoft.com/office/powerpoint/2018/8/main"
_THREAD_TYPES = "http://schemas.microsoft.com/office/2018/10/relationships"
_CONTENT_TYPE = "application/xml"
_ANYWHERE = (Inches(1), Inches(5), Inches(2), Inches(1))

FEATURES: Mapping[str, str] = {
    "title": "markertitle",
    "body": "markerbody",
    "text box": "markerbox",
    "group": "markergroup",
    "nested group": "markernested",
    "table": "markertable",
    "chart title": "markerchart",
    "chart category": "markercategory",
    "chart series": "markerseries",
    "SmartArt": "markersmart",
    "notes": "markernotes",
    "classic comment": "markerclassic",
    "modern comment": "markermodern",
    "reply": "markerreply",
    "alt text": "markeralt",
    "alternate content": "markerchoice",
    "hidden slide": "markerhidden",
    "footer": "markerfooter",
    "hyperlink text": "markerlink",
}
"""A word for each feature; ``feature_pptx`` has every one exactly once, in what a reader sees of it."""

ABSENT: Mapping[str, str] = {"fallback copy": "markerfallback", "layout prompt": "Click to edit"}
"""What must not be read: a copy for older programs, and text of the layout."""


def saved(presentation: Any) -> bytes:
    """Save a python-pptx presentation to bytes."""
    buffer = io.BytesIO()
    presentation.save(buffer)
    return buffer.getvalue()


def titled_pptx(*titles: str) -> bytes:
    """Make a presentation of slides that have a title and a line of text, ``text of TITLE``."""
    presentation = Presentation()
    for title in titles:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = f"text of {title}"
    return saved(presentation)


def feature_pptx() -> bytes:
    """Make a presentation with every feature of ``FEATURES`` on its first slide; the second slide is hidden."""
    presentation = Presentation()
    presentation.core_properties.title = "A deck"
    presentation.core_properties.author = "Ada"
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "markertitle"
    slide.placeholders[1].text = "markerbody"
    slide.notes_slide.notes_text_frame.text = "markernotes"
    for add in (_add_texts, _add_groups, _add_table, _add_chart, _add_diagram, _add_media, _add_comments):
        add(slide, presentation)
    hidden = presentation.slides.add_slide(presentation.slide_layouts[1])
    hidden.placeholders[1].text = "markerhidden"
    hidden._element.set("show", "0")
    for each in (slide, hidden):
        _add_footer(each)
    return saved(presentation)


def _add_texts(slide: Any, _presentation: Any) -> None:
    box = slide.shapes.add_textbox(*_ANYWHERE)
    box.text_frame.text = "markerbox"
    run = box.text_frame.add_paragraph().add_run()
    run.text = "markerlink"
    run.hyperlink.address = "https://example.org/linked"
    choice, fallback = (_shape_xml(text) for text in ("markerchoice", "markerfallback"))
    slide.shapes._spTree.append(
        parse_xml(
            f'<mc:AlternateContent xmlns:mc="{_COMPATIBILITY}"><mc:Choice Requires="p14">{choice}</mc:Choice>'
            f"<mc:Fallback>{fallback}</mc:Fallback></mc:AlternateContent>"
        )
    )


def _shape_xml(text: str, placeholder: str = "") -> str:
    return (
        f'<p:sp xmlns:p="{_P}" xmlns:a="{_A}"><p:nvSpPr><p:cNvPr id="90" name="x"/><p:cNvSpPr/><p:nvPr>{placeholder}'
        f"</p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


def _add_groups(slide: Any, _presentation: Any) -> None:
    group = slide.shapes.add_group_shape()
    group.shapes.add_shape(MSO_SHAPE.RECTANGLE, *_ANYWHERE).text_frame.text = "markergroup"
    inner = group.shapes.add_group_shape()
    inner.shapes.add_shape(MSO_SHAPE.RECTANGLE, *_ANYWHERE).text_frame.text = "markernested"


def _add_table(slide: Any, _presentation: Any) -> None:
    table = slide.shapes.add_table(2, 2, *_ANYWHERE).table
    table.cell(0, 0).text = "markertable"
    table.cell(0, 0).merge(table.cell(0, 1))
    table.cell(1, 0).text, table.cell(1, 1).text = "a|b", "2"


def _add_chart(slide: Any, _presentation: Any) -> None:
    make: Any = CategoryChartData  # python-pptx does not say what it takes
    data = make(number_format="0%")
    data.categories = ["markercategory", "East"]
    data.add_series("markerseries", (0.25, 0.75))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *_ANYWHERE, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "markerchart"


def _add_diagram(slide: Any, _presentation: Any) -> None:
    text = "<dgm:t><a:bodyPr/><a:p><a:r><a:t>markersmart</a:t></a:r></a:p></dgm:t>"
    data = (
        f'<dgm:dataModel xmlns:dgm="{_DIAGRAM}" xmlns:a="{_A}"><dgm:ptLst><dgm:pt modelId="1">{text}</dgm:pt>'
        '<dgm:pt modelId="2" type="pres"/></dgm:ptLst></dgm:dataModel>'
    )
    related = relate(slide.part, "/ppt/diagrams/data1.xml", data, f"{_R}/diagramData")
    slide.shapes._spTree.append(
        parse_xml(
            f'<p:graphicFrame xmlns:p="{_P}" xmlns:a="{_A}" xmlns:r="{_R}"><p:nvGraphicFramePr>'
            '<p:cNvPr id="91" name="d"/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr><p:xfrm>'
            '<a:off x="9" y="9"/><a:ext cx="9" cy="9"/></p:xfrm><a:graphic>'
            f'<a:graphicData uri="{_DIAGRAM}"><dgm:relIds xmlns:dgm="{_DIAGRAM}" r:dm="{related}"/>'
            "</a:graphicData></a:graphic></p:graphicFrame>"
        )
    )


def _add_media(slide: Any, _presentation: Any) -> None:
    picture = slide.shapes.add_picture(io.BytesIO(PNG), *_ANYWHERE)
    picture._element.nvPicPr.cNvPr.set("descr", "markeralt")
    slide.shapes.add_ole_object(io.BytesIO(b"an object"), "Excel.Sheet.12", *_ANYWHERE)


def _add_comments(slide: Any, presentation: Any) -> None:
    main = presentation.part
    relate(
        main,
        "/ppt/commentAuthors.xml",
        f'<p:cmAuthorLst xmlns:p="{_P}"><p:cmAuthor id="7" name="Bob" initials="B"/></p:cmAuthorLst>',
        f"{_R}/commentAuthors",
    )
    relate(
        slide.part,
        "/ppt/comments/comment1.xml",
        f'<p:cmLst xmlns:p="{_P}"><p:cm authorId="7" idx="1"><p:pos x="1" y="1"/><p:text>markerclassic</p:text></p:cm>'
        "</p:cmLst>",
        f"{_R}/comments",
    )
    relate(
        main,
        "/ppt/authors.xml",
        f'<t:authorLst xmlns:t="{_THREADS}"><t:author id="{{A}}" name="Eve"/></t:authorLst>',
        f"{_THREAD_TYPES}/authors",
    )
    body = '<t:txBody><a:bodyPr xmlns:a="{0}"/><a:p xmlns:a="{0}"><a:r><a:t>{1}</a:t></a:r></a:p></t:txBody>'
    reply = f'<t:reply id="{{R}}" authorId="{{A}}">{body.format(_A, "markerreply")}</t:reply>'
    relate(
        slide.part,
        "/ppt/comments/modernComment_1.xml",
        f'<t:cmLst xmlns:t="{_THREADS}"><t:cm id="{{C}}" authorId="{{A}}"><t:replyLst>{reply}</t:replyLst>'
        f"{body.format(_A, 'markermodern')}</t:cm></t:cmLst>",
        f"{_THREAD_TYPES}/comments",
    )


def relate(part: Any, name: str, content: str, kind: str) -> str:
    """Give a part a related part of this content and return the relationship's id."""
    related: str = part.relate_to(Part(PackURI(name), _CONTENT_TYPE, part.package, content.encode()), kind)
    return related


def _add_footer(slide: Any) -> None:
    for text, kind in (("markerfooter", "ftr"), ("99", "sldNum")):
        slide.shapes._spTree.append(parse_xml(_shape_xml(text, f'<p:ph type="{kind}" sz="quarter" idx="11"/>')))


def boxes_pptx(inches: Mapping[str, tuple[float, float]]) -> bytes:
    """Make a slide of text boxes that stand so far from the left and top edges, in this order in the file."""
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    for text, (left, top) in inches.items():
        slide.shapes.add_textbox(Inches(left), Inches(top), Inches(1), Inches(1)).text_frame.text = text
    return saved(presentation)


def numbered_pptx(lines: Iterable[tuple[int, int | None, str]]) -> bytes:
    """Make a slide with a list: level, number its list starts at (None: no number), text."""
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    frame = slide.shapes.add_textbox(*_ANYWHERE).text_frame
    for level, start, text in lines:
        paragraph = frame.add_paragraph()
        paragraph.text, paragraph.level = text, level
        if start is not None:
            numbering = f'<a:buAutoNum xmlns:a="{_A}" type="arabicPeriod" startAt="{start}"/>'
            paragraph._p.get_or_add_pPr().append(parse_xml(numbering))
    return saved(presentation)


def repeated_pptx(times: int) -> bytes:
    """Make a presentation that lists its only slide so many times."""

    def repeat(root: Any) -> None:
        listing = root.find("{*}sldIdLst")
        for _ in range(times - 1):
            listing.append(copy.deepcopy(listing[0]))

    return edited(titled_pptx("one"), "ppt/presentation.xml", repeat)


def looping_pptx() -> bytes:
    """Make a presentation whose slide is its own notes."""
    presentation = Presentation(io.BytesIO(titled_pptx("one")))
    part = presentation.slides[0].part
    part.relate_to(part, f"{_R}/notesSlide")
    return saved(presentation)


def external_pptx(target: str) -> bytes:
    """Make a presentation whose slide has an external hyperlink, video, chart and notes, all of them this target."""
    presentation = Presentation(io.BytesIO(titled_pptx("one")))
    part = presentation.slides[0].part
    for kind in ("hyperlink", "video", "chart", "notesSlide", "comments"):
        part.relate_to(target, f"{_R}/{kind}", is_external=True)
    return saved(presentation)


def edited(deck: bytes, member: str, change: Callable[[Any], None]) -> bytes:
    """Give a presentation with one XML member changed."""
    root = etree.fromstring(unzip(deck)[member])
    change(root)
    return replace_member(deck, member, etree.tostring(root))


def without(deck: bytes, *members: str) -> bytes:
    """Give a presentation from which members are missing, though relationships still announce them."""
    return zipped({name: content for name, content in unzip(deck).items() if name not in members})


def nested_pptx(depth: int) -> bytes:
    """Make a presentation whose second slide is a group in a group, so many times; the last one has text."""
    deck = titled_pptx("first", "second")
    slide = unzip(deck)["ppt/slides/slide2.xml"]
    content = b"<p:grpSp>" * depth + _shape_xml("deepest").encode() + b"</p:grpSp>" * depth
    return replace_member(deck, "ppt/slides/slide2.xml", slide.replace(b"</p:spTree>", content + b"</p:spTree>"))


def strict_pptx() -> bytes:
    """Make a presentation in the strict dialect, whose namespaces differ (ECMA-376 part 1, annex A)."""
    transitional = b"http://schemas.openxmlformats.org/"
    names = {
        transitional + b"presentationml/2006/main": b"http://purl.oclc.org/ooxml/presentationml/main",
        transitional + b"drawingml/2006/main": b"http://purl.oclc.org/ooxml/drawingml/main",
        transitional + b"officeDocument/2006/relationships": b"http://purl.oclc.org/ooxml/officeDocument/relationships",
    }
    members = unzip(feature_pptx())
    for name, content in members.items():
        for old, new in names.items():
            members[name] = members[name].replace(old, new) if content.startswith(b"<") else members[name]
    return zipped(members)
