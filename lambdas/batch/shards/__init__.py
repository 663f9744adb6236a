"""The images of a batch in files of up to 250, and the tally of what became of them."""
