"""Readers of result files and of truths. Each returns a `labels.DataSet`, or refuses the file with sentences.

A format is declared by the user or by the name of a file, and never guessed from values.
"""
