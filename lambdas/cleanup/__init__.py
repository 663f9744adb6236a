"""Cleans up after any run: reads the model's status, makes one move to what its lease asks for, saves the receipt."""
