"""How large a page is: one that is mailed or opened on a phone should have at most 3 MB.

>>> size_warning(page_bytes, content, "blend", smaller="forest")
'4.7 MB, more than 3 MB: 4.4 of surrogate blend, ...; --surrogate forest makes a smaller page'
"""

from collections.abc import Mapping
from typing import Any

from nasforge.explorer.container import pack

LIMIT_BYTES = 3_000_000


def size_warning(size: int, content: Mapping[str, Any], surrogate: str, smaller: str) -> str | None:
    """What makes a page large, largest first; None if it is not.

    Nothing is left out instead: each part is there because it was asked for.

    Args:
        size: Bytes of the page.
        content: What is packed into it.
        surrogate: The one that answers.
        smaller: The one that would answer if none were asked for.
    """
    if size <= LIMIT_BYTES:
        return None
    model = content["model"]
    parts = {
        f"surrogate {surrogate}": model["targets"],
        "its learning curves": model["curve"],
        "its support": model["support"],
        "evaluations": content["evaluated"],
        "runs of optimizers": content["runs"],
    }
    # Each packed alone: together they differ by what they share, which is little.
    sizes = {name: len(pack(part)) for name, part in parts.items() if part is not None}
    largest = sorted(sizes.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{of / 1e6:.1f} of {name}" for name, of in largest if of >= 0.05e6)
    advice = "" if smaller == surrogate else f"; --surrogate {smaller} makes a smaller page"
    return f"{size / 1e6:.1f} MB, more than {LIMIT_BYTES / 1e6:.0f} MB: {listed}{advice}"
