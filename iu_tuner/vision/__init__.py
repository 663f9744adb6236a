"""Results of models on the user's machine: their files, their comparison with a truth, and pages.

It needs the packages of the extra `vision`. Nothing of it runs in a Lambda.
"""
