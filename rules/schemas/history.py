#!/usr/bin/env python3
"""Prints the documented defaults that differ between major versions of a provider, for history.schema.

usage: history.py SOURCE PROVIDER VERSION=FOLDER…

SOURCE is what generate.py takes. Each FOLDER is an unpacked Python package of Pulumi's, which carries the documentation of PROVIDER in
one VERSION; the oldest first. A default is compared where the documentation of both versions says it in a sentence without conditions.
What comes out is a proposal: much of it is documentation that was mended, and is dropped by hand.

history.schema was made from the first and the last package of each major version. The packages do not say which release they are of;
their own major versions follow those of the providers, and the fields that they have are those of these versions:

    pulumi-aws    5.0.0, 5.43.0: AWS 4        6.0.2, 6.83.4: AWS 5       7.0.0, 7.51.1: AWS 6
    pulumi-azure  4.0.0, 4.42.0: AzureRM 2    5.0.0, 5.89.3: AzureRM 3   6.0.0, 6.40.1: AzureRM 4
    pulumi-gcp    6.0.0, 6.67.1: Google 4     7.0.0, 7.38.0: Google 5    8.0.0, 8.41.1: Google 6
                  9.0.0, 9.37.1: Google 7     10.0.0, 10.2.0: Google 8

Those of Azure AD (4, 5, 6), Docker (3, 4, 5), DigitalOcean (4), OpenStack (3, 4, 5) and vSphere (2, 3, 4) have no difference.
"""

import json
import lzma
import re
import sys
from pathlib import Path

CLASS = re.compile(
    r"^class (\w+Args)\b.*?:\n    def __init__\(__self__, \*,?\n(.*?)\):\n(?:        \"\"\"\n(.*?)\"\"\"\n)?", re.S | re.M
)
ARGUMENT = re.compile(r"^ +(\w+): (.+?)(?: = None)?,?$", re.M)
PARAMETER = re.compile(r"^        :param .+? (\w+): ", re.M)
NESTED = re.compile(r"'(?:[\w.]+\.)?(\w+Args)'")

LITERAL = r"(`[^`]*`|\"[^\"]*\"|'[^']*'|true\b|false\b|-?\d+(?:\.\d+)?(?![\w.]*\w))"
STATED = re.compile(
    r"(?:defaults? (?:value )?(?:is|to|are|of)|default(?: value)?:|default value is set to|defaulting to|default=|default)"
    r"(?: (?:the|a) (?:string|value))?\s*" + LITERAL,
    re.I,
)
CONDITION = re.compile(
    r"\b(if|when|unless|for|depend\w*|otherwise|except|whichever|in case|on|where|with|and|or|unit\w*)\b", re.I
)
# How close the names of arguments must be for a class to be a resource.
ALIKE = 0.6


def classes(folder):
    """The classes of arguments by module and name: the documentation of every argument, and its class."""
    out = {}
    for path in sorted(folder.glob("pulumi_*/**/*.py")):
        if path.name in ("outputs.py", "__init__.py") or path.name.startswith("get_"):
            continue
        module = path.relative_to(folder).parts[1:-1]
        for name, signature, text in CLASS.findall(path.read_text(encoding="utf-8")):
            arguments = {name: (NESTED.search(type_) or [None, None])[1] for name, type_ in ARGUMENT.findall(signature)}
            told = PARAMETER.split(text or "")
            told = dict(zip(told[1::2], told[2::2]))
            out[module, name] = {name: (told.get(name, ""), inner) for name, inner in arguments.items()}
    return out


def names_of(body):
    return set(body.get("a", body.get("f", {}))) | set(body.get("b", {}))


def singular(name):
    """The names that an argument may have in the provider's own schema."""
    yield name
    for end, other in (("ies", "y"), ("es", ""), ("s", "")):
        if name.endswith(end):
            yield name[: -len(end)] + other


def own_name(name, names):
    return next((known for known in singular(name) if known in names), None)


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def resources(table, known):
    """Class of every resource type: the one whose name ends alike and whose arguments are the same."""
    by_end = {}
    for module, name in known:
        base = re.sub(r"V\d$", "", name.removesuffix("Args"))
        by_end.setdefault(snake(base).replace("_", ""), []).append((module, name))
    out = {}
    for type_, body in table["res"].items():
        names = {name for name in names_of(body) if body.get("a", {}).get(name, {}).get("m") != "c"} - {"id", "timeouts"}
        # OpenStack's resources end with the version of its interface.
        words = re.sub(r"_v\d$", "", type_).split("_")[1:]
        ends = ["".join(words[at:]) for at in range(len(words))]
        best = (ALIKE, None)
        for end in ends:
            for key in by_end.get(end, []):
                found = {own_name(name, names) or name for name in known[key]}
                score = len(found & names) / max(1, len(found | names) if len(found) > 2 else 99)
                best = max(best, (score + len(end) / 1000, key), key=lambda row: row[0])
        if best[1]:
            out[type_] = best[1]
    return out


def default_of(text, type_):
    """The default that a text states without a condition."""
    text = re.split(r"\n\s*\n", text)[0]
    text = " ".join(text.split())
    found = list(STATED.finditer(text))
    if len(found) != 1 or len(re.findall("default", text.replace(found[0][1], ""), re.I)) != 1:
        return None
    rest = re.split(r"\.(?: |$)", text[found[0].end() :])[0]
    before = re.split(r"\. ", text[: found[0].start()])[-1]
    if CONDITION.search(rest) or re.search(r"\b(if|when|unless|where)\b", before, re.I):
        return None
    literal = found[0][1].strip("`\"'")
    try:
        if type_ == "bool":
            return {"true": True, "false": False}.get(literal.lower())
        if type_ == "number":
            return float(literal) if "." in literal else int(literal)
    except ValueError:
        return None
    return literal if type_ == "string" else None


def facts(table, known):
    """Documented defaults by resource and path."""
    out = {}

    def walk(path, key, body, depth):
        if depth > 6 or key not in known:
            return
        names = names_of(body)
        for name, (text, inner) in known[key].items():
            own = own_name(name, names)
            if own is None:
                continue
            attribute = body.get("a", body.get("f", {})).get(own, {})
            if "t" in attribute and attribute["m"] != "c":
                out[(*path, own)] = (default_of(text, attribute["t"]), " ".join(text.split()))
            deeper = body.get("b", {}).get(own) or (attribute if "f" in attribute else None)
            if inner and deeper:
                module = next((module for module in (key[0], ()) if (module, inner) in known), None)
                walk((*path, own), (module, inner), deeper, depth + 1)

    for type_, key in resources(table, known).items():
        walk((type_,), key, table["res"][type_], 0)
    return out


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    with lzma.open(Path(sys.argv[1]) / f"tf-{sys.argv[2]}.json.xz") as file:
        table = json.load(file)
    versions = []
    for argument in sys.argv[3:]:
        version, folder = argument.split("=", 1)
        versions.append((version, facts(table, classes(Path(folder)))))
        print(version, len(versions[-1][1]), sum(1 for row in versions[-1][1].values() if row[0] is not None), file=sys.stderr)
    for path in sorted({path for _, all_ in versions for path in all_}):
        told = [(version, *all_[path]) for version, all_ in versions if path in all_ and all_[path][0] is not None]
        if len({json.dumps(row[1]).lower() for row in told}) > 1:
            print(".".join(path))
            for version, value, text in told:
                print(f"    {version}: {json.dumps(value)}    {text[:160]}")


if __name__ == "__main__":
    main()
