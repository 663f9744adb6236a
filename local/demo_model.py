"""The model and the input of the demo, which the report in the README shows as well."""

from __future__ import annotations

from typing import Any

from local.simulated_model.model_spec import ModelTruth

# At 350 ms, one request at a time gets 2.9 answers per second, two get 5.7 (for the three seconds of a step, saved-up
# credit carries what is above 5), and four are throttled: from 1, the ramp doubles twice until the model is saturated.
DEMO_MODEL = ModelTruth(latency_mean_s=0.35)
DEMO_TEST: dict[str, Any] = {"startConcurrency": 1}
