"""The fingerprint of a space: stable, and sensitive to all that a frozen benchmark relies on."""

import numpy as np
import pytest

from nasforge.benchmark.fingerprint import (
    encoding_fingerprint,
    golden_architectures,
    space_fingerprint,
)
from nasforge.space import DARTS
from nasforge.space.darts.space import DartsSpace


def test_the_fingerprint_of_darts_never_changes() -> None:
    expected = "2319938145d810dca6e3400b46af24afe8b53c09803e1d9a3e766bec9a85b133"
    assert space_fingerprint(DARTS) == expected


def test_golden_architectures_are_distinct_and_begin_alike() -> None:
    golden = golden_architectures(DARTS, 32)
    assert len({DARTS.architecture_id(architecture) for architecture in golden}) == 32
    assert golden_architectures(DARTS, 16) == golden[:16]


class OtherEncoding(DartsSpace):
    def encode(self, architectures, encoding):
        features = super().encode(architectures, encoding)
        features[0, 0] = np.nextafter(features[0, 0], np.float32(2))
        return features


class MoreEncodings(DartsSpace):
    encodings = (*DartsSpace.encodings, "twice")

    def encode(self, architectures, encoding):
        return 2 * super().encode(architectures, "one_hot")


class OtherIds(DartsSpace):
    def architecture_id(self, architecture):
        return super().architecture_id(architecture)[::-1]


class OtherVariableName(DartsSpace):
    variables = (("renamed", DartsSpace.variables[0][1]), *DartsSpace.variables[1:])


class OtherVersion(DartsSpace):
    version = 2


@pytest.mark.parametrize("space_class", [OtherIds, OtherVariableName, OtherVersion])
def test_a_change_of_the_space_changes_the_fingerprint(space_class: type[DartsSpace]) -> None:
    assert space_fingerprint(space_class()) != space_fingerprint(DARTS)


def test_a_changed_encoding_has_another_fingerprint_and_a_new_one_changes_none() -> None:
    before = encoding_fingerprint(DARTS, "one_hot")
    assert encoding_fingerprint(OtherEncoding(), "one_hot") != before
    assert space_fingerprint(OtherEncoding()) == space_fingerprint(DARTS)
    assert space_fingerprint(MoreEncodings()) == space_fingerprint(DARTS)
