"""Loads libraries before the first visit, and keeps garbage collection short.

Streamlit runs a full garbage collection after every run of a script: with our libraries loaded that takes 50
to 80 ms per change of a setting, while every other session waits. Objects that libraries have made stay for
good; frozen, they are skipped.
"""

import gc
import sys
import threading

import numpy as np

FEW = 50  # new modules that are not worth a freeze
_lock = threading.Lock()
_modules = 0


def start() -> None:
    """Load what every page needs in a thread, while the browser loads its part."""
    threading.Thread(target=_load, name="warm", daemon=True).start()


def settle() -> None:
    """Freeze what was loaded since the last call, if a library was."""
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
