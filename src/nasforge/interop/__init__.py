"""Adapters for other projects: NAS-Bench-301, NASLib, Optuna and Syne Tune.

    >>> from nasforge.interop import nasbench301
    >>> performance_model = nasbench301.load_ensemble("results/quickstart/export/darts-digits-v1")

None of them needs the other project to be installed. docs/migrating.md has the tables.
"""
