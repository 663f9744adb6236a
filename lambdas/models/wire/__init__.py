"""What the model services share: HTTP, signatures, errors of the service, CloudWatch's counts."""
