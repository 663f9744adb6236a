"""The report: one HTML page per run. Pure like the core: no AWS, no clock; it reads nothing but its own files.

`view` turns a run, its steps and its answer into sentences, numbers and rows; `page` fills them into
template.html, where draw.js draws the pictures with the chart library in `vendor`.
"""
