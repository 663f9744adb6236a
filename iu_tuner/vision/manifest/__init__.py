"""Manifests, line by line: rewriting, checking, splitting, to and from COCO. Memory does not grow with their labels."""
