"""The exceptions nasforge raises on purpose.

Every message names the offending value, what is allowed and what to do, so the command line
prints it as its one line of output.

    >>> from nasforge.errors import NasforgeError
"""


class NasforgeError(Exception):
    """Base class: catch this to catch everything nasforge raises on purpose."""


class GenotypeError(NasforgeError, ValueError):
    """A text, vector or edge list is not an architecture of the space."""


class SpaceError(NasforgeError, LookupError):
    """A search space is not installed, is none, or lacks what is asked of it."""


class ConfigError(NasforgeError, ValueError):
    """A configuration value is unknown, out of range, or contradicts another one."""


class DatasetError(NasforgeError):
    """The images cannot be read, or there are not enough of them."""


class EvaluationsError(NasforgeError):
    """Evaluations are missing, malformed, of another recipe, or failed too often."""


class OptimizerError(NasforgeError):
    """An optimizer was given wrong settings, or asked for more than its space holds."""


class SurrogateError(NasforgeError):
    """A surrogate cannot be fitted, scored or exported from what it was given."""


class BenchmarkFormatError(NasforgeError):
    """A frozen benchmark is damaged, malformed, or of a version this library does not read."""


class UnknownBenchmarkError(NasforgeError, LookupError):
    """No shipped benchmark or folder has this name."""
