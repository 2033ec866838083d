"""Ask a launched model one question: `python ask.py BASE_URL MODEL QUESTION`.

Any OpenAI client does the same; this one needs nothing but Python.
"""

import json
import sys
import urllib.request

if len(sys.argv) != 4:
    print("usage: python ask.py BASE_URL MODEL QUESTION", file=sys.stderr)
    raise SystemExit(2)
base_url, model, question = sys.argv[1:]
request = urllib.request.Request(
    f"{base_url}/chat/completions",
    data=json.dumps({
        "model": model,
        "messages": [{"role": "user", "content": question}],
        "temperature": 0,
        "max_tokens": 64,
    }).encode(),
    headers={"Content-Type": "application/json"},
)
with urllib.request.urlopen(request, timeout=300) as reply:
    print(json.load(reply)["choices"][0]["message"]["content"].strip())
