"""One theme for all charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from icdp.look import look

WIDTH = 640
ROW = 17  # height of a province's row


def config() -> dict[str, Any]:
    """Return the Vega-Lite configuration of every chart."""
    c = look().colours
    return {
        "aria": False,  # the figure has one text alternative; hundreds of marks that speak are none
        "background": None,
        "padding": {"left": 6, "right": 6, "top": 4, "bottom": 4},
        "view": {"stroke": None},
        "axis": {
            "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelColor": c["ink"],
            "titleColor": c["muted"], "gridColor": "#e8ecf0", "domainColor": c["line"], "tickColor": c["line"],
            "labelLimit": 330, "titlePadding": 8,
        },
        "axisY": {"domain": False, "ticks": False, "grid": False, "labelPadding": 6},
        "legend": {
            "orient": "top", "title": None, "labelFontSize": 12, "labelColor": c["ink"], "labelLimit": 260,
            "symbolSize": 110, "columnPadding": 14, "offset": 6,
        },
        "text": {"fontSize": 12, "color": c["ink"]},
        "bar": {"cornerRadiusEnd": 1.5},
        "header": {"title": None, "labelFontSize": 12, "labelFontWeight": "bold", "labelColor": c["ink"]},
    }  # fmt: skip


def data(rows: Sequence[dict[str, Any]]) -> alt.InlineData:
    """Return rows as the data of a chart."""
    return alt.InlineData(values=list(rows))


def finished(chart: Any) -> dict[str, Any]:
    """Return the chart as Vega-Lite with the theme."""
    spec: dict[str, Any] = chart.to_dict(validate=False)
    return spec | {"config": config()}


def on(colour: str) -> str:
    """Return the colour of a text on a ground: white or ink, whichever has more contrast."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    light = sum(share * _linear(c) for share, c in ((0.2126, red), (0.7152, green), (0.0722, blue)))
    # Against white 1.05, against ink (of luminance 0.018) 0.068.
    return look().colours["paper"] if 1.05 / (light + 0.05) > (light + 0.05) / 0.068 else look().colours["ink"]


def _linear(channel: float) -> float:
    return float(channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)


def shades(colour: str, count: int) -> list[str]:
    """Return ``count`` shades of a colour, itself first, the others lighter."""
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    steps = [0.62 * k / max(1, count - 1) for k in range(count)]
    return ["#" + "".join(f"{round(c + (255 - c) * step):02x}" for c in channels) for step in steps]


def cycled(colours: Sequence[str], position: int) -> str:
    """Return the colour of a position; those after the last begin again."""
    return colours[position % len(colours)]
