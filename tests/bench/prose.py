"""Text that is as dull as a report: made here, always the same, and about as compressible as English."""

import itertools
import random

_COMMON = """the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which
one you were all her she there would their we him been has when who will no more if out so up said what its about than into
them can only other time new some could these two may first then do any like my now over such our man me even most made
after also did many off before must well back through years where much your way down should because long each just state
those people too mail under good site use line make world very own see men work get here between both life being three
never day same another know while last might us great old year off come since against go came right used take""".split()
_SYLLABLES = """con ter men pro tion al er in re com ex ver per den ran sta mul lin gra mo ti ous ing able ly tor sen cal
dis pre for ma no ti va ble ar un der ment ist ance press port form struct serv min tal""".split()
_LINE = 74
_GAPS = (*[" "] * 12, ", ", ". ")


def text(size):
    """So many bytes, in lines that end in CRLF and do not begin with a dot."""
    choose = random.Random(1998)
    words = _COMMON + ["".join(choose.choices(_SYLLABLES, k=choose.choice((2, 2, 3, 3, 4)))) for _ in range(20000)]
    weights = list(itertools.accumulate(1 / (rank + 8) for rank in range(len(words))))  # Zipf's law
    lines, length = [], 0
    while length < size:
        line = ""
        for word in choose.choices(words, cum_weights=weights, k=24):
            if len(line) + len(word) > _LINE:
                break
            line += word + choose.choice(_GAPS)
        lines.append(line.rstrip().encode() + b"\r\n")
        length += len(lines[-1])
    return b"".join(lines)[:size - 2] + b"\r\n"
