"""Hover thumbnails on a map: all images in one small picture, sent once, and a few lines in the browser.

Plotly's hover labels hold no images. The component listens to the chart beside it and shows the tile
that belongs to the point's name; no request goes back to the server.
"""

import base64
import io
from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from core.features import resize
from core.hashing import key
from core.images.library import Library
from core.store import Store
from core.values import ImageFile

COLUMNS = 40
SIDE_FEW, SIDE_MANY, MANY, MOST = 64, 40, 1000, 4000

JS = """
export default function (component) {
  const { data, parentElement } = component;
  const tip = parentElement.querySelector('.tip');
  const places = new Map(data.names.map((name, i) => [name, i]));
  tip.style.width = tip.style.height = data.side * 2 + 'px';
  tip.style.backgroundImage = `url(${data.atlas})`;
  tip.style.backgroundSize = data.columns * data.side * 2 + 'px auto';
  let chart = null;
  const show = (event) => {
    const place = places.get(event.points[0].customdata?.[0]);
    if (place === undefined) return;
    const side = data.side * 2;
    const x = (place % data.columns) * side, y = Math.floor(place / data.columns) * side;
    tip.style.backgroundPosition = `-${x}px -${y}px`;
    const left = event.event.clientX + 18, top = event.event.clientY + 18;
    tip.style.left = Math.min(left, window.innerWidth - side - 8) + 'px';
    tip.style.top = Math.min(top, window.innerHeight - side - 8) + 'px';
    tip.style.display = 'block';
  };
  const hide = () => { tip.style.display = 'none'; };
  const attach = () => {
    const found = document.querySelector(`.st-key-${data.chart} .js-plotly-plot`);
    if (found === chart || !found || !found.on) return;
    chart = found;
    chart.on('plotly_hover', show);
    chart.on('plotly_unhover', hide);
    tip.dataset.listening = 'true';
  };
  attach();
  const timer = setInterval(attach, 500);
  return () => {
    clearInterval(timer);
    hide();
    if (chart?.removeListener) {
      chart.removeListener('plotly_hover', show);
      chart.removeListener('plotly_unhover', hide);
    }
  };
}
"""
CSS = """
.tip { display: none; position: fixed; z-index: 1000; pointer-events: none; background-color: #000;
  background-repeat: no-repeat; border: 1px solid #888; }
"""
_component = st.components.v2.component(
    "imprint_thumbnails", html='<div class="tip" role="presentation"></div>', css=CSS, js=JS
)


def hover(chart_key: str, files: Sequence[ImageFile], store: Store, library: Library) -> None:
    """Show an image's thumbnail beside the pointer while it is over its point in a keyed chart."""
    shown = files[:MOST]
    side = SIDE_FEW if len(shown) <= MANY else SIDE_MANY
    name = key("atlas", 1, side, [file.sha256 for file in shown])
    arrays, _ = store.compute(name, lambda: {"webp": _atlas(shown, side, library)}, "thumbnails")
    data = {
        "chart": chart_key,
        "names": [file.name for file in shown],
        "atlas": "data:image/webp;base64," + base64.b64encode(arrays["webp"].tobytes()).decode(),
        "columns": COLUMNS,
        "side": side,
    }
    # Pinned to the window, so it may stand anywhere: out of the flow, it takes no room.
    with st.container(key=f"{chart_key}_hover"):
        _component(key=f"{chart_key}_thumbnails", data=data, height=1)


def _atlas(files: Sequence[ImageFile], side: int, library: Library) -> np.ndarray:
    """All tiles in rows of COLUMNS, as the bytes of one WebP file."""
    rows = -(-len(files) // COLUMNS)
    sheet = np.zeros((rows * side, COLUMNS * side), np.uint8)
    for i, file in enumerate(files):
        top, left = (i // COLUMNS) * side, (i % COLUMNS) * side
        sheet[top : top + side, left : left + side] = resize(library.pixels(file.sha256), side)
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "WEBP", quality=50, method=2)
    return np.frombuffer(buffer.getvalue(), np.uint8)
