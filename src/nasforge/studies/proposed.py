"""Who proposed what: ids of architectures by sampler and by optimizer.

>>> proposed_by(DARTS, proposals_file, "sampler")["random"]
"""

from pathlib import Path
from typing import Literal

from nasforge.evaluations.tables import read_table
from nasforge.space.protocol import SearchSpace


def proposed_by(
    space: SearchSpace, proposals_file: Path, who: Literal["sampler", "optimizer"]
) -> dict[str, set[str]]:
    """Ids of what each of them proposed, evaluated or not."""
    table = read_table(proposals_file, "proposals")[0].to_pandas()
    raw = table["raw_architecture"]
    ids = raw.map({text: space.architecture_id(space.parse(text)) for text in raw.unique()})
    return {str(name): set(part) for name, part in ids.groupby(table[who])}
