#!/usr/bin/env python3
"""Writes the generated .schema files beside this script, from tables of facts about providers and Kubernetes.

usage: generate.py SOURCE

SOURCE holds the tables `tf-PROVIDER.json.xz` and `k8s-fields.json.xz`. Kept are the names, types and nesting of what can be set, and
those defaults that are certain. The format is described in rules/language/schema.rs. Files that this script does not name are
written by hand.
"""

import json
import lzma
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WIDTH = 130
DEPTH = 6  # blocks below this are not spelled out

# File, its providers, whether their data sources are kept.
FILES = [
    ("aws", ["aws"], True),
    ("azuread", ["azuread"], False),
    ("azurerm", ["azurerm"], True),
    ("digitalocean", ["digitalocean"], False),
    ("docker", ["docker"], False),
    ("google", ["google"], True),
    ("hcloud", ["hcloud"], False),
    ("helm", ["helm"], False),
    ("kubernetes", ["kubernetes"], False),
    ("libvirt", ["libvirt"], False),
    ("openstack", ["openstack"], False),
    ("proxmox", ["proxmox"], False),
    ("utilities", ["archive", "cloudinit", "external", "http", "local", "null", "random", "time", "tls"], True),
    ("vsphere", ["vsphere"], False),
]

# What only the provider sets is dropped, save what references go by. `id` is a field of every resource.
KEPT_COMPUTED = {"arn", "name", "self_link"}

# The tables cannot tell how often a block of a provider may be written; these may be repeated.
REPEATED_IN_PROVIDERS = {"assume_role", "endpoints", "node", "registry_auth"}


def load(source, name):
    with lzma.open(source / name) as file:
        return json.load(file)


def default_of(attribute):
    """` = JSON`, where the default is certain."""
    if attribute.get("q") != "h" or "D" not in attribute:
        return ""
    value = attribute["D"]
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value)):
        return ""
    base = attribute["t"]
    fits = {"string": str, "bool": bool, "number": (int, float)}.get(base, list)
    if not isinstance(value, fits) or (base == "number" and isinstance(value, bool)):
        return ""
    return " = " + json.dumps(value, ensure_ascii=False)


def body_lines(body, depth, top):
    """The lines of a Terraform body, without the indentation of their owner."""
    plain = {}
    single = []
    nested = []
    for name, attribute in body.get("a", {}).items():
        mode = attribute["m"]
        if name == "id" and top:
            continue
        if mode == "c" and not (top and name in KEPT_COMPUTED):
            continue
        type_ = attribute["t"]
        fact = default_of(attribute)
        # Documented for a newer release, so that either spelling may be right.
        if attribute.get("p") and "alt" in attribute:
            fact += f" renamed({attribute['alt']})"
        if "object" in type_:
            fields = {"a": attribute.get("f", {})}
            nested.append((name, type_, fields, not attribute.get("f"), fact.replace(default_of(attribute), "")))
        elif fact:
            single.append(f"{name} {type_}{fact}")
        else:
            plain.setdefault(type_, []).append(name)
    for name, block in body.get("b", {}).items():
        if block.get("c") or (name == "timeouts" and top):
            continue
        once = block["n"] == "single" or block.get("max") == 1
        type_ = "map(object)" if block["n"] == "map" else "block" if once else "block*"
        fact = f" renamed({block['alt']})" if block.get("p") and "alt" in block else ""
        nested.append((name, type_, block, bool(block.get("any")), fact))
    lines = []
    for type_ in sorted(plain):
        lines += wrapped(sorted(plain[type_]), type_)
    lines += sorted(single)
    for name, type_, inner, dynamic, fact in sorted(nested, key=lambda row: row[0]):
        cut = depth >= DEPTH
        dynamic = dynamic or cut
        lines.append(f"{name} {type_}{' dynamic' if dynamic else ''}{fact}")
        if not cut:
            lines += ["  " + line for line in body_lines(inner, depth + 1, False)]
    return lines


def wrapped(names, type_):
    """`a, b, c TYPE`, on as many lines as it takes."""
    lines = []
    line = ""
    for name in names:
        if line and len(line) + len(name) + len(type_) + 3 > WIDTH - 8:
            lines.append(f"{line} {type_}")
            line = ""
        line = f"{line}, {name}" if line else name
    return [*lines, f"{line} {type_}"]


def provider_text(tables, with_data):
    out = []
    for table in tables:
        title = table["source"] + (f" {table['version']}" if table["version"] else "")
        out.append(f"# {title}")
        config = table.get("cfg")
        if config:
            once(config)
            out += declared(f"provider {table['provider']}", config)
        for name in sorted(table["res"]):
            out += declared(f"resource {name}", table["res"][name])
        if with_data:
            for name in sorted(table["dat"]):
                out += declared(f"data {name}", table["dat"][name])
    return out


def once(config):
    """Makes the blocks of a provider single, save those that are known to be repeated."""
    for name, block in config.get("b", {}).items():
        if name not in REPEATED_IN_PROVIDERS:
            block["max"] = 1
        once(block)


def with_removed(table, removed):
    """Adds to a table what the provider's last major release had and the newest has not."""
    for kind in ("res", "dat"):
        for type_, paths in removed[kind].items():
            if paths == 1:
                table[kind][type_] = {"a": {}, "any": 1}
                continue
            for path, fact in paths.items():
                *owners, name = path.split(".")
                body = table[kind][type_]
                for owner in owners:
                    body = inside(body, owner)
                if body is None or fact.get("m") == "c":
                    continue
                if "n" in fact:
                    body.setdefault("b", {}).setdefault(name, {"a": {}, "any": 1, **fact})
                    continue
                attributes = body.get("a", body.get("f", {}))
                new = renamed(name)
                if new in attributes and attributes[new]["t"] == fact.get("t"):
                    attributes[new].update(p=1, alt=name)
                elif fact.get("now") == "c" and name in attributes:
                    attributes[name]["m"] = "o"
                elif name not in body.get("b", {}) and "t" in fact:
                    attributes.setdefault(name, {k: v for k, v in fact.items() if k in ("m", "t", "f")})


def inside(body, name):
    """A block, or an attribute's fields; nothing where neither is there any more."""
    return body and (body.get("b", {}).get(name) or body.get("a", body.get("f", {})).get(name))


def renamed(name):
    """AzureRM 4 turned `enable_x` into `x_enabled`."""
    return name.removeprefix("enable_") + "_enabled" if name.startswith("enable_") else ""


def declared(header, body):
    return [header + (" dynamic" if body.get("any") else "")] + ["  " + line for line in body_lines(body, 1, True)]


# Kubernetes

WORDS = {
    "string": "string",
    "int": "number",
    "number": "number",
    "bool": "bool",
    "time": "string",
    "bytes": "string",
    "quantity": "quantity",
    "intstr": "any",
    "object": "object dynamic",
    "any": "any",
}

# What only the cluster writes.
NOT_WRITTEN = {"status", "managedFields"}


def kubernetes_type(type_, inner=False):
    if type_.startswith("["):
        return f"[{kubernetes_type(type_[1:-1], True)}]"
    if type_.startswith("{"):
        return f"map({kubernetes_type(type_[1:-1], True)})"
    if type_.startswith("@"):
        return type_
    return "any" if inner and type_ == "object" else WORDS[type_]


def referred(type_):
    name = type_.strip("[]{}")
    return name[1:] if name.startswith("@") else None


def rank(version):
    """Stable before beta before alpha, newer before older."""
    name = version.split("/")[-2]
    stage = 0 if "alpha" in name else 1 if "beta" in name else 2
    digits = "".join(c if c.isdigit() else " " for c in name).split()
    core = "." not in version.split("/")[0]
    return (stage, [int(digit) for digit in digits], core)


def kubernetes_text(table):
    types = table["types"]
    best = {}
    for path in sorted(table["kinds"]):
        kind = path.split("/")[-1]
        if kind.endswith("List") or kind == "Patch":
            continue
        if kind not in best or rank(path) > rank(best[kind]):
            best[kind] = path
    out = [f"# Kubernetes {table['version']}: the newest version of every kind, and the types that they use."]
    reached = set()
    todo = []
    for kind in sorted(best):
        name = table["kinds"][best[kind]]
        out.append(f"kind {kind} = @{name}")
        todo.append(name)
    while todo:
        name = todo.pop()
        if name in reached:
            continue
        reached.add(name)
        for field, fact in types[name].get("f", {}).items():
            if field in NOT_WRITTEN:
                continue
            target = referred(fact if isinstance(fact, str) else fact["t"])
            if target:
                todo.append(target)
    for name in sorted(reached):
        if "f" in types[name]:
            out.append(f"type {name}")
            out += ["  " + line for line in kubernetes_fields(types[name]["f"])]
        elif types[name]["t"] == "object":
            out.append(f"type {name} dynamic")
        else:
            out.append(f"type {name} = {kubernetes_type(types[name]['t'])}")
    return out


def kubernetes_fields(fields):
    plain = {}
    single = []
    for name, fact in fields.items():
        if name in NOT_WRITTEN:
            continue
        fact = {"t": fact} if isinstance(fact, str) else fact
        type_ = kubernetes_type(fact["t"])
        more = ""
        default = fact.get("d", fact.get("dd"))
        if default is not None and not isinstance(default, dict) and default != "":
            more += " = " + json.dumps(default, ensure_ascii=False)
        keys = fact.get("k", [])
        key = keys[0] if len(keys) == 1 else fact.get("pk")
        if key and fact["t"].startswith("[@"):
            more += f" keyed({key})"
        needed = " required" if fact.get("r") else ""
        if more or " " in type_ or "@" in type_:
            single.append(f"{name} {type_}{more}{needed}")
        else:
            plain.setdefault(type_ + needed, []).append(name)
    lines = []
    for type_ in sorted(plain):
        lines += wrapped(sorted(plain[type_]), type_)
    return lines + sorted(single)


def write(name, lines):
    text = "# Generated by generate.py; what is to be said by hand stands in other files.\n" + "\n".join(lines) + "\n"
    (HERE / f"{name}.schema").write_text(text, encoding="utf-8")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    source = Path(sys.argv[1])
    removed = load(source, "tf-removed.json.xz")
    for name, providers, with_data in FILES:
        tables = [load(source, f"tf-{provider}.json.xz") for provider in providers]
        for table in tables:
            if table["provider"] in removed:
                with_removed(table, removed[table["provider"]])
        write(name, provider_text(tables, with_data))
    write("kubernetes-types", kubernetes_text(load(source, "k8s-fields.json.xz")))


main()
