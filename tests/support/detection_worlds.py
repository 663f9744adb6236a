"""Made-up truths and models for comparisons: COCO data sets whose rates are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SIDE = 640  # pixels of an image
CELL = 80  # objects stand in cells, so that none overlaps another
Json = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """A made-up model: it finds this share of the objects, invents so many detections an image, and shifts boxes.

    Finding varies from image to image, as it does where some images are harder. `grow` is the factor of a box's sides.
    """

    found: float = 0.8
    invented: float = 0.4
    shift: float = 3.0
    grow: float = 1.0
    misnamed: float = 0.0


def truth(images: int, seed: int, objects: float = 3.0, classes: tuple[str, ...] = ("bee",)) -> Json:
    """A data set with a Poisson number of objects on each image."""
    chance = np.random.default_rng([seed, 1])
    annotations: list[Json] = []
    for image in range(images):
        number = min(int(chance.poisson(objects)), (SIDE // CELL) ** 2)
        for cell in chance.choice((SIDE // CELL) ** 2, number, replace=False):
            left, top = CELL * (int(cell) % 8) + 15, CELL * (int(cell) // 8) + 15
            klass = int(chance.integers(len(classes))) + 1
            box = [left, top, *chance.integers(30, 50, 2).tolist()]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": image + 1, "category_id": klass, "bbox": box}
                | {"area": box[2] * box[3], "iscrowd": 0}
            )
    return {
        "images": [
            {"id": each + 1, "file_name": f"{each:05}.jpg", "width": SIDE, "height": SIDE} for each in range(images)
        ],
        "annotations": annotations,
        "categories": [{"id": each + 1, "name": name} for each, name in enumerate(classes)],
    }


def predictions(true: Json, model: Model, seed: int) -> list[Json]:
    """COCO results of the model. Hits have scores around 0.75, inventions around 0.4; some pass each other."""
    chance = np.random.default_rng([seed, 2])
    ease = {each["id"]: float(chance.beta(4, 1)) / 0.8 for each in true["images"]}
    found: list[Json] = []
    for each in true["annotations"]:
        if chance.random() < model.found * ease[each["image_id"]]:
            left, top, width, height = (float(side) for side in each["bbox"])
            shift = chance.normal(0, model.shift, 2)
            wide, high = width * model.grow, height * model.grow
            box = [left + shift[0] - (wide - width) / 2, top + shift[1] - (high - height) / 2, wide, high]
            other = 1 + each["category_id"] % len(true["categories"])
            klass = other if chance.random() < model.misnamed else each["category_id"]
            found.append(_result(each["image_id"], klass, box, float(chance.beta(6, 2))))
    for image in true["images"]:
        for _ in range(int(chance.poisson(model.invented))):
            cell = int(chance.integers((SIDE // CELL) ** 2))
            box = [CELL * (cell % 8) + 2, CELL * (cell // 8) + 2, 10, 10]
            klass = int(chance.integers(len(true["categories"]))) + 1
            found.append(_result(image["id"], klass, box, float(chance.beta(3, 5))))
    return found


def _result(image: int, klass: int, box: list[float], score: float) -> Json:
    return {
        "image_id": image,
        "category_id": klass,
        "bbox": [round(float(side), 3) for side in box],
        "score": round(score, 4),
    }
