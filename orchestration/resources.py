"""What ops need from the product: its parts, built once per process."""

import dagster as dg

from core.wiring import Wiring, wiring


class Product(dg.ConfigurableResource):
    """The product's parts, from the environment of the process that runs the op."""

    @property
    def parts(self) -> Wiring:
        """The parts of this process."""
        return wiring()
