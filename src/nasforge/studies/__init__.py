"""Studies and figures on a campaign's tables and benchmarks. Needs the `fit` extra.

>>> from nasforge.studies.figures import plot_figures
"""
