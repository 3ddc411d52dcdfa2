from pathlib import Path

from job import job

with job(snakemake):
    from nasforge.studies.results_page import ResultsSources, Study, write_results

    named = ("manifest", "scores", "test_scores", "candidates", "generalization", "set_aside")
    files = {name: Path(snakemake.input[name]) for name in named if snakemake.input[name]}
    findings = map(Path, snakemake.input.findings)
    studies = [
        Study(title, Path(figure), next(findings) if has_finding else None)
        for (title, has_finding), figure in zip(
            snakemake.params.titles, snakemake.input.figures, strict=True
        )
    ]
    write_results(ResultsSources(**files), studies, Path(snakemake.output.page).parent)
