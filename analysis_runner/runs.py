"""One run of one program in the sandbox: the request it gets, and what is believed of what it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from analysis_runner import environments, outputs, sandbox, workplace
from analysis_runner.calibration import calibrated
from analysis_runner.descriptions import Tool
from analysis_runner.models import Job
from analysis_runner.written import Inspection, Progress, Refused, Result, parsed

REFUSED_STATUS = 3
INSPECTION = sandbox.Limits(memory_mb=1024, seconds=60, output_mb=64, processes=128)
STOPPED = {
    "timeout": ("It was stopped after {seconds:.0f} seconds, the most this tool may take.", "Try a smaller crop."),
    "out_of_memory": ("It needed more than {memory} MB of memory, the most this tool may take.", "Try a smaller crop."),
    "output_too_large": ("It wrote more than {output} MB of results.", "Try a smaller crop."),
    "too_many_processes": ("It started more processes than a tool may.", "Quote the number of this job to us."),
}


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the columns of the job, and the files to keep."""

    state: Job.State
    facts: dict[str, Any]
    files: list[outputs.Output] = field(default_factory=list)
    wanted: bool = True


@dataclass
class Run:
    """One run about to be made in the folder `work`."""

    work: Path
    sample: Path
    still_wanted: Callable[[], bool] = lambda: True

    def tool(self, tool: Tool, request: dict[str, Any]) -> Outcome:
        """Run a tool with the parameters and the selection in `request`."""
        try:
            environment = environments.find(tool.folder)
        except environments.EnvironmentMissingError:
            return unavailable(tool.slug)
        limits = sandbox.Limits(tool.limits.memory_mb, tool.limits.seconds)
        script = self._shown(tool.folder / "run.py", "/tool/run.py")
        mounts = [sandbox.Mount(tool.folder, "/tool")]
        done = self._shut_in(environment, script, mounts, limits, request)
        return self._ended(done, limits) or self._result(tool, done)

    def inspection(self, name: str) -> Outcome:
        """Look at the sample: what it is, its axes, its size, a preview."""
        try:
            environment = environments.find(settings.TOOLS_DIR / environments.READERS)
        except environments.EnvironmentMissingError:
            return unavailable(environments.READERS)
        script = self._shown(settings.TOOLS_DIR / "_shared" / "inspect_sample.py", "/shared/inspect_sample.py")
        done = self._shut_in(environment, script, [], INSPECTION, {"tool": "", "sample": {"name": name}})
        return self._ended(done, INSPECTION, inspecting=True) or self._inspected(done)

    def progress(self) -> Progress | None:
        """Return how far the program says it is."""
        return parsed(Progress, workplace.read_output(self.work / "out", "progress.json", 4096))

    def _shown(self, path: Path, where: str) -> str:
        return where if sandbox.isolated() else str(path)

    def _shut_in(
        self,
        environment: environments.Environment,
        script: str,
        mounts: list[sandbox.Mount],
        limits: sandbox.Limits,
        request: dict[str, Any],
    ) -> sandbox.Finished:
        inside, out = self.work / "in", self.work / "out"
        request = request | {"sample": request["sample"] | {"file": self._shown(self.sample, "/in/sample")}}
        (inside / "request.json").write_text(json.dumps(request))
        (inside / "sample").touch()  # the place where the sample itself is shown
        shared = settings.TOOLS_DIR / "_shared"
        mounts = [
            *environment.mounts,
            *mounts,
            *([sandbox.Mount(shared, "/shared")] if shared.is_dir() else []),
            sandbox.Mount(inside, "/in"),
            sandbox.Mount(self.sample, "/in/sample"),
            sandbox.Mount(out, "/out", writable=True),
        ]
        variables = {
            "PYTHONPATH": self._shown(shared, "/shared"),
            "TQ_IN": self._shown(inside, "/in"),
            "TQ_OUT": self._shown(out, "/out"),
        }
        command = [str(environment.python), script]
        return sandbox.run(sandbox.Shut(command, mounts, out, self.work / "log", limits, variables), self.still_wanted)

    def _ended(self, done: sandbox.Finished, limits: sandbox.Limits, inspecting: bool = False) -> Outcome | None:
        """Return the outcome of a run that did not succeed; None of one that says it did."""
        facts = _measured(done)
        if done.stopped == "not_ours":
            return Outcome(Job.State.CANCELLED, facts, wanted=False)
        if done.status == REFUSED_STATUS:
            said = parsed(Refused, workplace.read_output(self.work / "out", "refusal.json"))
            if said:
                words = {"reason": said.code, "sentence": said.sentence, "cure": said.cure}
                return Outcome(Job.State.REFUSED, facts | words)
        reason = done.stopped or (_said_by(done.log) if done.status else "")
        if inspecting and (reason or done.status):
            return Outcome(Job.State.REFUSED, facts | _unreadable(reason))
        if reason:
            sentence, cure = STOPPED[reason]
            amounts = {"seconds": limits.seconds, "memory": limits.memory_mb, "output": limits.output_mb}
            words = {"reason": reason, "sentence": sentence.format(**amounts), "cure": cure}
            return Outcome(Job.State.FAILED, facts | words)
        return Outcome(Job.State.FAILED, facts | _tool_error()) if done.status else None

    def _result(self, tool: Tool, done: sandbox.Finished) -> Outcome:
        result = parsed(Result, workplace.read_output(self.work / "out", "result.json", 2**22))
        if result is None:
            return Outcome(Job.State.FAILED, _measured(done) | _tool_error())
        allowed = {output.name: output for output in tool.outputs}
        try:
            files = [
                outputs.take(self.work / "out", f.name, allowed[f.name].kind, f.text or allowed[f.name].text)
                for f in result.files
                if f.name in allowed
            ]
        except (workplace.UnsafeOutputError, FileNotFoundError, ValueError) as error:
            return Outcome(Job.State.FAILED, _measured(done) | _tool_error() | {"log": f"{done.log}\n{error}"})
        words = {"objects_found": result.objects, "summary": result.summary}
        found = {"measures": result.measures, "warnings": [str(w)[:400] for w in result.warnings]}
        return Outcome(Job.State.SUCCEEDED, _measured(done) | words | found, files)

    def _inspected(self, done: sandbox.Finished) -> Outcome:
        written = workplace.read_output(self.work / "out", "inspection.json", 2**22)
        facts = parsed(Inspection, written)
        if facts is None:
            return Outcome(Job.State.REFUSED, _measured(done) | _unreadable(""))
        try:
            files = [outputs.take(self.work / "out", "preview.png", "image", "")] if facts.preview else []
        except (workplace.UnsafeOutputError, FileNotFoundError, ValueError):
            files = []
        return Outcome(Job.State.SUCCEEDED, _measured(done) | {"measures": facts.model_dump()}, files)


def request(
    tool: str, parameters: Mapping[str, Any], name: str, found: Mapping[str, Any], selection: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a tool is told: its parameters, the sample's facts, and what was chosen of the sample."""
    facts = {"format": found.get("format"), "shape": found.get("shape"), **calibrated(found, selection)}
    chosen = {"channel": selection.get("channel"), "plane": selection.get("plane")}
    where = {"axes": selection.get("axes") or found.get("axes"), "series": selection.get("series") or 0}
    return {"tool": tool, "parameters": dict(parameters), "sample": {"name": name, **facts, **where, **chosen}}


def _said_by(log: str) -> str:
    """Recognise, at the end of what was printed, that a limit of the kernel was met."""
    end = log[-2000:]
    if "MemoryError" in end or "std::bad_alloc" in end:
        return "out_of_memory"
    return "output_too_large" if "[Errno 27]" in end or "[Errno 28]" in end else ""


def _measured(done: sandbox.Finished) -> dict[str, Any]:
    measured = {"seconds": done.seconds, "peak_mb": done.peak_mb, "isolation": done.isolation}
    return measured | {"log": done.log[-4000:]}


def _tool_error() -> dict[str, str]:
    return {
        "reason": "tool_error",
        "sentence": "The tool stopped unexpectedly.",
        "cure": "Try another channel or a smaller crop. If it happens again, quote the number of this job to us.",
    }


def _unreadable(reason: str) -> dict[str, str]:
    if reason in ("timeout", "out_of_memory", "output_too_large"):
        return {
            "reason": "too_large",
            "sentence": "Opening this file takes more time or memory than we can give it.",
            "cure": "Save a crop or a single plane as TIFF and upload that.",
        }
    return {
        "reason": "malformed",
        "sentence": "This file could not be read: it is damaged, or not what its first bytes say.",
        "cure": "Open it in the program that made it and save it again as TIFF or PNG.",
    }


def unavailable(slug: str) -> Outcome:
    words = {
        "reason": "tool_unavailable",
        "sentence": "This tool is not set up on the computer that should run it.",
        "cure": f"Whoever runs this site can set it up with: manage.py build_tools {slug}",
    }
    return Outcome(Job.State.FAILED, words)
