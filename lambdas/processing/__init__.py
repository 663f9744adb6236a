"""Images from listed to done: paced requests, outcomes, and results."""
