"""``neurorebit completion``: what a shell completes, taken from the options themselves."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from neurorebit.commands import options
from neurorebit.schema import paths

EXAMPLES = (
    "neurorebit completion bash > ~/.local/share/bash-completion/completions/neurorebit",
    "neurorebit completion zsh >> ~/.zshrc",
)
SHELLS = {"bash": "", "zsh": "autoload -U +X bashcompinit && bashcompinit\n"}  # what comes first
SCRIPT = """\
_neurorebit() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words=
    case "$COMP_CWORD ${{COMP_WORDS[1]}} $before" in
        1\\ *) words="{commands}" ;;
{cases}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current") $(compgen -f -- "$current"))
}}
complete -o filenames -F _neurorebit neurorebit
"""


def add_options(parser: options.Parser) -> None:
    """Which shell."""
    parser.add_argument("shell", metavar="SHELL", choices=list(SHELLS), help=", ".join(SHELLS))


def main(asked: argparse.Namespace) -> int:
    """Print the script that a shell reads."""
    names = list(_commands(asked.parser_of([])))
    cases = (c for name in names for c in _cases(name, _commands(asked.parser_of([name]))[name]))
    script = SCRIPT.format(commands=" ".join(names), cases="\n".join(cases))
    print(SHELLS[asked.shell] + script, end="")
    return 0


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of the commands below a parser."""
    actions = parser._actions
    return dict(next(a for a in actions if isinstance(a, argparse._SubParsersAction)).choices)


def _cases(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    """The lines of a command: values of its options that are names, then options and actions."""
    known: list[str] = list(paths.names("network"))
    for action in parser._actions:
        kind = (action.option_strings or [""])[-1].removeprefix("--")
        if kind in paths.FOLDERS:
            yield _case(f"*\\ {name}\\ --{kind}", paths.names(kind))
        known += action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            known += action.choices
    yield _case(f"*\\ {name}\\ *", known)


def _case(pattern: str, words: list[str] | tuple[str, ...]) -> str:
    return f'        {pattern}) words="{" ".join(words)}" ;;'
