"""Prints the flags of the installed vLLM's `serve` command as the JSON that `llmisvc lint` and the local model server read.

Run with the Python of an environment that has vLLM: python flags.py > flags.json
"""

import argparse
import contextlib
import io
import json

with contextlib.redirect_stdout(io.StringIO()):
    from vllm import __version__
    from vllm.entrypoints.launchers.cli_args import make_arg_parser
    from vllm.utils.argparse_utils import FlexibleArgumentParser


def takes(action: argparse.Action) -> str:
    if action.nargs == 0 or isinstance(action, argparse.BooleanOptionalAction):
        return "none"
    if action.nargs in ("+", "*"):
        return "list" if action.nargs == "+" else "any"
    return "optional" if action.nargs == "?" else "one"


def number(parse) -> str | None:
    """The kind of number that a flag takes, seen from what its parser does; None for everything else."""

    def parsed(text: str):
        try:
            return parse(text)
        except Exception:
            return ...

    if parse is None or parsed("{}") is not ...:
        return None
    if type(parsed("7")) is int:
        return "auto" if parsed("auto") is not ... else "human" if parsed("32k") is not ... else "int"
    return "float" if type(parsed("7")) is float else None


def accepts_none(parse) -> bool:
    try:
        return parse("None") is None
    except Exception:
        return False


def describe(action: argparse.Action) -> dict:
    flag = {"flags": list(action.option_strings), "takes": takes(action)}
    if action.choices is not None:
        flag["choices"] = sorted(str(choice) for choice in action.choices)
    if (kind := number(action.type)) is not None:
        flag["type"] = kind
        if accepts_none(action.type):
            flag["none"] = True
    return flag


parser = make_arg_parser(FlexibleArgumentParser())
flags = [describe(action) for action in parser._actions if action.option_strings]
flags.sort(key=lambda flag: flag["flags"])
print(json.dumps({"vllm": __version__.split("+")[0], "flags": flags}, indent=1))
