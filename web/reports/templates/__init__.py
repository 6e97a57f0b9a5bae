"""How documents look: HTML for browsers, Typst for PDF. What they show comes in as data."""
