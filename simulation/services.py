"""The services that the benchmark measures. The rules and constants of the search were chosen with `CATALOGUE`;
`HOLDOUT` has other capacities, shapes and moments. `BEYOND`: no test of this length can tell them."""

from simulation.steady_services import STEADY, STEADY_HOLDOUT
from simulation.unsteady_services import BEYOND as BEYOND
from simulation.unsteady_services import UNSTEADY, UNSTEADY_HOLDOUT

CATALOGUE = (*STEADY, *UNSTEADY)
HOLDOUT = (*STEADY_HOLDOUT, *UNSTEADY_HOLDOUT)
SERVICES = {service.name: service for service in (*CATALOGUE, *HOLDOUT, *BEYOND)}
