"""How long a training of a config takes alone, and beside another one on the other core.

    python benchmarks/training_seconds.py config/workstation.yaml results/workstation/images

Trains `--networks` random genotypes (seed 0) one after the other, then the same ones two at a time,
by the native engine with one thread each. Validation and test are included; the evaluation cache is
neither read nor written. Prints clock and processor seconds, mean [lowest, highest]. The images are
those that a run's `prepare_images` made.
"""

import argparse
import multiprocessing
import platform
import time
from pathlib import Path

import numpy as np
import yaml

from nasforge.recipe import Recipe
from nasforge.space import DARTS
from nasforge.training.dataset import ImageSet
from nasforge.training.loop import train_network


def train(task: tuple[str, dict, Path]) -> tuple[float, float]:
    """Clock and processor seconds of one training."""
    text, settings, images = task
    data = ImageSet.open(images)
    start = time.perf_counter(), time.process_time()
    genotype = DARTS.canonical(DARTS.parse(text))
    train_network(genotype, Recipe.from_dict(settings), data, 0, "cpu", "native")
    return time.perf_counter() - start[0], time.process_time() - start[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("config", type=Path, help="whose training.recipe is used")
    parser.add_argument("images", type=Path, help="folder of the images")
    parser.add_argument("--networks", type=int, default=6, help="an even number (default 6)")
    options = parser.parse_args()
    recipe = yaml.safe_load(options.config.read_text(encoding="utf-8"))["training"]["recipe"]
    rng = np.random.default_rng(0)
    texts = [DARTS.format(DARTS.sample(rng)) for _ in range(options.networks)]
    tasks = [(text, recipe, options.images) for text in texts]
    print(f"{options.networks} networks, {platform.processor() or platform.machine()}")
    print(f"{'':<12} {'clock s':>24} {'processor s':>24}")
    context = multiprocessing.get_context("spawn")
    for name, processes in (("alone", 1), ("two at a time", 2)):
        with context.Pool(processes) as pool:
            seconds = np.array(pool.map(train, tasks, chunksize=1))
        clock, processor = (
            f"{column.mean():.1f} [{column.min():.1f}, {column.max():.1f}]" for column in seconds.T
        )
        print(f"{name:<13} {clock:>23} {processor:>24}", flush=True)


if __name__ == "__main__":
    main()
