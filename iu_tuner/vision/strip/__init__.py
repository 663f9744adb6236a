"""The strip of a batch's report: small copies of six images with the labels that the model found on them."""
