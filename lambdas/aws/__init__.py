"""Access to AWS for the other packages: clients, the runs table, settings, logs. It knows nothing of their purpose."""
