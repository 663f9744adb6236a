"""The HTTP server of the simulated service: protocol, signatures, control plane and data plane."""
