"""Extraction spread over processes, or machines, by Dask. Only the caller writes to the store.

``IMPRINT_SCHEDULER`` names a cluster whose workers have Imprint installed (tcp://host:8786; tls:// with
Dask's own configuration). Without it the cores of this machine become one for as long as the work lasts, on
127.0.0.1, closed to everybody else by certificates that are made for it and kept in memory.
"""

import contextlib
import logging
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from core.config import FeatureSpec
from core.errors import ImprintError
from core.features import extract
from core.inference import runtime
from core.inference.runtime import Effort
from core.numeric.parallel import usable_cores

if TYPE_CHECKING:
    from distributed import Client

SCHEDULER = "IMPRINT_SCHEDULER"
# What Dask would tell anybody by plain HTTP.
UNTOLD: dict[str, list[str]] = {f"distributed.{each}.http.routes": [] for each in ("scheduler", "worker")}
CHUNK = 32  # images a task: what the loss of a worker costs
AHEAD = 2  # tasks a worker that are under way: what waits in memory
PATIENCE = 30  # seconds to reach a scheduler

Network = dict[str, np.ndarray]
_engines: dict[str, runtime.OpenVino] = {}  # on a worker: networks that are ready to run


def address() -> str | None:
    """The scheduler that is asked for, if one is."""
    return os.environ.get(SCHEDULER) or None


@contextlib.contextmanager
def connected() -> Iterator["Client"]:
    """A client of the cluster that is asked for, or of one made of this machine's cores.

    Raises ImprintError where there is no scheduler at the address.
    """
    import dask
    from distributed import Client, LocalCluster
    from distributed.security import Security

    with contextlib.ExitStack() as stack:
        place = address()
        if place is None:
            security = Security.temporary()
            stack.enter_context(dask.config.set(UNTOLD))
            cluster = LocalCluster(
                n_workers=usable_cores(),
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # else 8787, for two clusters at once
                security=security,
                silence_logs=logging.ERROR,
            )
            client = Client(stack.enter_context(cluster), security=security)
        else:
            try:
                client = Client(place, timeout=PATIENCE)
            except (OSError, ValueError) as error:
                raise ImprintError(
                    f"No Dask scheduler answers at {place} ({SCHEDULER}): {error}. Start one, or unset the "
                    "variable."
                ) from None
        yield stack.enter_context(client)


def embed(
    client: "Client",
    feature: FeatureSpec,
    network: Network | None,
    name: str,
    chunks: Iterable[tuple[list[str], list[np.ndarray]]],
) -> Iterator[tuple[list[str], np.ndarray]]:
    """(ids, float32 (n, D)) as they are ready, of (ids, uint8 images); ``name`` is the network's, to workers.

    A task whose worker is lost is done again elsewhere; a request is made there as here, so the
    numbers are those of a single process.
    """
    from distributed import as_completed

    shared = None if network is None else client.scatter(network, broadcast=True)
    remaining = iter(chunks)
    ids: dict[Any, list[str]] = {}

    def submit(batch: tuple[list[str], list[np.ndarray]]) -> Any:
        future = client.submit(_embed, shared, name, feature, batch[1], pure=False)
        ids[future.key] = batch[0]
        return future

    workers = max(1, len(client.scheduler_info()["workers"]))
    under_way = as_completed([submit(each) for each in islice(remaining, AHEAD * workers)])
    for future in under_way:
        rows = future.result()
        yield ids.pop(future.key), rows
        for each in islice(remaining, 1):
            under_way.add(submit(each))


def _embed(network: Network | None, name: str, feature: FeatureSpec, images: list[np.ndarray]) -> np.ndarray:
    """On a worker, which may be another machine: it needs nothing but what it is given."""
    if network is not None and name not in _engines:
        _engines.clear()
        _engines[name] = extract.on_cpu(feature, network, Effort(CHUNK, 1))
    places = [str(place) for place in range(len(images))]
    engine = None if network is None else _engines[name]
    made = extract.embed(feature, places, lambda place: images[int(place)], engine, Effort(CHUNK, 1))
    return np.concatenate([rows for _, rows in made])
