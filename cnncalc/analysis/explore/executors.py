"""Where the chunks of a sweep are computed: in processes on this machine, or by a Dask cluster."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from signal import SIG_IGN, SIGINT, signal
from typing import Any

from cnncalc.core.errors import UsageError

MOST = 1_000
"""The largest number of processes."""
CONNECTING = 10
"""The seconds that a scheduler may take to answer."""
STARTING = 60
"""The seconds to wait for a cluster without workers."""
AGAIN = "if you gave a file to 'resume', run the sweep again to go on from where it stopped"


@contextmanager
def processes(jobs: int) -> Iterator[Executor | None]:
    """A pool of processes, which leave interrupts to this process; None for a single process.
    Raises UsageError for fewer than one, or more than ``MOST``."""
    if not 1 <= jobs <= MOST:
        raise UsageError(f"'jobs' must be from 1 to {MOST:,}, not {jobs:,}")
    if jobs == 1:
        yield None
        return
    pool = ProcessPoolExecutor(jobs, initializer=signal, initargs=(SIGINT, SIG_IGN))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers of a Dask scheduler. If a worker dies, the others rerun its tasks.

    Raises UsageError if Dask is not installed, or if there is no scheduler at the address.
    """
    try:
        from distributed import Client
    except ImportError:
        fact = "a cluster needs dask.distributed"
        raise UsageError(fact, "install it with pip install 'cnncalc[dask]'") from None
    for name in ("distributed", "distributed.client"):  # problems are raised as errors anyway
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=CONNECTING)
    except (OSError, ValueError) as why:
        fact = f"no Dask scheduler at {address!r}: {why}"
        help = "start one with 'dask scheduler', and give the address that it prints"
        raise UsageError(fact, help) from None
    with client:
        yield Cluster(client)


class Cluster(Executor):
    """Gives tasks to a Dask client. Dask's own executor would wait forever for a task whose
    scheduler is lost."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def submit(self, function: Callable[..., Any], /, *given: Any, **named: Any) -> Any:
        """Run a function on a worker, even if the same call was made before."""
        with _lost():
            return Task(self.client, self.client.submit(function, *given, **named, pure=False))


class Task:
    """A task of a cluster."""

    def __init__(self, client: Any, future: Any) -> None:
        self.client, self.future = client, future

    def result(self) -> Any:
        """Wait for the result. Raises UsageError if the cluster fails."""
        with _lost():
            while True:
                try:
                    return self.future.result(STARTING)
                except TimeoutError:
                    if not self.client.nthreads():
                        fact = "the Dask cluster has no workers"
                        raise UsageError(fact, f"start some; {AGAIN}") from None


@contextmanager
def _lost() -> Iterator[None]:
    """Turn the exceptions of a failing cluster into a UsageError."""
    from distributed import CancelledError, KilledWorker

    try:
        yield
    except KilledWorker:
        fact = "several Dask workers died on the same task, perhaps because memory ran out"
        raise UsageError(fact, AGAIN) from None
    except (OSError, CancelledError):
        raise UsageError("the connection to the Dask scheduler is lost", AGAIN) from None
