"""A stand-in for curl where there is none: just what the examples of the documentation use."""

import os
import sys
from pathlib import Path

import requests


def main(words: list[str]) -> None:
    """Send one request and print its answer; its head goes where the test makes curl put it."""
    method, address, headers, body = "GET", "", {}, None
    rest = iter(words)
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "--data-binary":
            assert next(rest) == "@-"
            body = sys.stdin.buffer.read()
        elif word != "-sS":
            address = word
    answer = requests.request(method, address, headers=headers, data=body, timeout=20)
    Path(os.environ["CURL_HOME"], "head").write_text(f"HTTP/1.1 {answer.status_code}\n")
    print(answer.text, end="")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
