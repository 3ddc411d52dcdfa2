"""Search spaces: what an architecture is, and everything that is known of it without training.

>>> from nasforge.space import DARTS
>>> DARTS.size
1076746950455072400
"""

from nasforge.space.darts import DARTS
from nasforge.space.graph import Graph, GraphLayout
from nasforge.space.protocol import SearchSpace

__all__ = ["DARTS", "Graph", "GraphLayout", "SearchSpace"]
