"""OpenVINO without its telemetry.

With ``openvino-telemetry`` installed, and it comes along, ``import openvino`` alone sends an event to the
maker's Google Analytics and leaves a client id in the home folder. Where that package can't be imported,
OpenVINO uses its own empty stand-in. Every use of OpenVINO in this project goes through here.
"""

import sys
from types import ModuleType


def openvino() -> ModuleType:
    """The module, imported so that it tells nobody."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino
