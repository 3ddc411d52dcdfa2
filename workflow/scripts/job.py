"""What every script's job has in common: a log file, what it took, and errors of one line."""

import logging
import os
import resource
import socket
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from nasforge.errors import NasforgeError

_START = time.monotonic()


@contextmanager
def job(snakemake: Any) -> Iterator[None]:
    """Log to the rule's log file; end a NasforgeError without a traceback."""
    logging.basicConfig(
        filename=snakemake.log[0],
        filemode="w",
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        force=True,
    )
    logging.info("on %s", ", ".join([socket.gethostname(), *_given_by_a_scheduler()]))
    try:
        yield
    except Exception as error:
        message = _damaged_inputs(snakemake)
        if not message and isinstance(error, NasforgeError):
            message = str(error)
        elif not message and isinstance(error, OSError):  # a full or read-only disk, say
            message = (
                f"{error}. Nothing that is finished is lost: when this is put right, run the same "
                "command again"
            )
        if not message:
            logging.exception("unexpected error")
            raise
        logging.error("%s", message)
        sys.exit(f"nasforge: {message}")
    finally:
        used = resource.getrusage(resource.RUSAGE_SELF)
        logging.info(
            "took %.2f s, %.2f s of processor, at most %d MiB",
            time.monotonic() - _START,
            used.ru_utime + used.ru_stime,
            used.ru_maxrss / 1024,
        )


def _damaged_inputs(snakemake: Any) -> str:
    """What to say of inputs that cannot be read, which are put aside; "" if there are none."""
    # Imported here, because it is needed only now.
    from nasforge.evaluations.damaged import SUFFIX, put_damaged_aside

    results = Path(snakemake.log[0].partition("/logs/")[0])
    damaged = put_damaged_aside(map(Path, snakemake.input), results)
    if not damaged:
        return ""
    return (
        f"{damaged[0]} is damaged; {len(damaged)} damaged files were renamed to *{SUFFIX}: run the "
        "same command again, and they are made anew, evaluations from the cache"
    )


def _given_by_a_scheduler() -> list[str]:
    names = ("SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES")
    return [f"{name}={os.environ[name]}" for name in names if name in os.environ]


def by_surrogate_and_target(snakemake: Any, files: Iterable[str]) -> dict[tuple[str, str], Path]:
    """Files that a rule listed with fitted(...)."""
    keys = product(snakemake.params.surrogates, snakemake.params.targets)
    return dict(zip(keys, map(Path, files), strict=True))


def shard_of(snakemake: Any, rows: Sequence[Any]) -> Sequence[Any]:
    """The proposals that are this job's shard."""
    first = int(snakemake.wildcards.shard) * snakemake.params.shard_size
    return rows[first : first + snakemake.params.shard_size]
