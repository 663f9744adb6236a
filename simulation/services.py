"""The services that the benchmark measures. The rules and constants of the search were chosen with `CATALOGUE`;
`HOLDOUT` was run after that. Tests of this length can't, or not always, measure the services in `BEYOND`."""

from simulation.holdout_services import HOLDOUT as HOLDOUT
from simulation.steady_services import STEADY
from simulation.unsteady_services import BEYOND as BEYOND
from simulation.unsteady_services import UNSTEADY

CATALOGUE = (*STEADY, *UNSTEADY)
SERVICES = {service.name: service for service in (*CATALOGUE, *HOLDOUT, *BEYOND)}
