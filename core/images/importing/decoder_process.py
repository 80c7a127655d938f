"""The sandboxed process that decodes untrusted files: it receives bytes and returns pixels, both by pipe.

``python -m core.images.importing.decoder_process``, started by ``decoder.py``. It reports no traceback and no
warning, as messages of a library may quote a file's header.
"""

import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from typing import IO

from PIL import Image

from core.errors import UnreadableImage
from core.images.formats import detect
from core.images.formats.limits import SECONDS
from core.images.formats.raster import kind_of
from core.images.formats.windowing import View, Window
from core.sandbox import isolation, protocol
from core.sandbox.isolation import MEMORY

Answer = tuple[protocol.Header, bytes]


def main() -> None:
    requests, answers = os.fdopen(0, "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing else may write to the pipe
    sys.dont_write_bytecode = True
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
    isolation.isolate()
    protocol.write(answers, {"ready": True})
    answers.flush()
    serve(requests, answers)


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    while (request := protocol.read(requests)) is not None:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # CPU time, after which the kernel ends the process
        for header, body in answer(*request):
            protocol.write(answers, header, body)
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.flush()


def answer(asked: protocol.Header, data: bytes) -> Iterator[Answer]:
    """One frame per image, then the facts; or a single frame with the reason why the file is rejected."""
    shown = asked["view"]["window"]
    view = View(**{**asked["view"], "window": Window(**shown) if shown else None})
    try:
        decoded = detect.decode(data, view, bytes.fromhex(asked["secret"]))
    except UnreadableImage as error:
        yield {"refused": str(error)}, b""
        return
    except MemoryError:
        yield {"refused": f"needs more than the {MEMORY / 2**30:g} GB of memory allowed for decoding"}, b""
        return
    except Exception as error:  # anything; its message may quote the file
        yield {"refused": f"damaged or truncated ({kind_of(error)})"}, b""
        return
    for pixels in decoded.images:
        yield {"image": pixels.shape}, pixels.tobytes()
    yield {"facts": asdict(decoded.facts)}, b""


if __name__ == "__main__":
    main()
