"""The parts of a document that this program wrote: between <!-- bench NAME --> and <!-- end NAME -->, each on a line."""

import json
from pathlib import Path

import report
from programs import BenchError


def replace_section(text, name, content):
    """The text with that section's content; whoever wants it in the document puts the markers there."""
    begin, end = f"<!-- bench {name} -->\n", f"<!-- end {name} -->"
    if begin not in text or end not in text.partition(begin)[2]:
        raise BenchError(f"the document has no lines '{begin.strip()}' and '{end}'")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}{content.strip()}\n{end}{after}"


class Document:
    """A Markdown file, and beside it plots/ with the SVG files and results.json, which has what all sections stand on."""

    def __init__(self, path):
        self._path = Path(path)
        self._plots = self._path.parent / "plots"
        self._results = self._plots / "results.json"

    def check(self, names):
        for name in (*names, "targets"):
            replace_section(self._path.read_text(), name, "")

    def write(self, done, provenance):
        """After each experiment, so that what is measured is not lost."""
        self._plots.mkdir(exist_ok=True)
        for file, svg in done.plots.items():
            (self._plots / file).write_text(svg)
        results = json.loads(self._results.read_text()) if self._results.exists() else {}
        results[done.name] = {"provenance": provenance, **done.raw}
        self._results.write_text(json.dumps(results, indent=1) + "\n")
        text = replace_section(self._path.read_text(), done.name, done.markdown(provenance))
        targets = [target for result in results.values() for target in result["targets"]]
        self._path.write_text(replace_section(text, "targets", report.targets_table(targets)))
