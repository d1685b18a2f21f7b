"""Lines in a logarithmic plot, as SVG that a browser shows in light and dark."""

import math

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 420, 64, 150, 40, 52
_COLORS = ("#888888", "#d62728", "#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b", "#17becf")


def svg(title, x_label, y_label, series):
    """`series`: {name: [(x, y)]}; all y are above 0. The x stand at equal distances, in their order."""
    xs = sorted({x for points in series.values() for x, _ in points})
    ys = [y for points in series.values() for _, y in points]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def across(x):
        return _LEFT + (right - _LEFT) * (xs.index(x) / max(1, len(xs) - 1))

    def down(y):
        return bottom - (bottom - _TOP) * (math.log10(y) - low) / max(1, high - low)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">',
             '<style>text{fill:#333}@media(prefers-color-scheme:dark){text{fill:#ccc}}</style>',
             _text(_LEFT, 22, title, size=15), _text((_LEFT + right) / 2, _HEIGHT - 12, x_label, "middle"),
             _text(16, (_TOP + bottom) / 2, y_label, "middle", f' transform="rotate(-90 16 {(_TOP + bottom) / 2:g})"')]
    for y in (factor * 10.0 ** power for power in range(low, high + 1) for factor in (1, 2, 5)):
        if y <= 10.0 ** high:
            parts += [f'<path d="M{_LEFT} {down(y):.1f}H{right}" stroke="#8884"/>', _text(_LEFT - 6, down(y) + 4, f"{y:g}", "end")]
    parts += [_text(across(x), bottom + 18, f"{x:g}", "middle") for x in xs]
    ends = _apart({name: down(points[-1][1]) for name, points in series.items() if points})
    for color, (name, points) in zip(_COLORS, series.items()):
        if not points:
            continue
        path = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in points)
        width = 3 if name == "relayd" else 1.5
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}"/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{down(y):.1f}" r="{width + 1}" fill="{color}"/>' for x, y in points]
        parts.append(_text(right + 10, ends[name] + 4, name, more=f' style="fill:{color}"'))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _apart(heights, distance=15):
    """Moves names down until none covers another."""
    placed, last = {}, -distance
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        last = placed[name] = max(height, last + distance)
    return placed


def _text(x, y, text, anchor="start", more="", size=12):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:g}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{more}>{escaped}</text>'
