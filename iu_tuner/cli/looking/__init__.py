"""What `draw` and `gallery` share: their options, images and results."""
