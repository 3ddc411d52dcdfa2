"""A benchmark as one HTML page: what `nasforge explore` writes (docs/explorer.md).

    >>> write_explorer(Path("explorer.html"), Path("export/darts-digits-v1"))

`page.html` is built from the sources in the repository's folder explorer/, and everything about a
benchmark is put into it here.
"""

from nasforge.explorer.page import WrittenPage, write_explorer

__all__ = ["WrittenPage", "write_explorer"]
