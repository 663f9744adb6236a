"""`iu-tuner manifest`: manifests of Ground Truth, Custom Labels and Lookout for Vision."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from iu_tuner.cli.options.groups import examples
from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import ClientError, Exit, UsageError
from iu_tuner.formats import count

FILE = click.Path(path_type=Path)
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_UNKNOWN_ACCOUNT = "ACCOUNT-ID"
EXIT_CODES = (
    "Exit codes: 0 no errors; 1 a line or the file has an error, and each is listed; 2 wrong usage or input; 6 AWS "
    "could not be reached or refused."
)


def _aws_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--endpoint-url", help="An embedded AWS. (Default: AWS_ENDPOINT_URL, else AWS.)"),
        click.option("--profile", help="A profile of your AWS configuration."),
        click.option("--region", help="The Region of the data set. (Default: of your AWS configuration.)"),
    ):
        command = option(command)
    return command


@click.group(
    epilog=examples(
        "iu-tuner manifest check bees.manifest",
        "iu-tuner manifest rewrite IN --to s3://mine/bees --out OUT",
        then=EXIT_CODES,
    )
)
def manifest() -> None:
    """Manifests of labelled images: rewrite, check and split them, and turn them into COCO and back."""


@manifest.command(epilog=EXIT_CODES)
@click.argument("source", metavar="IN", type=FILE)
@click.option("--to", required=True, metavar="s3://BUCKET/PREFIX", help="Where the images are now.")
@click.option(
    "--from", "old_address", metavar="s3://BUCKET/PREFIX", help="Where they were. (Default: look for their names.)"
)
@click.option("--out", required=True, type=FILE, metavar="OUT", help="The new manifest.")
@_aws_options
def rewrite(source: Path, to: str, old_address: str | None, out: Path, **aws: Any) -> int:
    """Change the addresses in the manifest IN, and nothing else, to the last byte.

    Addresses under --from move to --to. Without --from each becomes that of the object below --to with the same file
    name.
    """
    from iu_tuner.vision.manifest.addresses import folder
    from iu_tuner.vision.manifest.rewrite import ByName, Mapper, by_prefix, rewrite

    bucket, prefix = folder("--to", to)
    mapper: Mapper
    if old_address is not None:
        mapper = by_prefix("s3://{}/{}".format(*folder("--from", old_address)), f"s3://{bucket}/{prefix}")
    else:
        from iu_tuner.cli.aws.s3.objects import Objects

        source.open("rb").close()  # a file that is not there needs no AWS to be refused
        mapper = ByName(bucket, prefix, Objects(**aws).keys(bucket, prefix))
    return _print_findings(rewrite(source, out, mapper, bucket), f"{out} is written")


@manifest.command(epilog=EXIT_CODES)
@click.argument("source", metavar="IN", type=FILE)
@click.option("--deep", is_flag=True, help="Look at the images in S3, too: at their first bytes.")
@_aws_options
def check(source: Path, deep: bool, **aws: Any) -> int:
    """List what the service would say about the manifest IN: `<line>: <CODE>: <sentence>`; line 0 is the file."""
    from iu_tuner.vision.manifest.check import Check, Look

    look: Look | None = None
    if deep:
        try:
            from iu_tuner.cli.aws.s3.look_at_images import look_at_images
        except ModuleNotFoundError as error:
            raise UsageError(f"check --deep needs the package {error.name}: pip install '.[vision]'") from None
        look = look_at_images(**aws)
    manifest_check = Check(source, aws["region"], look)
    return _print_findings(manifest_check.findings(), lambda: count(manifest_check.lines, "line"))


@manifest.command(epilog=EXIT_CODES)
@click.argument("source", metavar="IN", type=FILE)
@click.option("--test", "percent", required=True, type=float, metavar="PERCENT", help="Share of the images to test on.")
@click.option("--out", required=True, type=FILE, metavar="DIR", help="Where train.manifest and test.manifest go.")
def split(source: Path, percent: float, out: Path) -> int:
    """Split the manifest IN into images to train on and images to test on, with each label in both.

    The same images are always split the same way.
    """
    from iu_tuner.vision.manifest.split import split

    if not (math.isfinite(percent) and 0 < percent < 100):
        raise UsageError(f"--test: got {percent:g}; takes a number above 0 and below 100, in percent")
    image_counts = split(source, percent, out)
    return _print_findings(
        image_counts.findings,
        f"{count(image_counts.train, 'image')} to train on, {image_counts.test:,} to test on, in {out}",
    )


@manifest.command("from-coco", epilog=EXIT_CODES)
@click.argument("source", metavar="IN", type=FILE)
@click.option("--images", required=True, metavar="s3://BUCKET/PREFIX", help="Where the images are.")
@click.option("--out", required=True, type=FILE, metavar="OUT", help="The manifest.")
def from_coco(source: Path, images: str, out: Path) -> int:
    """Turn the COCO data set IN (JSON) into a manifest with boxes of whole pixels."""
    from iu_tuner.vision.manifest.addresses import folder
    from iu_tuner.vision.manifest.coco.from_coco import from_coco

    bucket, prefix = folder("--images", images)
    date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    for note in _lines_of_errors(lambda: from_coco(source, f"s3://{bucket}/{prefix}", out, date)):
        click.echo(note, err=True)
    click.echo(f"{out} is written", err=True)
    return Exit.OK


@manifest.command("to-coco", epilog=EXIT_CODES)
@click.argument("source", metavar="IN[#ATTRIBUTE]")
@click.option("--out", required=True, type=FILE, metavar="OUT", help="The COCO data set.")
def to_coco(source: str, out: Path) -> int:
    """Turn the boxes of the manifest IN, of one label attribute, into a COCO data set."""
    from iu_tuner.vision.manifest.coco.to_coco import to_coco

    path, _, attribute = (source, "", "") if Path(source).exists() else source.rpartition("#")
    written = to_coco(Path(path or attribute), attribute if path and attribute else None, out)
    if written.left_out:
        click.echo(f"images that are left out, as they don't have the attribute: {written.left_out:,}", err=True)
    click.echo(f"{out} is written: {count(written.images, 'image')}, {written.boxes:,} boxes", err=True)
    return Exit.OK


@manifest.command(epilog=EXIT_CODES)
@click.option("--bucket", required=True, metavar="B", help="The bucket of the images and manifests.")
@click.option("--account", metavar="ID", help="The account that trains. (Default: that of your credentials.)")
@click.option("--region", help="A Region to ask for the account in.")
@click.option("--profile", help="A profile of your AWS configuration.")
def policy(bucket: str, account: str | None, region: str | None, profile: str | None) -> int:
    """Print the bucket policy that lets Custom Labels train on bucket B, for your account and no other."""
    from iu_tuner.vision.manifest.addresses import BUCKET
    from iu_tuner.vision.manifest.policy import bucket_policy

    if not re.fullmatch(BUCKET, bucket, re.ASCII):
        raise UsageError(f"--bucket: got {quoted(bucket)}; takes a bucket's name, without s3://")
    if account is not None and not _ACCOUNT.fullmatch(account):
        raise UsageError(f"--account: got {quoted(account)}; takes the 12 digits of an AWS account")
    if account is None:
        from iu_tuner.cli.aws.s3.objects import account_id

        try:
            account = account_id(region, profile)
        except ClientError as error:
            account = _UNKNOWN_ACCOUNT
            note = f"put your account's 12 digits in place of {account}, or give --account; it can't be read: {error}"
            click.echo(note, err=True)
    click.echo(json.dumps(bucket_policy(bucket, account), indent=2))
    return Exit.OK


def _print_findings(findings: Iterable[Any], headline: str | Callable[[], str]) -> int:
    """Print findings as they come and then, to stderr, `headline` with their number. Returns the exit code."""
    counts: Counter[bool] = Counter()
    for finding in findings:
        counts[finding.is_error] += 1
        click.echo(str(finding))
    text = headline if isinstance(headline, str) else headline()
    click.echo(f"{text}; {count(counts[True], 'error')}, {count(counts[False], 'warning')}", err=True)
    return Exit.ASSERTION if counts[True] else Exit.OK


def _lines_of_errors(work: Callable[[], list[str]]) -> list[str]:
    """The result of `work`; of an error of several lines all but the last are printed first."""
    try:
        return work()
    except UsageError as error:
        *first_lines, last_line = str(error).splitlines()
        for line in first_lines:
            click.echo(line, err=True)
        raise UsageError(last_line) from None
