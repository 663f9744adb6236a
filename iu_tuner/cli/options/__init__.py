"""What a user types: types of arguments, groups of options, the input of a run."""
