"""The server gets ready before anybody asks, and stays quick.

Streamlit collects garbage after every run of a script, of all generations: with our libraries loaded that
takes 50 to 80 ms a turn of a knob, while every other session waits. What libraries have made is there for
good; frozen, the collector passes it over.
"""

import gc
import sys
import threading

import numpy as np

FEW = 50  # new modules that are not worth a freeze
_lock = threading.Lock()
_modules = 0


def start() -> None:
    """Load what every page needs, on a thread of its own: the browser takes as long to load its part."""
    threading.Thread(target=_load, name="warm", daemon=True).start()


def settle() -> None:
    """Freeze what has come since the last time, where a library was loaded."""
    global _modules
    with _lock:
        if len(sys.modules) < _modules + FEW:
            return
        gc.collect()
        gc.freeze()
        _modules = len(sys.modules)


def _load() -> None:
    from core.types import ImageFile
    from pages.ui import theme
    from pages.ui.widgets import charts, controls, map_hover  # noqa: F401

    files = [ImageFile(f"{i}.png", "0" * 64, label="a") for i in range(2)]
    clusters = np.zeros(2, int)
    figure = charts.scatter_map(np.eye(2), files, clusters, theme.marks(["a"]), None, ("x", "y"), live=True)
    figure.to_json()  # plotly loads its parts when they are first used
    charts.shaded(charts.contingency(np.eye(2), ["a", "b"], theme.marks(["a", "b"]))).to_html()
    settle()
