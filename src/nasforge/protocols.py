"""The protocol number of every stage: raised on purpose when its results change.

    >>> from nasforge.protocols import TRAINING_PROTOCOL

Rules carry them as params, so that a stage runs again when its meaning changes and not whenever a
file of code is touched. The first two are part of ids.
"""

IMAGES_PROTOCOL = 1
"""The same data set options give other images. Part of `dataset_id`."""

TRAINING_PROTOCOL = 1
"""The same recipe trains to another distribution of outcomes. Part of `recipe_id`."""

SAMPLE_PROTOCOL = 1
"""Samplers propose something else, or other replicates are drawn."""

SIMULATE_PROTOCOL = 2
"""The same benchmark gives other simulated outcomes. Part of the simulated `dataset_id`."""

REPLAY_PROTOCOL = 1
"""Replayed outcomes change."""

COLLECT_PROTOCOL = 2
"""The collected tables change."""

SPLIT_PROTOCOL = 3
"""Parts or labels change."""

FIT_PROTOCOL = 4
"""The same data and settings give another model."""

SELECT_PROTOCOL = 4
"""Selection, noise, calibration or out-of-fold scores change."""

TEST_PROTOCOL = 3
"""Test scores change."""

EXPORT_PROTOCOL = 8
"""The frozen folder changes."""

REPORT_PROTOCOL = 3
"""Figures or tables of the report change."""

STUDY_PROTOCOL = 3
"""Results of studies change."""
