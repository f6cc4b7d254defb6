"""An upload becomes a sample: checked by its first bytes, kept under a random name, queued to be looked at."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest

from analysis_runner import filenames, lifecycle, quotas, sniffing, tidying
from analysis_runner.models import Job, Sample
from analysis_runner.refusals import Refusal


class SizeGuard(FileUploadHandler):
    """Stops reading an upload as soon as it is larger than allowed."""

    def handle_raw_input(self, *_: Any, **__: Any) -> None:
        """Note what the request says of its length; the fields before the file are still read."""
        assert self.request is not None
        declared = str(self.request.META.get("CONTENT_LENGTH") or 0)
        spare = 2**20  # for what else is in the request
        too_large = declared.isdecimal() and int(declared) > settings.MAX_UPLOAD_MB * 2**20 + spare
        self.received = int(declared) if too_large else 0

    def receive_data_chunk(self, raw_data: bytes, _start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > settings.MAX_UPLOAD_MB * 2**20:
            self._stop()
        return raw_data

    def file_complete(self, _size: int) -> None:
        return None

    def _stop(self) -> None:
        assert self.request is not None
        self.request.META["tq.upload_too_large"] = True
        raise StopUpload(connection_reset=True)


def refuse_if_stopped(request: HttpRequest) -> None:
    if request.META.get("tq.upload_too_large"):
        raise too_large_to_receive()


def receive(file: File[bytes], name: str, owner: str, address: str) -> Sample:
    """Keep an uploaded file and queue its inspection.

    Raises
    ------
    Refusal
        413 too large, 415 not a format that is read here, 422 empty, damaged or declaring too many pixels, 429 quota.
    """
    size = file.size or 0
    if size > settings.MAX_UPLOAD_MB * 2**20:
        raise too_large_to_receive()
    if size == 0:
        raise Refusal(
            422, "empty", "The file is empty.", "Choose the file again; it may not have been copied completely."
        )
    stream = file.open("rb")
    kind = sniffing.kind(stream)
    sniffing.check_declared(stream, kind, size)
    sample = _draft(owner, address, filenames.shown(name), size)
    try:
        stream.seek(0)
        sample.kind, sample.sha256 = kind, hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        default_storage.save(sample.file, file)
        lifecycle.receive(sample, _inspection(sample))
    except BaseException:
        tidying.remove_sample(sample)
        raise
    return Sample.objects.get(pk=sample.pk)


def receive_bundled(path: Path, owner: str, address: str) -> Sample:
    """Keep a copy of a tool's own example image, by the same road as an upload."""
    with path.open("rb") as stream:
        return receive(File(stream, name=path.name), path.name, owner, address)


def keep_until() -> Any:
    return Now() + timedelta(hours=settings.KEEP_HOURS)


def too_large_to_receive() -> Refusal:
    sentence = f"The file is larger than {settings.MAX_UPLOAD_MB} MB, the most that can be uploaded here."
    return Refusal(413, "too_large", sentence, "Save a crop, fewer planes or one channel, and upload that.")


def _draft(owner: str, address: str, name: str, size: int) -> Sample:
    """Insert the row before there is a file, so that no file is ever without a row."""
    with transaction.atomic():
        quotas.admit_upload(owner, address, size)
        return Sample.objects.create(owner=owner, address=address, name=name, size=size, delete_after=keep_until())


def _inspection(sample: Sample) -> Job:
    return Job(
        kind=Job.Kind.INSPECT,
        sample=sample,
        owner=sample.owner,
        address=sample.address,
        key=f"inspect {sample.pk}",
        delete_after=keep_until(),
    )
