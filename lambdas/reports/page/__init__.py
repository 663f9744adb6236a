"""The report: one HTML page per run. It is pure like the core: no AWS, no clock; it reads only its own files.

`build` turns a run, its steps and its answer into sentences, numbers and rows. `render` fills them into
template.html, where draw.js draws the charts with the library in `vendor`.
"""
