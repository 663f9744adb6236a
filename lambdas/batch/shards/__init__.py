"""The images of a batch in files of up to 250, and the account of what became of them."""
