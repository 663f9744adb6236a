"""A page of small images with the boxes of their results, and a slider for the threshold. It needs no network."""
