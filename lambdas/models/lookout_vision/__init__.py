"""Amazon Lookout for Vision, which ended on 2025-10-31: only a simulated service answers."""
