"""The services that the benchmark measures. The rules and constants of the search were looked at with `CATALOGUE`;
`HOLDOUT` was run when they stood. `BEYOND`: no test of this length can tell them, or not always."""

from simulation.holdout_services import HOLDOUT as HOLDOUT
from simulation.steady_services import STEADY
from simulation.unsteady_services import BEYOND as BEYOND
from simulation.unsteady_services import UNSTEADY

CATALOGUE = (*STEADY, *UNSTEADY)
SERVICES = {service.name: service for service in (*CATALOGUE, *HOLDOUT, *BEYOND)}
