"""The package that pip installs: the command-line client, and the contract that it shares with the Lambdas."""
