"""Kinds of HTML elements, by the names of their tags."""


def _tags(names: str) -> frozenset[str]:
    return frozenset(names.split())


VOID = _tags("area base br col embed hr img input link meta param source track wbr")
"""Elements without content or end tag (HTML 13.1.2)."""

ENDING_THEMSELVES = _tags("p li dt dd option optgroup tr td th thead tbody tfoot colgroup rp rt html head body")
"""Elements that end where the next begins: without end tags they do not pile up."""

UNSEEN = _tags("-comment annotation annotation-xml datalist head iframe noembed noframes rp script style template")
"""Nodes whose content is not shown to a reader."""

HEADINGS = {f"h{level}": level for level in range(1, 7)}
LISTS = _tags("ol ul menu dir dl")
PREFORMATTED = _tags("pre listing xmp plaintext")
CELLS = _tags("td th")
CONTAINERS = _tags("li dd blockquote")
"""Elements that mark or indent the blocks inside them."""

BREAKS = (
    _tags("address article aside body caption center dialog details div dt fieldset figcaption figure footer form")
    | _tags("frameset header hgroup hr html legend main nav p section summary table tbody tfoot thead tr")
    | (HEADINGS.keys() | LISTS | PREFORMATTED | CELLS | CONTAINERS)
)
"""Elements that begin and end a paragraph."""

LAID_OUT = _tags("table hr form article section ul ol dl pre blockquote") | HEADINGS.keys()
"""Elements whose presence tells that a table lays out a page."""
