import logging
from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.explorer import write_explorer

    page = write_explorer(
        Path(snakemake.output.page),
        Path(snakemake.input.manifest).parent,
        evaluations=Path(snakemake.input.evaluations).parent,
    )
    if page.warning is not None:
        logging.warning("the page has %s", page.warning)
