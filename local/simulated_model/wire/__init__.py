"""The simulated service on the wire: HTTP, signatures, the control plane and the data plane."""
