"""What a measurement allows to be claimed, in one word and one sentence."""
