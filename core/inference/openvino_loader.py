"""OpenVINO without its telemetry.

With ``openvino-telemetry`` installed, as it is by default, ``import openvino`` alone sends an event to the
maker's Google Analytics and leaves a client id in the home folder. Where that package can't be imported,
OpenVINO uses its own empty stand-in. Every use of OpenVINO in this project goes through here.
"""

import functools
import sys
from types import ModuleType
from typing import Any


def openvino() -> ModuleType:
    """The module, imported so that it tells nobody."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino


@functools.cache
def core() -> Any:
    """The one ``openvino.Core`` of the process.

    Each one installs a signal stack and frees it when it goes: with two, and the first one gone, the next
    handled signal crashes the process.
    """
    return openvino().Core()


def frontend(framework: str) -> Any:
    """What reads networks of a framework: "onnx", "pytorch"."""
    openvino()
    from openvino.frontend import FrontEndManager

    return FrontEndManager().load_by_framework(framework)
