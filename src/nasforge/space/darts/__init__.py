"""The DARTS cell space (Liu et al., "DARTS: Differentiable Architecture Search", ICLR 2019).

>>> from nasforge.space.darts import DARTS
"""

from nasforge.space.darts.genotype import OPERATIONS, Edge, Genotype
from nasforge.space.darts.space import DARTS

__all__ = ["DARTS", "OPERATIONS", "Edge", "Genotype"]
