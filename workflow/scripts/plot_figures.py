from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.studies.figures import FigureSources, plot_figures

    sources = {name: Path(file) for name, file in snakemake.input.items()}
    outputs = {name: Path(file) for name, file in snakemake.output.items()}
    plot_figures(FigureSources(**sources), outputs)
