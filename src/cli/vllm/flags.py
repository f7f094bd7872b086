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


def describe(action: argparse.Action) -> dict:
    flag = {"flags": list(action.option_strings), "takes": takes(action)}
    if action.choices is not None:
        flag["choices"] = sorted(str(choice) for choice in action.choices)
    if action.type in (int, float):
        flag["type"] = action.type.__name__
    return flag


parser = make_arg_parser(FlexibleArgumentParser())
flags = [describe(action) for action in parser._actions if action.option_strings]
flags.sort(key=lambda flag: flag["flags"])
print(json.dumps({"vllm": __version__.split("+")[0], "flags": flags}, indent=1))
