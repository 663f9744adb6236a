"""The core: how concurrency, throttles, requests per second (TPS) and inference units (IUs) go together.

Nothing in here knows AWS, the clock or the environment; time and counts come in as arguments.
Read in this order: `step` (what a step of load is, what comes back), `worker` (how one worker
behaves in it), `search` with `ramp`, `saturated` and `other_limits` (which step comes next), `looks`, `estimator` and
`agreement` (from counts to an interval), `verdict` (what may be claimed), `recommendation` (how many IUs that means).
"""
