"""What a launch would do, as plain values: the content of `launch --dry-run`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from runtime import drafting
from runtime.combination import Combination
from runtime.fetch import Options, preview, wanted_revision
from runtime.launch import Prepared, curl_line, serve_command
from runtime.local import Located
from runtime.ports import FIRST
from runtime.probe import base_url


def launch_plan(prepared: Prepared, options: Options, api_key_file: Path | None = None,
                ) -> dict[str, object]:
    """The plan; no hub is asked and nothing is written.

    Raises:
        UserError: The request does not fit the engine, or the files that are here are damaged.
    """
    combination, request = prepared.combination, prepared.request
    located = preview(combination, options)
    port = request.port or FIRST
    model = located.model if located else drafting.expected(combination)
    command = serve_command(prepared, model, port)
    return {
        "combination": combination.id,
        "source": _source(combination, located, options),
        "engine": {"name": combination.engine.name, "provider": prepared.installation.provider,
                   "version": prepared.installation.version,
                   "origin": prepared.installation.origin},
        "argv": command.argv,
        "environment": command.shown_environment(),
        "served_model_name": command.served_model_name,
        "port": request.port or f"the first free one from {FIRST}",
        "base_url": base_url(request.host, port),
        "curl": curl_line(base_url(request.host, port), command.served_model_name,
                          chat=prepared.chats, api_key_file=api_key_file),
        "notes": [*prepared.notes, *command.notes],
    }


def _source(combination: Combination, located: Located | None, options: Options,
            ) -> dict[str, object]:
    if located is not None:
        return {"hub": located.hub, "repo_id": located.repo_id, "commit": located.commit or None,
                "here": True, "files": [{"path": file.path, "size": file.size,
                                         "digest": file.digest} for file in located.files],
                **({"draft": located.draft.repo_id} if located.draft else {})}
    paths, draft = combination.expected_files, drafting.of(combination)
    return {**({"draft": draft.repo_id} if draft else {}),
            "hub": combination.hub_name if options.choosing is None else "auto",
            "repo_id": combination.repo_id, "revision": wanted_revision(combination, options),
            "here": False,
            "files": [{"path": path} for path in paths] if paths is not None
            else "the repository's configuration, tokenizer and safetensors files"}


def plan_lines(plan: dict[str, object]) -> list[str]:
    """The plan for people."""
    source, engine = plan["source"], plan["engine"]
    environment = plan["environment"]
    if not (isinstance(source, dict) and isinstance(engine, dict)
            and isinstance(environment, dict)):
        raise TypeError("not a plan of `launch_plan`")
    revision = source.get("commit") or source.get("revision")
    at = f" at {revision}" if revision else ""
    lines = [f"combination  {plan['combination']}",
             f"files        {source['hub']}: {source['repo_id']}{at}"
             f" ({'here' if source['here'] else 'to be downloaded'})"]
    listed = source["files"]
    lines += [f"             {file['path']}" for file in listed] if isinstance(
        listed, list) else [f"             {listed}"]
    lines += [f"draft model  {source['draft']}"] if "draft" in source else []
    lines += [f"engine       {engine['name']}: {engine['provider']} {engine['version']} "
              f"({engine['origin']})",
              f"port         {plan['port']}",
              f"model name   {plan['served_model_name']}",
              f"base URL     {plan['base_url']}", "command"]
    for name, value in environment.items():
        if value is not None:
            lines.append(f"  {name}={shlex.quote(str(value))} \\")
        elif name in os.environ:
            lines.append(f"  env -u {name} \\")
    argv = plan["argv"]
    lines.append("  " + shlex.join(argv if isinstance(argv, list) else []))
    lines += ["ask it", f"  {plan['curl']}"]
    notes = plan["notes"]
    lines += [f"note: {note}" for note in notes] if isinstance(notes, list) else []
    return lines
