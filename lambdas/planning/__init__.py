"""From a rate and a demand to inference units, weekly hours, auto-scaling and dollars."""
