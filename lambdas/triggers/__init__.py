"""What starts a run by itself: uploads that have gone quiet."""
