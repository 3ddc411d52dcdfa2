"""Looking one cache entry up: in a file of its own, in a zip pack, in a parquet file.

    $ python benchmarks/cache_packs.py

Entries are those of trainings of 8 and of 100 epochs, as JSON texts; parquet holds them in two
columns, id and entry, and is read with a filter on the id. Times are of processor and kernel
together, ratios to a file of its own.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nasforge.evaluations.packs import read_packed, write_pack
from nasforge.recipe import digest


def entry(number: int, epochs: int) -> bytes:
    point = {"epoch": 1, "train_loss": 1.23456789, "val_loss": 1.2345, "val_accuracy": 0.71234567}
    curve = [{**point, "epoch": epoch, "elapsed_s": epoch * 1.2345} for epoch in range(epochs)]
    return json.dumps({"id": digest(number), "architecture": "x" * 200, "curve": curve}).encode()


def seconds(look: Callable[[str], object], names: list[str]) -> float:
    start = time.process_time()
    for name in names:
        look(name)
    return (time.process_time() - start) / len(names)


def measure(folder: Path, size: int, epochs: int) -> list[float]:
    entries = {digest(number): entry(number, epochs) for number in range(size)}
    for name, text in entries.items():
        (folder / f"{name}.json").write_bytes(text)
    write_pack(folder, entries)
    columns = {"id": list(entries), "entry": [text.decode() for text in entries.values()]}
    pq.write_table(pa.table(columns), folder / "pack.parquet", compression="zstd")
    looks = (
        lambda name: (folder / f"{name}.json").read_bytes(),
        lambda name: read_packed(folder, name),
        lambda name: pq.read_table(folder / "pack.parquet", filters=[("id", "=", name)]),
    )
    names = list(entries)[:50] * 4
    for look in looks:
        look(names[0])
    return [seconds(look, names) for look in looks]


def main() -> None:
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    print(f"{'entries':>7} {'epochs':>6} {'file ms':>8} {'zip ms':>8} {'parquet ms':>10}  ratios")
    for size in (64, 512):
        for epochs in (8, 100):
            with tempfile.TemporaryDirectory() as folder:
                times = measure(Path(folder), size, epochs)
            ms = [1000 * value for value in times]
            ratios = ", ".join(f"{value / times[0]:.0f}" for value in times[1:])
            print(f"{size:>7} {epochs:>6} {ms[0]:>8.3f} {ms[1]:>8.3f} {ms[2]:>10.3f}  {ratios}")


if __name__ == "__main__":
    main()
