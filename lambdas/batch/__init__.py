"""The steps of the machine that processes all images of a prefix or of a list."""
