"""The protocol of Lookout for Vision: REST, raw image bytes, client tokens."""
