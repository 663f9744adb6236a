"""What runs on a laptop in AWS's place: the embedded AWS, the simulated model, the demo."""
