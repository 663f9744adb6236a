"""The handlers, one file per Lambda: `plan_step.py` is the handler of PlanStep."""
