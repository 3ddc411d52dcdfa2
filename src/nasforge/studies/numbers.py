"""The numbers of studies, as parquet that pandas reads as it stands.

>>> write_numbers(Path("studies/coverage.parquet"), summary)
"""

from pathlib import Path

import pandas as pd

from nasforge.evaluations.files import atomic_path


def write_numbers(file: Path, table: pd.DataFrame) -> None:
    """Write a table without its index, whole or not at all.

    Values are not rounded: what is printed of them is, by whoever prints it.

    Args:
        file: Parquet.
        table: Columns of one type each.
    """
    with atomic_path(file) as temporary:
        table.to_parquet(temporary, index=False)
