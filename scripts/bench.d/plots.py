"""Plots as SVG: points, or lines over a logarithmic axis. Readable on light and dark pages."""

import math
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 420, 64, 132, 34, 48
# Colours that differ in lightness too; ours is the first and drawn thick.
COLOURS = ["#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf", "#ff7f0e"]


def _ticks(low, high, logarithmic):
    """Values for an axis."""
    if logarithmic:
        bases = (1,) if high / low > 300 else (1, 2, 5) if high / low > 12 else (1, 1.2, 1.5, 2, 3, 5, 7)
        steps = [base * 10**power for power in range(-3, 10) for base in bases]
        return [step for step in steps if low <= step <= high]
    step = 10 ** math.floor(math.log10((high - low) or 1))
    step = next(step * part for part in (0.1, 0.2, 0.5, 1, 2) if (high - low) / (step * part) <= 8)
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 10) for n in range(first, int(high / step + 1e-9) + 1)]


def _label(number, powers):
    """Text of a tick."""
    if powers and number >= 100 and math.log10(number) % 1 == 0:
        return f"10<tspan dy='-6' font-size='9'>{round(math.log10(number))}</tspan>"
    return f"{number:g}"


class _Axis:
    """Maps values to a range of pixels."""

    def __init__(self, low, high, pixels, logarithmic):
        self.low, self.high, self.pixels, self.logarithmic = low, high, pixels, logarithmic

    def __call__(self, number):
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, number = math.log(low), math.log(high), math.log(number)
        part = (number - low) / ((high - low) or 1)
        return round(self.pixels[0] + part * (self.pixels[1] - self.pixels[0]), 1)


def _beside(points):
    """A height for the text beside each (x, y), so that no text covers another."""
    heights = []
    for x, y in points:
        near = [height for (other, _), height in zip(points, heights) if abs(other - x) < 80]
        while any(abs(height - y) < 12 for height in near):
            y += 1
        heights.append(y)
    return heights


def _names_apart(names):
    """(wanted height, text, colour) moved so that no two lines of text overlap."""
    moved, last = [], TOP - 14
    for height, text, colour in sorted(names):
        last = max(height, last + 14)
        moved.append((last, text, colour))
    return moved


def plot(title, x_title, y_title, series, lines, log_x=False, log_y=False):
    """An SVG document. series: name to [(x, y)]; ours comes first."""
    points = [point for each in series.values() for point in each]
    if not points:
        return None
    xs, ys = [x for x, _ in points], [y for _, y in points]
    if lines:
        x_low, x_high = min(xs), max(xs) if max(xs) > min(xs) else min(xs) * 2
        y_low, y_high = (min(ys) / 1.15, max(ys) * 1.15) if log_y else (0, max(ys) * 1.1)
    else:
        x_low, x_high, y_low, y_high = min(*xs, 1) * 0.95, max(xs) * 1.08, min(*ys, 1) * 0.95, max(ys) * 1.08
    x_axis = _Axis(x_low, x_high, (LEFT, WIDTH - RIGHT), log_x)
    y_axis = _Axis(y_low, y_high, (HEIGHT - BOTTOM, TOP), log_y)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold">{escape(title)}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(x_title)}</text>',
        f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(y_title)}</text>",
    ]
    x_ticks = sorted(set(xs)) if lines and log_x and len(set(xs)) <= 10 else _ticks(x_low, x_high, log_x)
    for tick in x_ticks:
        x = x_axis(tick)
        out.append(f'<path d="M{x} {TOP}V{HEIGHT - BOTTOM}" stroke="#dddddd"/>')
        text = _label(tick, lines and log_x)
        out.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{text}</text>')
    for tick in _ticks(y_low, y_high, log_y):
        y = y_axis(tick)
        out.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#dddddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{_label(tick, False)}</text>')
    names = []
    dots = [] if lines else [(x_axis(x), y_axis(y)) for each in series.values() for x, y in each]
    heights = _beside(dots)
    for number, (name, each) in enumerate(series.items()):
        colour, thick = COLOURS[number % len(COLOURS)], number == 0
        at = [(x_axis(x), y_axis(y)) for x, y in each]
        if not at:
            continue
        if lines:
            path = "L".join(f"{x} {y}" for x, y in at)
            out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{3 if thick else 1.5}"/>')
        out += [f'<circle cx="{x}" cy="{y}" r="{5 if thick else 3.5}" fill="{colour}"/>' for x, y in at]
        names.append((at[-1][1] + 4, name, colour))
        if not lines:
            weight = ' font-weight="bold"' if thick else ""
            x, y = at[0][0] + 8, heights[dots.index(at[0])] + 4
            out.append(f'<text x="{x}" y="{y}" fill="{colour}"{weight}>{escape(name)}</text>')
    if lines:
        for height, text, colour in _names_apart(names):
            out.append(f'<text x="{WIDTH - RIGHT + 10}" y="{height}" fill="{colour}">{escape(text)}</text>')
    return "\n".join([*out, "</svg>\n"])
