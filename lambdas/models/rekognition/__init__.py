"""Amazon Rekognition Custom Labels: its facts, control plane, data plane and usage metrics."""
