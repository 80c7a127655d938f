"""Charts of two configurations."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.types import ImageFile
from pages.ui.theme import GREY, ROLES
from pages.ui.widgets.charts import WEBGL_FROM, layout


def ranks(
    first: np.ndarray,
    second: np.ndarray,
    files: Sequence[ImageFile],
    roles: Sequence[str],
    names: tuple[str, str],
) -> go.Figure:
    """Each slice by its rank under both configurations, coloured by its label."""
    kind = go.Scattergl if len(files) > WEBGL_FROM else go.Scatter
    end = len(files) + 1
    figure = go.Figure(
        go.Scatter(
            x=[0, end],
            y=[0, end],
            mode="lines",
            line={"color": GREY, "dash": "dot", "width": 1.2},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    of = np.array(roles)
    for role, colour in ROLES.items():
        places = np.flatnonzero(of == role)
        if len(places):
            figure.add_trace(
                kind(
                    x=first[places],
                    y=second[places],
                    mode="markers",
                    name=role,
                    customdata=[[files[place].name] for place in places],
                    marker={"color": colour, "size": 7, "opacity": 0.75},
                    hovertemplate="%{customdata[0]}<br>rank %{x}, %{y}<extra>" + role + "</extra>",
                )
            )
    layout(figure, f"rank by distance under {names[0]}", f"rank by distance under {names[1]}", 360)
    figure.update_layout(dragmode="lasso", uirevision="ranks")
    return figure
