"""What a simulated model answers: labels by image, thresholds, refused images, and times of less capacity. Pure."""
