"""The verdict on a measurement: one word and one sentence."""
