"""Does the sandbox hold? A quick attempt to break out of it, made before it is trusted."""

from __future__ import annotations

import json
import os
import shutil

from django.conf import settings

from analysis_runner import breakout, environments, sandbox, workplace


def broken_out() -> list[str]:
    """Return what a program inside could do and must not; empty if the sandbox holds.

    Raises
    ------
    sandbox.NoSandboxError
        If the program could not even be started, or production has no sandbox at all.
    """
    with workplace.folder() as work:
        python = environments.interpreter()
        limits = sandbox.Limits(memory_mb=256, seconds=10, output_mb=1)
        mounts = [sandbox.Mount(work / "in", "/in"), sandbox.Mount(work / "out", "/out", writable=True)]
        mounts += environments.python_mounts(python.parent.parent)
        script = work / "in" / "breakout.py"
        shutil.copyfile(breakout.__file__, script)
        where = "/in/breakout.py" if sandbox.isolated() else str(script)
        command = [str(python), where, str(settings.DATA_DIR), str(os.getpid())]
        done = sandbox.run(sandbox.Shut(command, mounts, work / "out", work / "log", limits))
        result = work / "out" / "result.json"
        if done.status != 0 or not result.exists():
            raise sandbox.NoSandboxError(f"The sandbox does not start here: {done.log.strip()[-300:] or done.stopped}")
        return list(json.loads(result.read_text()))
