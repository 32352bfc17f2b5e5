"""HTML: everything a page can show text in, a marker word in each."""

from collections.abc import Callable, Mapping
from pathlib import Path

import html2text
import kreuzberg
import lxml.html
import markitdown
import trafilatura

from tests.support.web_documents import html

SUFFIX = ".html"

FEATURES: Mapping[str, str] = {
    "heading": "# HEADINGWORD",
    "paragraph": "PARAGRAPHWORD",
    "line break": "BREAKONE\nBREAKTWO",
    "numbered list": "3. NUMBERWORD",
    "nested list": "  - NESTEDITEM",
    "table": "CELLONE | CELLTWO",
    "spanned cell": "| SPANWORD |  | AFTERSPAN |",
    "caption": "CAPTIONWORD",
    "nested table": "INNERWORD",
    "layout table": "LAYOUTWORD",
    "definition": "DEFINITIONWORD",
    "quotation": "> QUOTEWORD",
    "code": "  CODE  WORD",
    "link text": "LINKWORD",
    "link target": "https://target.example/",
    "alt text": "ALTWORD",
    "typed field": "TYPEDWORD",
    "text area": "AREAWORD",
    "choice": "CHOICEWORD",
    "details": "DETAILSWORD",
    "navigation": "NAVWORD",
    "footer": "FOOTERWORD",
    "noscript": "SCRIPTLESSWORD",
    "ruby": "RUBYWORD",
    "drawing": "DRAWNWORD",
    "soft hyphen": "SOFTHYPHENWORD",
    "entity": "ENTITY&WORD",
    "unclosed tags": "UNCLOSEDWORD",
}

ABSENT: Mapping[str, str] = {
    "script": "PROGRAMWORD",
    "style": "STYLEWORD",
    "comment": "REMARKWORD",
    "template": "TEMPLATEWORD",
    "password": "PASSWORD" + "WORD",
}

_BODY = """<nav><ul><li>NAVWORD</ul></nav><main><article><h1>HEADINGWORD</h1>
<p>PARAGRAPHWORD is here for readers who like sentences. <a href="https://target.example/">LINKWORD</a>
BREAKONE<br>BREAKTWO</p><p>SOFT&shy;HYPHEN&shy;WORD ENTITY&amp;WORD <ruby>字<rt>RUBYWORD</rt></ruby></p>
<ol start="3"><li>NUMBERWORD<ul><li>NESTEDITEM</li></ul></li></ol>
<table><caption>CAPTIONWORD</caption><tr><th>CELLONE</th><th>CELLTWO</th><th>C</th></tr>
<tr><td colspan="2">SPANWORD</td><td>AFTERSPAN</td></tr>
<tr><td>a</td><td>b</td><td><table><tr><td>INNERWORD</td><td>c</td></tr></table></td></tr></table>
<table role="presentation"><tr><td>LAYOUTWORD</td></tr></table>
<dl><dt>term</dt><dd>DEFINITIONWORD</dd></dl><blockquote>QUOTEWORD</blockquote><pre>
  CODE  WORD</pre><p><img src="x.png" alt="ALTWORD"></p>
<form><input value="TYPEDWORD"><input type="password" value="PASSWORDWORD"><textarea>AREAWORD</textarea>
<select><option>CHOICEWORD</option></select></form><details><summary>s</summary>DETAILSWORD</details>
<svg><text>DRAWNWORD</text></svg><noscript>SCRIPTLESSWORD</noscript><script>PROGRAMWORD</script>
<style>STYLEWORD</style><!-- REMARKWORD --><template>TEMPLATEWORD</template></article></main>
<footer>FOOTERWORD</footer><ul><li><b>UNCLOSEDWORD"""


def document() -> bytes:
    """Make a page with every feature."""
    return html(_BODY)


def _html2text(source: Path) -> str:
    reader = html2text.HTML2Text()
    reader.body_width = 0
    return str(reader.handle(source.read_text()))


_MARKDOWN = kreuzberg.ExtractionConfig(output_format="markdown")

PEERS: Mapping[str, Callable[[Path], str]] = {
    "lxml": lambda source: "".join(map(str, lxml.html.fromstring(source.read_bytes()).itertext(tag=None))),
    "html2text": _html2text,
    "trafilatura": lambda source: str(
        trafilatura.extract(source.read_text(), output_format="markdown", include_links=True, favor_recall=True)
    ),
    "markitdown": lambda source: str(markitdown.MarkItDown().convert(source).markdown),
    "kreuzberg": lambda source: str(kreuzberg.extract_file_sync(source, config=_MARKDOWN).content),
}
