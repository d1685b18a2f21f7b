"""What one experiment has to say: tables, plots, whether targets are met, what failed. As Markdown, and raw as JSON."""

import plot
from figures import number, spread

OURS = "relayd"


class Report:
    def __init__(self, name):
        self.name = name
        self.raw = {"cases": {}, "targets": [], "failures": []}
        self.plots = {}  # file name: SVG
        self._blocks = []

    def text(self, text):
        self._blocks.append(text)

    def table(self, header, rows):
        self._blocks.append(as_table(header, rows))

    def record(self, case, measured):
        self.raw["cases"][case] = measured.raw()

    def failure(self, case, peer, why):
        self.raw["failures"].append(f"{case}, {peer}: {why}")

    def compare(self, first_columns, cases, metrics):
        """A row for each case and peer. `cases`: [(first cells, Measured)]; `metrics`: {key: heading}. Each metric has its
        figure, and relayd's divided by it."""
        has_ratios = any(peer != OURS for _, measured in cases for peer in measured.peers())
        header = [*first_columns, "through"]
        for heading in metrics.values():
            header += [heading, "relayd ÷ it"] if has_ratios else [heading]
        rows = []
        for cells, measured in cases:
            self.record(", ".join(str(c) for c in cells), measured)
            for peer in measured.peers():
                row = [*cells, peer]
                for key in metrics:
                    ratios = measured.ratios(key, OURS, peer)
                    row.append(spread(measured.values(peer, key)))
                    if has_ratios:
                        row.append(spread(ratios) if ratios and peer != OURS else "")
                rows.append(row)
        self.table(header, rows)

    def target(self, what, value, at_most=None, at_least=None, unit=""):
        """`value`: None if it could not be measured."""
        bound = f"at most {at_most:g}" if at_most is not None else f"at least {at_least:g}"
        if value is None:
            outcome = "not measured"
        else:
            met = value <= at_most if at_most is not None else value >= at_least
            outcome = "met" if met else "**missed**"
        self.raw["targets"].append([what, bound + unit, "" if value is None else number(value) + unit, outcome])

    def plot(self, file, title, x_label, y_label, series):
        if not any(series.values()):
            return  # everything failed, and the report says so
        self.plots[file] = plot.svg(title, x_label, y_label, series)
        self._blocks.append(f"![{title}](plots/{file})")

    def markdown(self, provenance):
        blocks = list(self._blocks)
        if self.raw["targets"]:
            blocks.append(targets_table(self.raw["targets"]))
        if self.raw["failures"]:
            blocks.append("\n".join(f"- failed: {failure}" for failure in self.raw["failures"]))
        return "\n\n".join([*blocks, provenance])


def targets_table(targets):
    return as_table(["target", "", "measured", ""], targets)


def as_table(header, rows):
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
