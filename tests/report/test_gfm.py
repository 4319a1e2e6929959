"""What is escaped, read again by a reader of Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from augury.core.spelling import visible
from augury.report.gfm import escaped, table

if TYPE_CHECKING:
    from markdown_it.token import Token

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

HOSTILE = (
    "<script>alert(1)</script>",
    "<!-- ",
    "a | b",
    "a \\| b\\",
    "`code` ``x",
    "**bold** __bold__ ~~gone~~",
    "[link](https://evil.example) ![image](//evil.example/x.png)",
    "[ref]: https://evil.example",
    "https://evil.example www.evil.example",
    "first\nsecond\r\n\r\n# heading",
    "# heading",
    "- list",
    "+ list",
    "* list",
    "1. list",
    "---",
    "===",
    "> quote",
    "    code",
    "&lt;b&gt; &copy; &#60;",
    "{{ 7 * 7 }}{% raw %}",
    "$a$ and $b$",
    "\x1b[31mred\x07 \u202egnp.exe \x00",
    "نموذج 🧙 模型",
    ":smile: #123",
)
TEXTS = st.text() | st.lists(st.sampled_from([*HOSTILE, *"\\`*_[]<>|#&{}~-+=.!:$ \n\t"]), max_size=6).map("".join)


def shown(text: str) -> str:
    """How the text should read: on one line, with nothing hidden in it."""
    for blank in "\n\r\t\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029":
        text = text.replace(blank, "\n")
    while "\n\n" in text:
        text = text.replace("\n\n", "\n")
    return visible(text.replace("\n", " ").strip()).replace("@", "@\N{WORD JOINER}")


def cells(markdown: str) -> list[list[str]]:
    """The cells of the only table that there is, each of which holds text and nothing else."""
    rows: list[list[str]] = []
    tokens = READER.parse(markdown)
    assert [token.type for token in tokens if token.level == 0] == ["table_open", "table_close"]
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(plain(token))
    return rows


def plain(inline: Token) -> str:
    assert {child.type for child in inline.children or []} <= {"text", "text_special"}
    return "".join(child.content for child in inline.children or [])


@given(TEXTS)
def test_no_text_breaks_out_of_its_cell(text: str) -> None:
    rows = [["a", text, "b"], [text, text, text]]
    assert cells(table(["x", text, ""], rows)) == [
        ["x", shown(text), ""],
        ["a", shown(text), "b"],
        [shown(text)] * 3,
    ]


@given(TEXTS.filter(shown))
def test_no_text_breaks_out_of_its_line(text: str) -> None:
    for line, around in ((escaped(text), []), (f"- {escaped(text)}", ["bullet_list", "list_item"])):
        tokens = READER.parse(line)
        assert [token.type for token in tokens if token.nesting == 1] == [
            *(f"{name}_open" for name in around),
            "paragraph_open",
        ]
        (inline,) = [token for token in tokens if token.type == "inline"]
        assert plain(inline) == shown(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_names_that_mean_harm_are_shown_as_they_are(text: str) -> None:
    assert cells(table(["name"], [[text]])) == [["name"], [shown(text)]]
    assert "<" not in escaped(text)
    assert not set(escaped(text)) & set("\x00\x07\x1b\u202e\n\r")


def test_addresses_do_not_become_links_by_themselves() -> None:
    said = escaped("see https://evil.example, www.evil.example, me@evil.example")
    for linked in ("https://", "www.", "me@evil"):
        assert linked not in said


def test_plain_names_and_figures_read_as_they_are() -> None:
    for text in ("Claude Sonnet 4.5", "GPT-4o mini", "98.7 %", "$1,234.50", "2.3x", "1 March 2026", "-3.5"):
        assert escaped(text) == text


def test_figures_stand_to_the_right_and_texts_and_bars_to_the_left() -> None:
    lines = table(("Model", "Why", "Calls", ""), [("a", "b", "12,345", "██")], texts={"Why"}).splitlines()
    assert lines == [
        "| Model | Why |  Calls |     |",
        "| ----- | --- | -----: | --- |",
        "| a     | b   | 12,345 | ██  |",
    ]
