"""What every script's job has in common: a log file, what it took, and errors of one line."""

import logging
import resource
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
    try:
        yield
    except NasforgeError as error:
        logging.error("%s", error)
        sys.exit(f"nasforge: {error}")
    except OSError as error:  # a full or read-only disk, a network drive that is gone
        logging.exception("the system refused")
        sys.exit(
            f"nasforge: {error}. Nothing that is finished is lost: when this is put right, run the "
            "same command again"
        )
    except Exception:
        logging.exception("unexpected error")
        raise
    finally:
        used = resource.getrusage(resource.RUSAGE_SELF)
        logging.info(
            "took %.2f s, %.2f s of processor, at most %d MiB",
            time.monotonic() - _START,
            used.ru_utime + used.ru_stime,
            used.ru_maxrss / 1024,
        )


def by_surrogate_and_target(snakemake: Any, files: Iterable[str]) -> dict[tuple[str, str], Path]:
    """Files that a rule listed with fitted(...)."""
    keys = product(snakemake.params.surrogates, snakemake.params.targets)
    return dict(zip(keys, map(Path, files), strict=True))


def shard_of(snakemake: Any, rows: Sequence[Any]) -> Sequence[Any]:
    """The proposals that are this job's shard."""
    first = int(snakemake.wildcards.shard) * snakemake.params.shard_size
    return rows[first : first + snakemake.params.shard_size]
