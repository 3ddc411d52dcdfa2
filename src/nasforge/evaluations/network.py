"""Which network some evaluations trained, as far as their records and counts tell.

    >>> find_network(DARTS, recipe_record, dataset_record, {architecture: 24322, ...})
    NetworkShape(cells=3, channels=8, image_size=16, classes=10, auxiliary_head=False)

A frozen benchmark answers exact parameters and multiply-adds only where the space's own count
agrees with what the evaluations recorded.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from nasforge.errors import ConfigError
from nasforge.recipe import DatasetSpec, NetworkShape, Recipe
from nasforge.space import SearchSpace
from nasforge.space.protocol import Architecture

_LOG = logging.getLogger(__name__)


def find_network(
    space: SearchSpace,
    recipe: Mapping[str, Any],
    dataset: Mapping[str, Any],
    recorded: Mapping[Architecture, int],
) -> NetworkShape | None:
    """The shape with which the space counts what was recorded.

    Records do not hold the number of classes, in which a network's parameters are linear.

    Args:
        space: Where the architectures are from.
        recipe: Record of a recipe: `Recipe.record`, or any with an entry `network` that holds
            the fields of `NetworkShape` but the classes.
        dataset: Record of the data set.
        recorded: Parameters by architecture.

    Returns:
        None if the space counts no parameters, none are recorded, or the counts differ.
    """
    shape = _shape_of(recipe, dataset)
    if shape is None or not recorded or not hasattr(space, "params"):
        return None
    architecture, params = next(iter(recorded.items()))
    one, two = (space.params(architecture, shape(classes)) for classes in (1, 2))
    further, rest = divmod(params - one, two - one)
    if rest or further < 0:
        _LOG.warning("no number of classes gives %d parameters; the network is unknown", params)
        return None
    network = shape(1 + further)
    for architecture, params in recorded.items():
        if space.params(architecture, network) != params:
            _LOG.warning(
                "%s: recorded are %d parameters, the space counts %d; the network is unknown",
                space.format(architecture),
                params,
                space.params(architecture, network),
            )
            return None
    return network


def _shape_of(
    recipe: Mapping[str, Any], dataset: Mapping[str, Any]
) -> Callable[[int], NetworkShape] | None:
    """The shape as a function of the number of classes."""
    try:
        if "network" in recipe:
            network = NetworkShape.from_dict({**recipe["network"], "classes": 1})
            return lambda classes: replace(network, classes=classes)
        options, spec = Recipe.from_record(recipe), DatasetSpec.from_dict(dataset["dataset"])
        return lambda classes: options.network_shape(spec.image_size, classes)
    except (ConfigError, KeyError, TypeError):  # of evaluations that nasforge did not make
        return None
