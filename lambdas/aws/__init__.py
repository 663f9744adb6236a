"""What the other packages use of AWS, and nothing of what they use it for: clients, the runs table, settings, logs."""
