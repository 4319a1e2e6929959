"""How figures are written and drawn, for pages and for documents; and the document itself, in HTML and in Markdown."""
