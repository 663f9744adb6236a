"""The public interface: input, output, errors, events and ARNs."""
