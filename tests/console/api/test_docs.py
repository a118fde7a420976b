"""The page that documents the API: complete, offline, and every example on it works when it is pasted."""

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE, STDOUT

import pytest
import requests

from tests.console.api import curl
from tests.console.api.conftest import MakeProgram
from tests.world import World

# What the page's own story leads to, where that is not success.
END = "-- end of the answer --"
WORDS = [f"END='{END}'", 'status() { echo; head -1 "$CURL_HOME/head"; rm "$CURL_HOME/head"; }']
OTHERWISE = {
    "getLink": 404,  # its appointment is tomorrow: the link comes ten minutes before
    "resendDelivery": 409,  # it still waits: nobody listens at the address of the example
}


def examples(web: str) -> dict[str, str]:
    """The examples as a browser shows them, by the operations, in the order of the page."""
    page = requests.get(f"{web}/api/v1/docs", timeout=10).text
    found = re.findall(r'<section id="(\w+)">(?:(?!</section>).)*?<pre class="example">(.*?)</pre>', page, re.DOTALL)
    return {operation: html.unescape(example) for operation, example in found}


def operations(web: str) -> set[str]:
    """The ids of all operations."""
    paths = requests.get(f"{web}/api/v1/openapi.json", timeout=10).json()["paths"]
    return {each["operationId"] for item in paths.values() for each in item.values()}


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """The environment of a shell whose curl tells each status, and which has one in any case."""
    (tmp_path / ".curlrc").write_text(f'dump-header = "{tmp_path / "head"}"\n')
    if shutil.which("curl") is None:
        stand_in = tmp_path / "curl"
        stand_in.write_text(f'#!/bin/sh\nexec {sys.executable} {curl.__file__} "$@"\n')
        stand_in.chmod(0o755)
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CURL_HOME": str(tmp_path), "HOME": str(tmp_path)}


def test_every_example_works_when_it_is_pasted(
    web: str, world: World, program: MakeProgram, shell: dict[str, str]
) -> None:
    """In one shell, from the top of the page to its end, after the two lines that it says."""
    world.location("Somewhere Else", accounts=1)
    found = examples(web)
    assert set(found) == operations(web)
    wrong = []
    with subprocess.Popen(["bash"], env=shell, text=True, stdin=PIPE, stdout=PIPE, stderr=STDOUT) as bash:
        assert bash.stdin and bash.stdout
        print(
            "set -u",
            f"export ZOOMPOOL_URL={web}",
            f"export ZOOMPOOL_KEY={program('admin').key}",
            *WORDS,
            sep="\n",
            file=bash.stdin,
        )
        for operation, example in found.items():
            print(example, 'status; echo "$END"', sep="\n", file=bash.stdin, flush=True)
            said = "".join(iter(bash.stdout.readline, f"{END}\n"))
            if not re.search(rf"HTTP/1.1 ({OTHERWISE.get(operation, '2..')})", said):
                wrong.append(f"{example}\n{said}")
            world.notify()  # while a person reads the answer, mails leave
        bash.stdin.close()
    assert not wrong, "\n\n".join(wrong)


def test_the_page_needs_no_network_and_runs_no_script(web: str) -> None:
    """Its own style sheet is all that it may load, and all that it asks for."""
    answer = requests.get(f"{web}/api/v1/docs", timeout=10)
    policy = answer.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy and "style-src 'self'" in policy and "script" not in policy
    assert "<script" not in answer.text and "style=" not in answer.text
    assert re.findall(r'(?:src|href)="((?!#)[^"]*)"', answer.text) == ["/api/v1/docs.css", "/api/v1/openapi.json"]
    style = requests.get(f"{web}/api/v1/docs.css", timeout=10)
    assert style.headers["Content-Type"].startswith("text/css") and "url(" not in style.text


def test_every_link_on_the_page_leads_somewhere(web: str) -> None:
    """To an operation, an object or a chapter; each stands there once."""
    page = requests.get(f"{web}/api/v1/docs", timeout=10).text
    there = re.findall(r'id="(\w+)"', page)

    assert set(re.findall(r'href="#(\w+)"', page)) <= set(there)
    assert len(there) == len(set(there))


def test_the_page_names_this_installation(web: str) -> None:
    """So that the first line can be pasted, too."""
    assert f"export ZOOMPOOL_URL={web}\n" in requests.get(f"{web}/api/v1/docs", timeout=10).text
