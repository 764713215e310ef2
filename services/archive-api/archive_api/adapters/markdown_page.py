"""Turns the markdown of an archive's page into HTML that can do no harm."""

import re

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline

_VIDEO = re.compile(r"\[youtube\s+([A-Za-z0-9_-]{11})\s*\]")
_VIDEO_PAGE = "https://www.youtube-nocookie.com/embed/"
_BOXES = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}


def _task_boxes(state: StateCore) -> None:
    """Show what is to be done and what is done in lists; nothing can be ticked on a page."""
    for opening, _, text in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        first = text.children[0] if text.children else None
        if opening.type == "list_item_open" and first is not None and first.content[:4] in _BOXES:
            first.content = _BOXES[first.content[:4]] + first.content[4:]


def _video(state: StateInline, silent: bool) -> bool:
    """Make a link of `[youtube identifier]`: nobody's browser asks YouTube anything before they follow it."""
    found = _VIDEO.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("link_open", "a", 1).attrs = {"href": f"{_VIDEO_PAGE}{found[1]}"}
        state.push("text", "", 0).content = "Video on YouTube"
        state.push("link_close", "a", -1)
    state.pos = found.end()
    return True


_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_MARKDOWN.core.ruler.push("task_boxes", _task_boxes)
_MARKDOWN.inline.ruler.before("link", "video", _video)
_TAGS = {
    *(
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "code",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
    ),
    *("h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre", "s", "span", "strong", "sub"),
    *("summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_ATTRIBUTES = {
    "*": {"title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"align"},
    "th": {"align"},
}


def render_markdown(text: str) -> str:
    """Return sanitised HTML: tags and attributes of a short list, links to http, https and mailto alone."""
    return nh3.clean(
        _MARKDOWN.render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
