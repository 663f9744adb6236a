"""Statistics of detections, on arrays: average precision, intervals, thresholds, calibration. Pure: no files."""
