"""The confusion table, whose cells open their images, and the worst images."""

from __future__ import annotations

from collections.abc import Mapping

from iu_tuner.vision.compare.comparison import Comparison, Evaluation
from iu_tuner.vision.compare.confusion import NOTHING
from iu_tuner.vision.page.markup import plain, section, table, text
from iu_tuner.vision.page.pictures import Pictures, errors_in_words, legend
from iu_tuner.vision.page.thumbnails import Thumbnails

MAX_CLASSES = 12  # with more, the table is a list of its largest cells
MAX_CELLS = 40
MAX_PICTURES = 6  # of a cell; the other images are named
Cells = Mapping[tuple[int, int], list[int]]


def confusion(comparison: Comparison, thumbnails: Thumbnails) -> str:
    """A table for each model. Rows are what is there, columns what the model says."""
    parts = [legend()]
    for number, evaluation in enumerate(comparison.evaluations):
        parts.append(f"<h3>{text(evaluation.candidate.name)}</h3>")
        cells = _largest_errors(evaluation.cells)
        classes = sorted({each for cell in evaluation.cells for each in cell if each != NOTHING})
        if len(classes) <= MAX_CLASSES:
            cells = evaluation.cells
            parts.append(_grid(comparison, evaluation, classes, number))
        else:
            parts.append(_list(comparison, evaluation, cells, number))
        pictures = Pictures(comparison, evaluation, thumbnails)
        parts += [_cell_images(comparison, cell, images, number, pictures) for cell, images in cells.items()]
    introduction = "<p>Choose a number to see its images. A row is what is there, a column what the model says.</p>"
    return section("confusion", "What is taken for what", introduction, *parts)


def worst(comparison: Comparison, thumbnails: Thumbnails) -> str:
    """The images with the most errors of each model."""
    parts = [legend()]
    for evaluation in comparison.evaluations:
        pictures = Pictures(comparison, evaluation, thumbnails)
        figures = "".join(
            pictures.figure(each.image, errors_in_words(each.missed, each.invented, each.too_large))
            for each in evaluation.worst
        )
        content = f'<div class="images">{figures}</div>' if figures else "<p>No image has an error.</p>"
        parts.append(f"<h3>{text(evaluation.candidate.name)}</h3>{content}")
    return section("worst", "The worst images", *parts)


def _grid(comparison: Comparison, evaluation: Evaluation, classes: list[int], number: int) -> str:
    columns = [*classes, NOTHING]
    headings = ["there \\ found", *(_name(comparison, each, "nothing found") for each in columns)]
    rows = [
        [
            _name(comparison, true_class, "nothing there"),
            *(_link(evaluation.cells, true_class, found_class, number) for found_class in columns),
        ]
        for true_class in columns
    ]
    return table(f"Confusion of {evaluation.candidate.name}", headings, rows)


def _list(comparison: Comparison, evaluation: Evaluation, cells: Cells, number: int) -> str:
    rows = [
        [
            _name(comparison, true_class, "nothing there"),
            _name(comparison, found_class, "nothing found"),
            _link(evaluation.cells, true_class, found_class, number),
        ]
        for true_class, found_class in cells
    ]
    return table(f"Confusion of {evaluation.candidate.name}", ["There", "Found", "Number"], rows, 2)


def _largest_errors(cells: Cells) -> Cells:
    wrong = {cell: images for cell, images in cells.items() if cell[0] != cell[1]}
    return dict(sorted(wrong.items(), key=lambda each: -len(each[1]))[:MAX_CELLS])


def _link(cells: Cells, true_class: int, found_class: int, number: int) -> str:
    images = cells.get((true_class, found_class))
    return f'<a href="#{_id(number, true_class, found_class)}">{len(images):,}</a>' if images else "0"


def _cell_images(
    comparison: Comparison, cell: tuple[int, int], images: list[int], number: int, pictures: Pictures
) -> str:
    """The images of a cell; hidden until its link is followed."""
    true_class, found_class = cell
    image_indices = list(dict.fromkeys(images))
    there, found = (_name(comparison, each, "nothing") for each in cell)
    title = f"{there} there, {found} found: {len(images):,}"
    figures = "".join(pictures.figure(image) for image in image_indices[:MAX_PICTURES])
    other_names = ", ".join(text(comparison.truth.images[image].key) for image in image_indices[MAX_PICTURES:])
    other_images = f"<p>Also on: {other_names}</p>" if other_names else ""
    id_ = _id(number, true_class, found_class)
    return (
        f'<div class="cell" id="{id_}" tabindex="-1" role="group" aria-labelledby="{id_}-title">'
        f'<h4 id="{id_}-title">{title}</h4><div class="images">{figures}</div>{other_images}'
        f'<p><a href="#confusion">Back to the tables</a></p></div>'
    )


def _id(number: int, true_class: int, found_class: int) -> str:
    true_text, found_text = ("none" if each == NOTHING else str(each) for each in (true_class, found_class))
    return plain(f"cell-{number}-{true_text}-{found_text}")


def _name(comparison: Comparison, klass: int, otherwise: str) -> str:
    return otherwise if klass == NOTHING else text(comparison.classes[klass])
