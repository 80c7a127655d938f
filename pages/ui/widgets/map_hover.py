"""The tooltip of a map: all thumbnails in one small picture, sent once, and a few lines of JavaScript.

Plotly's hover labels hold no images. The component listens to the chart beside it and shows the tile and
the words that belong to the point's place among the files; no request goes back to the server.
"""

import base64
import contextlib
import io
from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from core.clustering import scaling
from core.hashing import key
from core.images.library import Library
from core.images.transforms import resize
from core.memoize import cache_per_tuple
from core.numeric import parallel
from core.store import Store
from core.types import ImageFile
from pages.ui.widgets.gallery import generator_of

COLUMNS = 40
SIDES = ((1000, 64), (4000, 40), (scaling.DRAWN, 32))  # px of a tile, for up to so many images

JS = """
export default function (component) {
  const { data, parentElement } = component;
  const tip = parentElement.querySelector('.tip');
  const [picture, first, second] = ['.picture', '.name', '.what'].map((each) => tip.querySelector(each));
  const side = data.side * 2;
  picture.style.width = picture.style.height = side + 'px';
  picture.style.backgroundImage = `url(${data.atlas})`;
  picture.style.backgroundSize = data.columns * side + 'px auto';
  let chart = null;
  let kept = '', bytes = '';
  const cluster = (place) => {
    const now = document.querySelector(`.st-key-${data.chart}_hover [data-clusters]`)?.dataset.clusters ?? '';
    if (now !== kept) { kept = now; bytes = atob(now); }
    const [low, high] = [bytes.charCodeAt(2 * place), bytes.charCodeAt(2 * place + 1)];
    return bytes ? `, cluster c${low + 256 * high + 1}` : '';
  };
  const drawn = data.drawn && new Map(data.drawn.map((place, i) => [place, i]));
  const show = (event) => {
    const given = event.points[0].customdata;
    const place = drawn ? drawn.get(given) : given;
    if (!Number.isInteger(place)) return;
    const x = (place % data.columns) * side, y = Math.floor(place / data.columns) * side;
    picture.style.backgroundPosition = `-${x}px -${y}px`;
    first.textContent = data.names[place];
    second.textContent = data.generators[data.labels[place]] + cluster(place);
    tip.style.display = 'block';
    const left = event.event.clientX + 18, top = event.event.clientY + 18;
    tip.style.left = Math.min(left, window.innerWidth - tip.offsetWidth - 8) + 'px';
    tip.style.top = Math.min(top, window.innerHeight - tip.offsetHeight - 8) + 'px';
  };
  const hide = () => { tip.style.display = 'none'; };
  // These take the point from under the pointer without a word from Plotly.
  const moves = ['pointerdown', 'wheel', 'scroll'];
  moves.forEach((each) => document.addEventListener(each, hide, { capture: true, passive: true }));
  const away = (event) => { if (!chart?.contains(event.target)) hide(); };
  document.addEventListener('pointermove', away);
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
    document.removeEventListener('pointermove', away);
    moves.forEach((each) => document.removeEventListener(each, hide, { capture: true }));
    hide();
    if (chart?.removeListener) {
      chart.removeListener('plotly_hover', show);
      chart.removeListener('plotly_unhover', hide);
    }
  };
}
"""
HTML = """<div class="tip" role="presentation">
<div class="picture"></div><div class="name"></div><div class="what"></div></div>"""
CSS = """
.tip { display: none; position: fixed; z-index: 1000; pointer-events: none; width: max-content;
  font-size: 12px; line-height: 1.35; padding: 1px; color: var(--st-text-color);
  background-color: var(--st-background-color); border: 1px solid var(--st-border-color); }
.picture { background-color: #000; background-repeat: no-repeat; }
.name, .what { max-width: 240px; padding: 0 5px;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.what { opacity: 0.75; padding-bottom: 2px; }
"""
_component = st.components.v2.component("imprint_thumbnails", html=HTML, css=CSS, js=JS)


def hover(
    chart_key: str,
    all_files: tuple[ImageFile, ...],
    clusters: np.ndarray,
    drawn: np.ndarray,
    store: Store,
    library: Library,
) -> None:
    """Beside the pointer, the thumbnail, name, generator and cluster of the image whose point it is over.

    ``drawn``: the places of the files that have a point. The clusters stand in an element of their own, since
    they alone change with the settings.
    """
    files = _chosen(all_files, drawn.tobytes())
    side = next(side for most, side in SIDES if len(files) <= most)
    name = _atlas_key(files, side)
    with st.spinner("Preparing thumbnails") if not store.has(name) else contextlib.nullcontext():
        arrays, _ = store.compute(name, lambda: {"webp": _atlas(files, side, library)}, "thumbnails")
    data = {
        "chart": chart_key,
        **_words(files),
        "drawn": None if len(files) == len(all_files) else drawn.tolist(),
        "atlas": "data:image/webp;base64," + base64.b64encode(arrays["webp"].tobytes()).decode(),
        "columns": COLUMNS,
        "side": side,
    }
    # Pinned to the window, so it may stand anywhere: out of the flow, it takes no room.
    with st.container(key=f"{chart_key}_hover"):
        _component(key=f"{chart_key}_thumbnails", data=data, height=1)
        kept = base64.b64encode(clusters[drawn].astype("<u2").tobytes()).decode()
        st.html(f'<span data-clusters="{kept}"></span>')


@cache_per_tuple
def _chosen(files: tuple[ImageFile, ...], drawn: bytes) -> tuple[ImageFile, ...]:
    return tuple(files[place] for place in np.frombuffer(drawn, np.intp))


@cache_per_tuple
def _atlas_key(files: tuple[ImageFile, ...], side: int) -> str:
    return key("atlas", 1, side, [file.sha256 for file in files])


@cache_per_tuple
def _words(files: tuple[ImageFile, ...]) -> dict[str, list]:
    """Their names, and whose they are."""
    labels = [generator_of(file) for file in files]
    generators = sorted(set(labels))
    places = {each: place for place, each in enumerate(generators)}
    return {
        "names": [file.name for file in files],
        "generators": generators,
        "labels": [places[label] for label in labels],
    }


def _atlas(files: Sequence[ImageFile], side: int, library: Library) -> np.ndarray:
    """All tiles in rows of COLUMNS, as the bytes of one WebP file."""
    rows = -(-len(files) // COLUMNS)
    sheet = np.zeros((rows * side, COLUMNS * side), np.uint8)

    def place(i: int) -> None:
        top, left = (i // COLUMNS) * side, (i % COLUMNS) * side
        sheet[top : top + side, left : left + side] = resize(library.pixels(files[i].sha256), side)

    parallel.map_in_threads(place, range(len(files)))
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "WEBP", quality=50, method=2)
    return np.frombuffer(buffer.getvalue(), np.uint8)
