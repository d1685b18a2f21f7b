#!/usr/bin/env python3
"""Draws the pictures of docs/ from text: NAME.txt becomes NAME.svg.

usage: draw.py            draws all of them
       draw.py --check    says which is not what its text gives, and exits with 1 if one is not

A text has rows of boxes from top to bottom, `NAME: WORDS | NAME: WORDS`, where a name may stand in brackets to be drawn without a
frame. A row that begins with `# ` is a heading. Then come arrows, `NAME > NAME` or `NAME > NAME: WORDS`, each between boxes of one row
or of two. WORDS may have ` / ` where a new line begins.
"""
import html
import pathlib
import re
import sys

WIDTH, MARGIN, GAP, ROW_GAP, LINE, PAD, LETTER = 920, 16, 26, 34, 17, 11, 7
STYLE = ("text{font:13px sans-serif;text-anchor:middle;fill:#24292f}.h{font-weight:bold;text-anchor:start;fill:#57606a}"
         ".l{font-size:12px;fill:#57606a}rect{fill:#f6f8fa;stroke:#57606a}path{stroke:#57606a;fill:none;marker-end:url(#a)}")
ARROW_HEAD = ('<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse">'
              '<path d="M0 0L8 4L0 8z" style="fill:#57606a;stroke:none;marker-end:none"/></marker></defs>')


class Box:
    def __init__(self, words, left, top, width, height):
        self.lines = words.split(" / ")
        self.left, self.top, self.width, self.height = left, top, width, height

    @property
    def middle(self):
        return self.left + self.width / 2

    def svg(self, framed):
        parts = []
        if framed:
            parts.append(f'<rect x="{self.left:.0f}" y="{self.top:.0f}" width="{self.width:.0f}" height="{self.height:.0f}" rx="4"/>')
        first = self.top + self.height / 2 - LINE * (len(self.lines) - 1) / 2 + 4
        for number, line in enumerate(self.lines):
            parts.append(f'<text x="{self.middle:.0f}" y="{first + LINE * number:.0f}">{html.escape(line)}</text>')
        return parts


def gap_between(left, right, arrows):
    """Wide enough for the words at an arrow between two neighbours."""
    said = [len(words or "") for source, target, words in arrows if {source, target} == {left, right}]
    return GAP + LETTER * max(said, default=0)


def lay_out(rows, arrows):
    """Gives every box its place; returns boxes by name, the names without a frame, headings, and the height of the picture."""
    boxes, bare, headings, top = {}, set(), [], MARGIN
    for row in rows:
        if row.startswith("# "):
            headings.append((row[2:], top + 14))
            top += 28
            continue
        cells = [re.match(r"(\[?)([\w-]+)\]?: (.*)", cell).groups() for cell in row.split(" | ")]
        height = LINE * max(len(words.split(" / ")) for _, _, words in cells) + 2 * PAD
        longest = [max(len(line) for line in words.split(" / ")) + 4 for _, _, words in cells]
        gaps = [gap_between(one[1], next_one[1], arrows) for one, next_one in zip(cells, cells[1:])] + [0]
        left, free = MARGIN, WIDTH - 2 * MARGIN - sum(gaps)
        for (bracket, name, words), share, gap in zip(cells, longest, gaps):
            width = free * share / sum(longest)
            boxes[name] = Box(words, left, top, width, height)
            if bracket:
                bare.add(name)
            left += width + gap
        top += height + ROW_GAP
    return boxes, bare, headings, top - ROW_GAP + MARGIN


def arrow(source, target, words):
    if source.top == target.top:
        y = source.top + source.height / 2
        leftwards = source.left > target.left
        start, end = (source.left, target.left + target.width) if leftwards else (source.left + source.width, target.left)
        place, line = ((start + end) / 2, y - 6), f"M{start:.0f} {y:.0f}H{end:.0f}"
    else:
        start, end = (source.top + source.height, target.top) if source.top < target.top else (source.top, target.top + target.height)
        # Straight down where both have room for it, and aslant where they have not.
        low, high = max(source.left, target.left) + 8, min(source.left + source.width, target.left + target.width) - 8
        begin, finish = ((low + high) / 2,) * 2 if low <= high else (source.middle, target.middle)
        place, line = ((begin + finish) / 2 + 8, (start + end) / 2 + 4), f"M{begin:.0f} {start:.0f}L{finish:.0f} {end:.0f}"
    anchor = "middle" if source.top == target.top else "start" if place[0] + LETTER * len(words or "") < WIDTH else "end"
    if anchor == "end":
        place = place[0] - 16, place[1]
    label = f'<text class="l" style="text-anchor:{anchor}" x="{place[0]:.0f}" y="{place[1]:.0f}">'
    return [f'<path d="{line}"/>'] + ([label + html.escape(words) + "</text>"] if words else [])


def draw(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    arrows = [match.groups() for match in (re.fullmatch(r"([\w-]+) > ([\w-]+)(?:: (.*))?", line) for line in lines) if match]
    rows = [line for line in lines if not re.fullmatch(r"[\w-]+ > .*", line)]
    boxes, bare, headings, height = lay_out(rows, arrows)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}">',
           f"<style>{STYLE}</style>", ARROW_HEAD, f'<rect width="{WIDTH}" height="{height:.0f}" style="fill:#fff;stroke:none"/>']
    out += [f'<text class="h" x="{MARGIN}" y="{y:.0f}">{html.escape(words)}</text>' for words, y in headings]
    for name, box in boxes.items():
        out += box.svg(name not in bare)
    for source, target, words in arrows:
        out += arrow(boxes[source], boxes[target], words)
    return "\n".join(out + ["</svg>", ""])


def main():
    stale = []
    for text in sorted(pathlib.Path(__file__).resolve().parent.glob("*.txt")):
        picture, drawn = text.with_suffix(".svg"), draw(text.read_text(encoding="utf-8"))
        if "--check" not in sys.argv[1:]:
            picture.write_text(drawn, encoding="utf-8")
        elif not picture.exists() or picture.read_text(encoding="utf-8") != drawn:
            stale.append(picture.name)
    if stale:
        print(f"not what their texts give, run docs/pictures/draw.py: {' '.join(stale)}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
