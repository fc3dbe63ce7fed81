#!/usr/bin/env python3
r"""Draws what a command prints in a terminal as an SVG picture.

usage: docs/images/terminal.py [--lines N] OUTPUT.svg -- COMMAND...

    docs/images/terminal.py --lines 60 docs/images/check.svg -- \
        target/release/plimsoll check --color always examples/harbor/bad/infra/aws --severity high

The command is run here and now; its standard output is drawn with its colours, the first N lines of it, and its exit status does not matter.
"""

import html
import re
import subprocess
import sys
import unicodedata

WIDTH, HEIGHT = 8.43, 19  # of a character, in pixels, at the size below
SIZE = 14
MARGIN, BAR = 20, 40
BACKGROUND, FOREGROUND = "#161b22", "#d6dde6"
COLOURS = ["#484f58", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#d6dde6"]
BRIGHT = ["#6e7681", "#ffa198", "#aff5b4", "#f2cc60", "#a5d6ff", "#e2c5ff", "#b3f0ff", "#ffffff"]
SGR = re.compile(r"\x1b\[([0-9;]*)m")
OTHER = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]|\x1b\]8;;[^\x1b\x07]*(?:\x1b\\|\x07)|\r")


class Style:
    """Colour and weight of what follows."""

    def __init__(self):
        self.colour, self.bold, self.dim, self.italic, self.underline = None, False, False, False, False

    def apply(self, codes):
        """Takes over the codes of one escape sequence."""
        codes = [int(code or 0) for code in codes.split(";")]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.__init__()
            elif code in (1, 2, 3, 4):
                setattr(self, ("bold", "dim", "italic", "underline")[code - 1], True)
            elif code == 22:
                self.bold = self.dim = False
            elif code in (23, 24):
                setattr(self, ("italic", "underline")[code - 23], False)
            elif 30 <= code <= 37:
                self.colour = COLOURS[code - 30]
            elif 90 <= code <= 97:
                self.colour = BRIGHT[code - 90]
            elif code == 39:
                self.colour = None
            elif code == 38 and codes[:1] == [5]:
                number = codes[1]
                self.colour = (COLOURS + BRIGHT)[number] if number < 16 else cube(number)
                del codes[:2]
            elif code == 38 and codes[:1] == [2]:
                self.colour = "#%02x%02x%02x" % tuple(codes[1:4])
                del codes[:4]

    def attributes(self):
        """The same as attributes of a tspan."""
        out = []
        if self.colour:
            out.append(f'fill="{self.colour}"')
        if self.bold:
            out.append('font-weight="bold"')
        if self.dim:
            out.append('opacity="0.65"')
        if self.italic:
            out.append('font-style="italic"')
        if self.underline:
            out.append('text-decoration="underline"')
        return " ".join(out)


def cube(number):
    """A colour of the palette of 256."""
    if number >= 232:
        grey = 8 + 10 * (number - 232)
        return "#%02x%02x%02x" % (grey, grey, grey)
    levels = [0, 95, 135, 175, 215, 255]
    number -= 16
    return "#%02x%02x%02x" % (levels[number // 36], levels[number // 6 % 6], levels[number % 6])


def columns(text):
    """How many cells a text takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def drawn(line, style, y):
    """One line as a text element; the style goes on in the next one."""
    spans, at = [], 0
    for index, part in enumerate(SGR.split(line)):
        if index % 2:
            style.apply(part)
        elif part:
            x = MARGIN + at * WIDTH
            length = columns(part)
            part = part.replace(" ", "\u00a0")  # which no viewer collapses
            spans.append(
                f'<tspan x="{x:.1f}" textLength="{length * WIDTH:.1f}" lengthAdjust="spacingAndGlyphs" {style.attributes()}>{html.escape(part)}</tspan>'
            )
            at += length
    return at, f'<text y="{y}">{"".join(spans)}</text>' if spans else ""


def main(arguments):
    """Runs the command and writes the picture."""
    split = arguments.index("--")
    options, command = arguments[:split], arguments[split + 1 :]
    limit = int(options[options.index("--lines") + 1]) if "--lines" in options else 10_000
    output = options[-1]
    printed = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout.decode()
    program = command[0].rsplit("/", 1)[-1]
    shown = " ".join([program] + [word for word in command[1:] if word not in ("--color", "always")])
    lines = [f"\x1b[90m$\x1b[0m \x1b[1m{shown}\x1b[0m"]
    lines += OTHER.sub("", printed).rstrip().split("\n")
    if len(lines) > limit:
        lines = lines[:limit] + ["\x1b[90m…\x1b[0m"]
    style, texts, widest = Style(), [], 0
    for number, line in enumerate(lines):
        width, text = drawn(line, style, BAR + MARGIN + number * HEIGHT)
        widest = max(widest, width)
        texts.append(text)
    width, height = 2 * MARGIN + widest * WIDTH, BAR + MARGIN + len(lines) * HEIGHT
    dots = "".join(f'<circle cx="{22 + 20 * i}" cy="20" r="6" fill="{c}"/>' for i, c in enumerate(["#ff5f56", "#ffbd2e", "#27c93f"]))
    font = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
    with open(output, "w", encoding="utf-8") as file:
        file.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}" role="img">\n'
            f"<title>{html.escape(shown)}</title>\n"
            f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>\n{dots}\n'
            f'<g font-family="{font}" font-size="{SIZE}" fill="{FOREGROUND}">\n' + "\n".join(text for text in texts if text) + "\n</g>\n</svg>\n"
        )


if __name__ == "__main__":
    if "--" not in sys.argv[1:]:
        sys.exit(__doc__)
    main(sys.argv[1:])
