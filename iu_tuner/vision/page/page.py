"""page"""


def page(comparison, output, images):
    return ""
