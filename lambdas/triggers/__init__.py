"""Triggers that start runs: uploads of images, once no more arrive for a while."""
