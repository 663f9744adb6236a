"""The page of a comparison: one offline HTML file, in the style of the tuner's report."""
