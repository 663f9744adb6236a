"""Draws results on images: reads both, chooses labels by thresholds, paints boxes, captions and anomaly masks."""
