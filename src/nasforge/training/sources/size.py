"""How many images a source has, and of what size: what a data set may ask of it.

>>> SIZES["digits"].check(DatasetSpec("digits", 16, 500, 900, 397))
Traceback (most recent call last):
nasforge.errors.DatasetError: dataset.image_size: 16 does not divide the 8 pixels of ...

What is known without reading is in `SIZES`, so that a config is refused before any job runs.
"""

from dataclasses import dataclass

from nasforge.errors import DatasetError
from nasforge.recipe import DatasetSpec


@dataclass(frozen=True)
class SourceSize:
    """The size of a source.

    Attributes:
        pixels: Height and width of an image.
        train_images: Images of its training part, which validation images come from too.
        test_images: Images of its test part.
    """

    pixels: int
    train_images: int
    test_images: int

    def check(self, spec: DatasetSpec) -> None:
        """Make sure that the source has what a data set asks of it.

        Raises:
            DatasetError: It has not.
        """
        if self.pixels % spec.image_size:
            raise DatasetError(
                f"dataset.image_size: {spec.image_size} does not divide the {self.pixels} pixels of"
                f" the source {spec.source!r}; choose a divisor of {self.pixels}"
            )
        _check_count(spec, "validation_images", self.train_images, "to draw from")
        left = self.train_images - spec.validation_images
        _check_count(spec, "train_images", left, "left after validation")
        _check_count(spec, "test_images", self.test_images, "to draw from")


def _check_count(spec: DatasetSpec, key: str, there: int, what: str) -> None:
    asked = getattr(spec, key)
    if asked > there:
        raise DatasetError(
            f"dataset.{key}: {asked} asked, but the source {spec.source!r} has {there} {what};"
            " ask for fewer"
        )


SIZES = {"digits": SourceSize(8, 1400, 397), "cifar10": SourceSize(32, 50_000, 10_000)}
"""Of sources that are the same wherever they are read."""
