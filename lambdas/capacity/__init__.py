"""The core: finds a model's maximum requests per second (TPS) from concurrency, counts and throttles.

The core knows neither AWS nor the clock nor the environment; time and counts come in as arguments. Read in this order:
`lambdas.load.step` (plan and counts of a step of load), `lambdas.load.worker_step` (one worker in it), `search` with
`ramp`, `saturated` and `other_limits` (the next step), `looks`, `rates.estimator` and `agreement` (from counts to an
interval), `verdicts.verdict` (the claim), `lambdas.planning.recommendation` (the inference units for a demand).
"""
