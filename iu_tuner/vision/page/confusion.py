"""The confusion table, whose cells open their images, and the worst images."""

from __future__ import annotations

from collections.abc import Mapping

from iu_tuner.vision.compare.comparison import Comparison, Evaluation
from iu_tuner.vision.compare.confusion import NOTHING
from iu_tuner.vision.page.markup import plain, section, table, text
from iu_tuner.vision.page.pictures import Pictures, bad_image_says, key
from iu_tuner.vision.page.thumbnails import Thumbnails

MAX_CLASSES = 12  # with more, the table is a list of its largest cells
MAX_CELLS = 40
MAX_PICTURES = 6  # of a cell; the other images are named
Cells = Mapping[tuple[int, int], list[int]]


def confusion(comparison: Comparison, thumbnails: Thumbnails) -> str:
    """A table for each model. Rows are what is there, columns what the model says."""
    parts = [key()]
    for number, evaluation in enumerate(comparison.evaluations):
        parts.append(f"<h3>{text(evaluation.candidate.name)}</h3>")
        cells = _largest(evaluation.cells)
        involved = sorted({each for cell in evaluation.cells for each in cell if each != NOTHING})
        if len(involved) <= MAX_CLASSES:
            cells = evaluation.cells
            parts.append(_grid(comparison, evaluation, involved, number))
        else:
            parts.append(_list(comparison, evaluation, cells, number))
        pictures = Pictures(comparison, evaluation, thumbnails)
        parts += [_opened(comparison, cell, images, number, pictures) for cell, images in cells.items()]
    about = "<p>Choose a number to see its images. A row is what is there, a column what the model says.</p>"
    return section("confusion", "What is taken for what", about, *parts)


def worst(comparison: Comparison, thumbnails: Thumbnails) -> str:
    """The images with the most errors of each model."""
    parts = [key()]
    for evaluation in comparison.evaluations:
        pictures = Pictures(comparison, evaluation, thumbnails)
        figures = "".join(
            pictures.figure(each.image, bad_image_says(each.missed, each.invented, each.too_large))
            for each in evaluation.worst
        )
        shown = f'<div class="images">{figures}</div>' if figures else "<p>No image has an error.</p>"
        parts.append(f"<h3>{text(evaluation.candidate.name)}</h3>{shown}")
    return section("worst", "The worst images", *parts)


def _grid(comparison: Comparison, evaluation: Evaluation, involved: list[int], number: int) -> str:
    columns = [*involved, NOTHING]
    heads = ["there \\ found", *(_name(comparison, each, "nothing found") for each in columns)]
    rows = [
        [_name(comparison, true, "nothing there"), *(_link(evaluation.cells, true, seen, number) for seen in columns)]
        for true in columns
    ]
    return table(f"Confusion of {evaluation.candidate.name}", heads, rows)


def _list(comparison: Comparison, evaluation: Evaluation, cells: Cells, number: int) -> str:
    rows = [
        [
            _name(comparison, true, "nothing there"),
            _name(comparison, seen, "nothing found"),
            _link(evaluation.cells, true, seen, number),
        ]
        for true, seen in cells
    ]
    return table(f"Confusion of {evaluation.candidate.name}", ["There", "Found", "Number"], rows, 2)


def _largest(cells: Cells) -> Cells:
    wrong = {cell: images for cell, images in cells.items() if cell[0] != cell[1]}
    return dict(sorted(wrong.items(), key=lambda each: -len(each[1]))[:MAX_CELLS])


def _link(cells: Cells, true: int, seen: int, number: int) -> str:
    images = cells.get((true, seen))
    return f'<a href="#{_id(number, true, seen)}">{len(images):,}</a>' if images else "0"


def _opened(comparison: Comparison, cell: tuple[int, int], images: list[int], number: int, pictures: Pictures) -> str:
    """The images of a cell; hidden until its link is followed."""
    true, seen = cell
    each = list(dict.fromkeys(images))
    title = f"{_name(comparison, true, 'nothing')} there, {_name(comparison, seen, 'nothing')} found: {len(images):,}"
    figures = "".join(pictures.figure(image) for image in each[:MAX_PICTURES])
    rest = ", ".join(text(comparison.truth.images[image].key) for image in each[MAX_PICTURES:])
    more = f"<p>Also on: {rest}</p>" if rest else ""
    id_ = _id(number, true, seen)
    return (
        f'<div class="cell" id="{id_}" tabindex="-1" role="group" aria-labelledby="{id_}-title">'
        f'<h4 id="{id_}-title">{title}</h4><div class="images">{figures}</div>{more}'
        f'<p><a href="#confusion">Back to the tables</a></p></div>'
    )


def _id(number: int, true: int, seen: int) -> str:
    return plain(f"cell-{number}-{'none' if true == NOTHING else true}-{'none' if seen == NOTHING else seen}")


def _name(comparison: Comparison, klass: int, otherwise: str) -> str:
    return otherwise if klass == NOTHING else text(comparison.classes[klass])
