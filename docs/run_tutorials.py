"""Run the tutorials as they are written: python docs/run_tutorials.py [--write] [PAGE ...]

Each page has a folder and a store of runs of its own. Of its blocks,

    ```python   are run one after the other, as one program,
    ```sh       are run by the shell, in the page's folder,
    ```yaml     begin with "# NAME", the file they are written to,
    ```text     are what the block before them has printed. A line "..." stands for lines left out.

Numbers may differ by 5 %, for they rest on models that grow, and shares by 3 % of the whole. With
--write the text blocks get what was printed. Exit 1 where a page says something else than happens.
"""

import argparse
import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from math import isclose
from pathlib import Path

HERE = Path(__file__).resolve().parent
BLOCK = re.compile(r"^```(python|sh|yaml|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?)( ?%)?")
RULE = re.compile(r"-{3,}")
LEFT_OUT = "..."
TOLERANCE = 0.05
POINTS = 3.0  # which shares in percent may differ by, too: chance decides about single images


def visible(expected: str, printed: str) -> str:
    """Of what was printed, what the page shows: without the lines that it leaves out."""
    lines, output = expected.splitlines(), printed.strip("\n").splitlines()
    output = [line.rstrip() for line in output]
    if LEFT_OUT not in lines:
        return "\n".join(output)
    above = lines.index(LEFT_OUT)
    below = len(lines) - above - 1
    return "\n".join([*output[:above], LEFT_OUT, *output[len(output) - below :]])


def agrees(expected: str, shown: str) -> bool:
    """Whether both say the same, blanks and small differences of numbers aside."""
    texts = [RULE.sub("---", NUMBER.sub("#", text)).split() for text in (expected, shown)]
    if texts[0] != texts[1]:
        return False
    pairs = zip(NUMBER.findall(expected), NUMBER.findall(shown), strict=True)
    return all(
        isclose(
            float(one.replace(",", "")),
            float(other.replace(",", "")),
            rel_tol=TOLERANCE,
            abs_tol=POINTS if percent else 0.0,
        )
        for (one, percent), (other, _) in pairs
    )


def shell(commands: str) -> str:
    """What commands print; their failure is an error."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def python(code: str, names: dict[str, object]) -> str:
    """What a program prints."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(compile(code, "<tutorial>", "exec"), names)
    return output.getvalue()


def run(text: str, write: bool) -> tuple[str, list[str]]:
    """The page as it should be, and what is wrong with it as it is; in the present folder."""
    names: dict[str, object] = {"__name__": "__main__"}
    printed = ""
    problems: list[str] = []
    parts: list[str] = []
    at = 0
    for block in BLOCK.finditer(text):
        kind, content = block.groups()
        line = text.count("\n", 0, block.start()) + 1
        if kind == "text":
            shown = visible(content, printed)
            if not agrees(content, shown):
                problems.append(f"line {line}: printed was\n{shown}")
                content = shown + "\n" if write else content
        elif kind == "yaml":
            Path(content.split(maxsplit=2)[1]).write_text(content.partition("\n")[2])
        else:
            try:
                printed = shell(content) if kind == "sh" else python(content, names)
            except Exception as problem:  # a page may hold anything
                problems.append(f"line {line}: {type(problem).__name__}: {problem}")
                break
        parts += text[at : block.start()], f"```{kind}\n{content}```"
        at = block.end()
    return "".join(parts) + text[at:], problems


def prepare(folder: Path) -> None:
    """A command ``neurorebit`` of this Python, a store of runs, and no data but the page's own."""
    command = folder / ".bin" / "neurorebit"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m neurorebit "$@"\n')
    command.chmod(0o755)
    os.environ["PATH"] = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    os.environ["NEUROREBIT_STORE"] = str(folder / ".bin" / "runs.sqlite")
    os.environ.pop("NEUROREBIT_DATA", None)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="run the tutorials as they are written")
    parser.add_argument("--write", action="store_true", help="write what was printed to the pages")
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE", help="(all)")
    options = parser.parse_args(arguments)
    pages = options.pages or [
        page for page in sorted((HERE / "tutorials").glob("*.md")) if page.stem != "index"
    ]
    wrong = 0
    for page in [page.resolve() for page in pages]:
        text = page.read_text()
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            prepare(Path(folder))
            new, problems = run(text, options.write)
        if options.write and new != text:
            page.write_text(new)
        for problem in problems:
            sys.stderr.write(f"{page.name}, {problem}\n")
        wrong += bool(problems)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
