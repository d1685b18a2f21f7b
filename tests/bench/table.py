"""Results, as tables that can go into a document as they are."""

from statistics import median


def spread(values, digits=1):
    """Minimum, median and maximum as text."""
    low, middle, high = (f"{v:.{digits}f}" for v in (min(values), median(values), max(values)))
    return middle if low == high else f"{middle} ({low}–{high})"


def show(title, header, rows):
    print(f"\n{title}\n")
    cells = [header] + rows
    widths = [max(len(str(row[i])) for row in cells) for i in range(len(header))]
    for number, row in enumerate(cells):
        print("| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) + " |", flush=True)
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def target(met):
    return "met" if met else "**missed**"
