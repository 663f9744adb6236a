"""Ends any run, whatever asks for it: one look at the model, one move to what its lease asks for, the receipt."""
