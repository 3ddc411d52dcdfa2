from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.studies.page import PageSources, write_page

    files = {name: Path(file) for name, file in snakemake.input.items() if file}
    write_page(PageSources(**files), Path(snakemake.output.page))
