#!/usr/bin/env python3
"""The commands of docs/install.md and what it says the screen shows, for tests/packages/first_mail.

    document.py DOCUMENT steps                    a line for each block of commands: its number, and the hub or `both`
    document.py DOCUMENT commands NUMBER          the commands of that block
    document.py DOCUMENT compare DIRECTORY        fails if DIRECTORY/NUMBER, a screen, is not what the document shows after the block
    document.py DOCUMENT record DIRECTORY         puts the screens into the document

A block is "```sh WHERE"; the screen after it, which need not be there, is "```text". Keys, tokens, words, times and the like differ each time.
"""
import difflib
import pathlib
import re
import sys

BLOCK = re.compile(r'^```(sh|text)(?: (\S+))?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
DIFFERS = [
    (r'tsmtp1:[\w.:\[\]-]+(…)?', 'TOKEN'),
    (r'sha256:[\w+/]{43}=', 'PIN'),
    (r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?', 'DATE'),
    (r'\b\d\d:\d\d(:\d\d)?\b', 'TIME'),
    (r'(?m)^( *words +).*$', r'\1WORDS'),
    (r'\b\d+(\.\d+)? (ms|s|min|minutes?|seconds?|KiB|MiB|bytes)\b', 'SOME'),
    (r'\(pid \d+\)', 'PID'),
    (r'\b[0-9A-Za-z]{14}\b(?=[: ])', 'QUEUE-ID'),
    (r'\(([0-9a-f]{12})\)', '(COMMIT)'),
]

# Debian 13 leaves sendmail disabled; the document shows Debian 12, and says so.
ONLY_ON_DEBIAN_13 = re.compile(r' *(sendmail is not running|enabling (and starting sendmail, which was not running|sendmail, which would not start at the next boot))$')


class Block:
    def __init__(self, match):
        self.kind, self.where, self.text = match.group(1), match.group(2), match.group(3)
        self.span = match.span(3)


def steps(document):
    """Each block of commands with its screen, or None."""
    blocks = [Block(match) for match in BLOCK.finditer(document)]
    for at, block in enumerate(blocks):
        if block.kind == 'sh' and block.where:
            after = blocks[at + 1] if at + 1 < len(blocks) else None
            yield block, after if after and after.kind == 'text' else None


def the_same_each_time(text):
    for pattern, word in DIFFERS:
        text = re.sub(pattern, word, text)
    return [line.rstrip() for line in text.splitlines() if not ONLY_ON_DEBIAN_13.match(line)]


def main(path, what, argument=None):
    document = path.read_text()
    found = list(steps(document))
    if what == 'steps':
        for number, (block, _) in enumerate(found):
            print(number, block.where)
    elif what == 'commands':
        print(found[int(argument)][0].text, end='')
    elif what == 'compare':
        wrong = 0
        for number, (_, screen) in enumerate(found):
            if screen:
                shown = (pathlib.Path(argument) / str(number)).read_text()
                difference = list(difflib.unified_diff(the_same_each_time(screen.text), the_same_each_time(shown),
                                                       f'{path.name}, block {number}', 'the screen', lineterm=''))
                print('\n'.join(difference), end='\n' if difference else '')
                wrong += bool(difference)
        return wrong
    elif what == 'record':
        for number, (_, screen) in reversed(list(enumerate(found))):
            if screen:
                shown = (pathlib.Path(argument) / str(number)).read_text()
                document = document[:screen.span[0]] + shown.rstrip('\n') + '\n' + document[screen.span[1]:]
        path.write_text(document)
    else:
        sys.exit(__doc__)
    return 0


sys.exit(main(pathlib.Path(sys.argv[1]), *sys.argv[2:]))
