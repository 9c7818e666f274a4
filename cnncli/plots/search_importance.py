"""Draw the importance of hyperparameters: how much of the variation of the metric each of them explains."""

from __future__ import annotations

from matplotlib.figure import Figure

from cnncli.messages import share_text
from cnncli.plots import style
from cnncli.plots.searched_trials import Searching
from cnncli.plots.text_fitting import fit_text, text_width

_BARS, _ROW, _MOST = 4.6, 0.3, 20
_WIDEST_NAME = 3.0
_FEW = 10  # trials


def draw_search_importance(searching: Searching) -> Figure | None:
    """Draw a bar for each parameter, the most important first; None where the importances are not known."""
    shown = list(searching.importances.items())[:_MOST]
    if not shown:
        return None
    with style.look():
        names = {key: searching.parameters[key].title for key, _ in shown}
        names = {key: fit_text(name, _WIDEST_NAME, style.LABEL_SIZE) for key, name in names.items()}
        left = max(text_width(name, style.LABEL_SIZE) for name in names.values()) + 0.15
        top = style.MARGIN + style.HEADER_HEIGHT + 0.1
        title, subtitle = f"{searching.name}: importance of each parameter for {searching.metric}", _subtitle(searching)
        page = max(2 * style.MARGIN + left + _BARS + 0.5, style.header_width(title, subtitle))
        figure = style.new_figure(page, top + _ROW * len(shown) + style.MARGIN)
        style.add_header(figure, title, subtitle)
        width = page - 2 * style.MARGIN - left - 0.5
        axes = style.add_axes(figure, style.MARGIN + left, top, width, _ROW * len(shown))
        places = range(len(shown))
        axes.barh(places, [share for _, share in shown], height=0.62, color=style.BLUE)
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_xlim(0, max(share for _, share in shown) or 1.0)
        axes.set_yticks(list(places), list(names.values()))
        axes.tick_params(axis="y", length=0, labelcolor=style.INK)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        for place, (_, share) in zip(places, shown, strict=True):
            text = share_text(round(share * 1000), 1000)
            axes.annotate(
                text, (share, place), (4, 0), textcoords="offset points", va="center", fontsize=style.LABEL_SIZE,
                color=style.INK, annotation_clip=False,
            )  # fmt: skip
    return figure


def _subtitle(searching: Searching) -> str:
    count = len(searching.complete)
    rough = "; with so few this is rough" if count < _FEW else ""
    left = len(searching.importances) - _MOST
    more = f" · {left} more are not shown" if left > 0 else ""
    return f"share of the variation over {count} complete trials{rough}{more}"
