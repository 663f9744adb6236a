"""What a run of 1,000 workers a step takes of the Lambdas that read their counts."""
