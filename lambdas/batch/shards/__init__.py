"""The images of a batch in files of 250, and the account of what became of them."""
