"""The HTML that sections are made of: markup, escaped text, numbers in words."""
