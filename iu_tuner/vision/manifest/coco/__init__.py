"""From COCO data sets to manifests, and back."""
