"""What ops need from the product: its parts, built once per process."""

import dagster as dg
from pydantic import PrivateAttr

from core import wiring
from core.wiring import Wiring


class Product(dg.ConfigurableResource):
    """The product's parts, from the environment of the process that runs the op."""

    _wiring: Wiring | None = PrivateAttr(default=None)

    @property
    def parts(self) -> Wiring:
        """The parts of this process."""
        return self._wiring or wiring.wiring()

    @classmethod
    def of(cls, parts: Wiring) -> "Product":
        """A resource with these parts, for a process that has several."""
        product = cls()
        product._wiring = parts
        return product
