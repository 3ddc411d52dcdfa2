"""What tuning found, as pieces of a config.

>>> read_tuned(Path("tune/lightgbm.json")), gather_tuned([...], Path("tune/tuned.json"))
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nasforge.evaluations.files import write_text


def read_tuned(result_file: Path) -> dict[str, Any]:
    """The settings that `tune_family` found."""
    data = json.loads(result_file.read_text(encoding="utf-8"))
    [settings] = data["surrogates"]["families"].values()
    return settings


def gather_tuned(result_files: Sequence[Path], output: Path) -> None:
    """One piece of a config of several results, with tuning switched off.

    A later run takes it as a second --configfile.
    """
    families: dict[str, Any] = {}
    for file in result_files:
        data = json.loads(file.read_text(encoding="utf-8"))
        families |= data["surrogates"]["families"]
    piece = {"surrogates": {"tuning": {"trials": 0}, "families": families}}
    write_text(output, json.dumps(piece, indent=1) + "\n")
