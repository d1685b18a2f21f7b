"""What was measured, turn by turn, and how it compares. In a turn every peer has its go, one behind the other, so that
what else the machine does hits all alike: ratios are taken within a turn, and only then their median."""

from statistics import median


class Measured:
    """Figures of one case: for each turn and peer {metric: value}."""

    def __init__(self):
        self._turns = []

    def add(self, turn, peer, values):
        """Turns count from 0, and none is left out."""
        if turn == len(self._turns):
            self._turns.append({})
        self._turns[turn][peer] = values

    def peers(self):
        """In the order in which they first appeared."""
        return list(dict.fromkeys(peer for turn in self._turns for peer in turn))

    def values(self, peer, metric):
        return [turn[peer][metric] for turn in self._turns if metric in turn.get(peer, {})]

    def median(self, peer, metric):
        """None if there is no value."""
        values = self.values(peer, metric)
        return median(values) if values else None

    def ratios(self, metric, of, to):
        """`of` divided by `to`, for each turn that has both."""
        return [turn[of][metric] / turn[to][metric] for turn in self._turns
                if metric in turn.get(of, {}) and turn.get(to, {}).get(metric)]

    def ratio(self, metric, of, to):
        ratios = self.ratios(metric, of, to)
        return median(ratios) if ratios else None

    def raw(self):
        return {peer: {metric: self.values(peer, metric) for turn in self._turns for metric in turn.get(peer, {})}
                for peer in self.peers()}


def curves(cases, metric):
    """{peer: [(x, median)]} of cases [(x, Measured)], for a plot."""
    peers = dict.fromkeys(peer for _, measured in cases for peer in measured.peers())
    return {peer: [(x, measured.median(peer, metric)) for x, measured in cases if measured.median(peer, metric)]
            for peer in peers}


def number(value):
    """Three digits that count."""
    if value == 0:
        return "0"
    for bound, digits in ((100, 0), (10, 1), (1, 2)):
        if abs(value) >= bound:
            return f"{value:.{digits}f}"
    return f"{value:.3f}"


def spread(values):
    """Median, minimum and maximum, as text."""
    if not values:
        return "—"
    low, middle, high = (number(v) for v in (min(values), median(values), max(values)))
    return middle if low == high else f"{middle} ({low}–{high})"
