"""One evaluation to store and read."""

from one_evaluation import evaluation, key

__all__ = ["evaluation", "key"]
