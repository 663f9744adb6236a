"""What docs/manifests.md shows is what the command prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from iu_tuner.cli.commands.manifest import manifest as group
from tests.unit.vision.manifest.samples import Manifest

PAGE = (Path(__file__).parents[4] / "docs" / "manifests.md").read_text("utf-8")


def sample(name: str) -> str:
    found = re.search(rf"<!-- shown {name} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found, name
    return found.group(1)


def test_the_findings_are_those_of_the_manifest(manifest: Manifest) -> None:
    assert manifest("check", manifest.file(sample("manifest"))).out == sample("findings")


def test_the_rewriting_moves_the_address_and_leaves_another(manifest: Manifest) -> None:
    arguments = shlex.split(sample("rewriting").replace(" out.manifest", f" {manifest.folder}/out.manifest"))
    arguments[3] = str(manifest.file(sample("manifest")))

    done = manifest(*arguments[2:])

    assert done.out == sample("leftovers")
    assert "`s3://mine/data/bees/1.jpg`" in PAGE
    assert '"s3://mine/data/bees/1.jpg"' in (manifest.folder / "out.manifest").read_text("utf-8")


def test_the_policy_s_command_is_taken(manifest: Manifest) -> None:
    command = sample("policy").splitlines()[0].partition(" > ")[0]

    assert manifest(*shlex.split(command)[2:]).code == 0


def test_every_command_is_on_the_page() -> None:
    assert set(re.findall(r"`manifest ([\w-]+)", PAGE)) == set(group.commands)
