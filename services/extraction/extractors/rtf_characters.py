"""Characters that RTF writes as control words and symbols (RTF 1.9.1, "Special Characters")."""

CHARACTERS = {
    b"tab": "\t",
    b"line": "\n",
    b"softline": "\n",
    b"emdash": "\N{EM DASH}",
    b"endash": "\N{EN DASH}",
    b"emspace": " ",
    b"enspace": " ",
    b"qmspace": " ",
    b"bullet": "\N{BULLET}",
    b"lquote": "\N{LEFT SINGLE QUOTATION MARK}",
    b"rquote": "\N{RIGHT SINGLE QUOTATION MARK}",
    b"ldblquote": "\N{LEFT DOUBLE QUOTATION MARK}",
    b"rdblquote": "\N{RIGHT DOUBLE QUOTATION MARK}",
    b"nestcell": "; ",
    b"nestrow": "\n",
}
"""Control words; a table inside a cell reads as its cells, parted by semicolons."""

SYMBOLS = {b"~": " ", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}"}
"""Control symbols; others, such as the optional hyphen, stand for nothing."""
