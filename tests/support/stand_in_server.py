# ruff: noqa: T201
"""A server that goes wrong in ways that a real engine cannot be made to; see `stand_in.py`.

It takes llama-server's options (`--host`, `--port`, `--alias`) and a mode from $STAND_IN.
"""

import argparse
import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

if sys.argv[1:] == ["--version"]:
    print("version: 9 (stand-in)", file=sys.stderr)
    sys.exit(0)
if sys.argv[1:] == ["--help"]:
    print("-m, --model FNAME\n-a, --alias STRING\n--host HOST\n--port PORT\n-np, --parallel N\n"
          "-kvu, --kv-unified\n-c, --ctx-size N\n--jinja\n--chat-template-file FILE\n"
          "-mm, --mmproj FILE\n-md, --model-draft FILE\n-sm, --split-mode MODE\n--log-disable\n"
          "--temp N\n")
    sys.exit(0)
MODE = os.environ.get("STAND_IN", "good")
STARTED = time.monotonic()
parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument("--host")
parser.add_argument("--port", type=int)
parser.add_argument("--alias")
args, rest = parser.parse_known_args()
if "--disable-log-requests" in rest:  # as an engine does whose release took a flag away
    parser.error("unrecognized arguments: --disable-log-requests")

CHAT = {
    "good": {"content": "The capital of France is Paris."},
    "twice": {"content": "The capital of France is Paris." * 2},
    "scraps": {"content": "is.The capital of France is Paris. P of.The"},
    "thought": {"content": "<seed:think>A capital.</seed:think>\nThe capital of France is Paris."},
    "short": {"content": "4"},
    "exclamations": {"content": "!!!!!!!!!!!!"},
    "empty": {"content": ""},
    "blank": {"content": " "},
    "repeats": {"content": "the " * 64},
    "undecodable": {"content": "\ufffd\ufffd\ufffd\ufffd"},
    "reasoning": {"content": None, "reasoning": "The user asks for a capital."},
    "reasoning-content": {"content": None, "reasoning_content": "Let me think about France."},
}
TOOLS = {"able": '{"city": "Paris"}', "bad-arguments": '{"town": 3}', "deep-arguments":
         "[" * 100_000, "no-thought": '{"city": "Paris"}', "thought-in-answer": '{"city": "Paris"}'}
CHAT["able"] = {"content": "Five cents.", "reasoning_content": "Let x be the price."}
CHAT["bad-arguments"] = CHAT["deep-arguments"] = CHAT["raw-tools"] = CHAT["able"]
CHAT["thought-in-answer"] = {"content": "</think> Five.", "reasoning": "Let x be it."}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def reply(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def loading(self):
        return MODE == "late" and time.monotonic() - STARTED < 1.5

    def do_GET(self):
        if self.path == "/health":
            self.reply(503 if self.loading() else 200, {"status": "x"})
        else:
            self.reply(200, {"data": [{"id": args.alias}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.loading():
            self.reply(503, {"error": {"message": "Loading model"}})
        elif MODE == "chat-500":
            self.reply(500, {"error": {"message": "no kernel image for this device"}})
        elif MODE == "base" and "chat" in self.path:
            self.reply(400, {"error": {"message": "the model must provide a chat template"}})
        elif MODE == "chat-hangs" or (MODE == "second-hangs" and asked.get("max_tokens", 0) > 8):
            time.sleep(600)
        elif "chat" in self.path:
            message = CHAT.get(MODE, CHAT["good"])
            if asked.get("tools") and MODE in TOOLS:
                function = {"name": "get_weather", "arguments": TOOLS[MODE]}
                message = {"content": None, "tool_calls": [
                    {"id": "1", "type": "function", "function": function}]}
            self.reply(200, {"model": args.alias, "choices": [
                {"message": message, "finish_reason":
                    "length" if message["content"] is None else "stop"}]})
        else:
            self.reply(200, {"choices": [{"text": " Paris, a city", "finish_reason": "length"}]})


if MODE == "port-stolen":
    mark = Path(os.environ["BENCH_OF_TEST"]) / "stolen"
    stolen = len(mark.read_text()) if mark.exists() else 0
    if stolen < 2:  # as if another program had come first, twice
        mark.write_text("x" * (stolen + 1))
        print(f"couldn't bind HTTP server socket, hostname: {args.host}, port: {args.port}",
              file=sys.stderr)
        sys.exit(1)
if MODE == "deaf":
    mark = Path(os.environ["BENCH_OF_TEST"]) / "deaf"
    if not mark.exists():  # as if another program had listened first, and nobody told
        mark.touch()
        print(f"srv          init: listening on http://{args.host}:{args.port}", flush=True)
        time.sleep(600)
if MODE == "dies":
    time.sleep(0.3)
    print("llama_model_load: tensor 'x' data is not within the file bounds, model is corrupted "
          "or incomplete", file=sys.stderr)
    print("goodbye", file=sys.stderr)
    sys.exit(7)
if MODE == "out-of-memory":
    print("ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 9",
          file=sys.stderr)
    sys.exit(1)
if MODE == "names-its-file":
    print(f"error: cannot use {rest[rest.index('--model') + 1]}", file=sys.stderr)
    sys.exit(1)
if MODE == "never-listens":
    time.sleep(600)
if MODE == "deaf-corpse":
    print("OSError: [Errno 98] Address already in use", file=sys.stderr, flush=True)
    time.sleep(600)
if MODE == "noisy":
    line = b"x" * 1023 + b"\n"
    for _ in range(100 * 1024):
        sys.stdout.buffer.write(line)
    print("the last line", flush=True)
if MODE == "ignores-sigterm":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if MODE == "leaves-children":
    for _ in range(2):
        if os.fork() == 0:
            os.setsid()  # out of the process group, as badly behaved workers do
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(600)
ThreadingHTTPServer((args.host, args.port), Handler).serve_forever()
