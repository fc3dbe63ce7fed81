//! HCL: bodies of blocks and attributes, and every kind of expression.

use std::fmt::Write as _;

use super::NAMES;
use crate::random::Random;

/// What HCL is made of, for damaging it.
pub const WORDS: &[&str] = &[
    "resource \"aws_instance\" \"a\" {\n",
    "variable \"v\" {\n",
    "dynamic \"ingress\" {\n",
    "for_each = ",
    "count = ",
    "for x in ",
    "for k, v in ",
    " if ",
    " : ",
    " => ",
    "...",
    "<<EOT\n",
    "<<-EOT\n",
    "EOT\n",
    "${",
    "%{ if a }",
    "%{ else }",
    "%{ endif }",
    "%{ for x in y }",
    "%{ endfor ~}",
    "$${",
    "[*]",
    ".*",
    ".0",
    "[0]",
    "\"",
    "\\u00e9",
    "\\n",
    " ? ",
    "true",
    "null",
    "1.5e3",
    "provider::a::f(",
    "f(",
    "var.a",
    "each.value",
    "==",
    "!=",
    "&&",
    "||",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "<=",
    "# c\n",
    "/* c */",
    "}\n",
    "{\n",
    "]",
    ")",
];

const FUNCTIONS: &[&str] =
    &["length", "merge", "lookup", "join", "format", "cidrsubnet", "toset", "jsonencode", "provider::aws::arn_parse"];
const FIELDS: &[&str] =
    &["name", "vpc_id", "subnet_ids", "cidr_blocks", "from_port", "encrypted", "tags", "policy", "enabled", "instance-type"];
const TYPES: &[&str] =
    &["aws_instance", "aws_security_group", "aws_s3_bucket", "google_compute_instance", "azurerm_linux_virtual_machine"];
const BLOCKS: &[&str] = &["ingress", "egress", "root_block_device", "metadata_options", "lifecycle", "timeouts"];

/// A file of at least this many bytes.
#[must_use]
pub fn file(random: &mut Random, least: usize) -> String {
    let mut out = String::with_capacity(least + 1024);
    let mut number = 0;
    while out.len() < least {
        number += 1;
        top(random, number, &mut out);
    }
    out
}

fn top(random: &mut Random, number: usize, out: &mut String) {
    if random.percent(30) {
        let _ = writeln!(out, "# What follows is number {number}.");
    }
    let name = random.pick(NAMES);
    let _ = match random.below(10) {
        0 => writeln!(out, "variable \"{name}_{number}\" {{"),
        1 => writeln!(out, "locals {{"),
        2 => writeln!(out, "data {} {name}_{number} {{", random.pick(TYPES)),
        3 => writeln!(out, "module \"{name}_{number}\" {{"),
        _ => writeln!(out, "resource \"{}\" \"{name}_{number}\" {{", random.pick(TYPES)),
    };
    body(random, 1, out);
    out.push_str("}\n\n");
}

fn body(random: &mut Random, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for at in 0..1 + random.below(7) {
        if depth < 4 && random.percent(15) {
            let _ = match random.below(4) {
                0 => writeln!(out, "{indent}dynamic \"{}\" {{", random.pick(BLOCKS)),
                1 => {
                    let _ = write!(out, "{indent}{} {{ name = ", random.pick(BLOCKS));
                    expression(random, 3, out);
                    out.push_str(" }\n");
                    continue;
                }
                2 => {
                    let _ = writeln!(out, "{indent}{} {{}}", random.pick(BLOCKS));
                    continue;
                }
                _ => writeln!(out, "{indent}{} {{", random.pick(BLOCKS)),
            };
            body(random, depth + 1, out);
            let _ = writeln!(out, "{indent}}}");
            continue;
        }
        // The number keeps names apart: the same attribute twice is an error.
        let _ = write!(out, "{indent}{}{at} = ", random.pick(FIELDS));
        if random.percent(5) {
            heredoc(random, &indent, out);
            out.push('\n');
            continue;
        }
        expression(random, 0, out);
        out.push_str(match random.below(12) {
            0 => " # why\n",
            1 => " // why\n",
            2 => " /* why */\n",
            _ => "\n",
        });
    }
}

fn heredoc(random: &mut Random, indent: &str, out: &mut String) {
    let flush = random.percent(60);
    let _ = writeln!(out, "<<{}EOT", if flush { "-" } else { "" });
    for _ in 0..1 + random.below(5) {
        let _ = write!(out, "{indent}  text {} ", random.pick(NAMES));
        if random.percent(40) {
            template_hole(random, 3, out);
        }
        out.push('\n');
    }
    let _ = write!(out, "{}EOT", if flush { indent } else { "" });
}

fn template_hole(random: &mut Random, depth: usize, out: &mut String) {
    match random.below(6) {
        0 => {
            out.push_str("%{ if ");
            expression(random, depth + 2, out);
            out.push_str(" ~}yes%{ else }no%{ endif }");
        }
        1 => {
            out.push_str("%{ for x in ");
            expression(random, depth + 2, out);
            out.push_str(" }${x}%{ endfor }");
        }
        2 => out.push_str("$${kept}"),
        _ => {
            out.push_str("${");
            expression(random, depth + 1, out);
            out.push('}');
        }
    }
}

/// One expression; `depth` is how deep it stands already.
pub fn expression(random: &mut Random, depth: usize, out: &mut String) {
    if depth >= 4 || random.percent(45) {
        return leaf(random, out);
    }
    let deeper = depth + 1;
    match random.below(13) {
        0 => {
            let open = random.percent(50);
            out.push_str(if open { "[\n" } else { "[" });
            separated(random, deeper, if open { ",\n" } else { ", " }, out);
            out.push_str(if open { ",\n]" } else { "]" });
        }
        1 => {
            out.push_str("{\n");
            for at in 0..1 + random.below(4) {
                let _ = match random.below(4) {
                    0 => write!(out, "\"{}/{at}\" = ", random.pick(NAMES)),
                    1 => write!(out, "(var.{}_{at}) = ", random.pick(NAMES)),
                    2 => write!(out, "{}{at} : ", random.pick(NAMES)),
                    _ => write!(out, "{}{at} = ", random.pick(NAMES)),
                };
                expression(random, deeper, out);
                out.push_str(if random.percent(30) { ",\n" } else { "\n" });
            }
            out.push('}');
        }
        2 => {
            let _ = write!(out, "{}(", random.pick(FUNCTIONS));
            separated(random, deeper, ", ", out);
            out.push_str(if random.percent(10) { "...)" } else { ")" });
        }
        3 => {
            expression(random, 4, out);
            out.push_str(" ? ");
            expression(random, deeper, out);
            out.push_str(" : ");
            expression(random, deeper, out);
        }
        4 => {
            expression(random, deeper.max(3), out);
            let _ = write!(out, " {} ", random.pick(&["+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||"]));
            expression(random, deeper.max(3), out);
        }
        5 => {
            out.push_str(random.pick(&["!", "-"]));
            expression(random, 4, out);
        }
        6 => {
            out.push('(');
            expression(random, deeper, out);
            out.push(')');
        }
        7 => {
            out.push_str("[for x in ");
            expression(random, deeper, out);
            out.push_str(" : ");
            expression(random, deeper, out);
            out.push_str(if random.percent(40) { " if x != null]" } else { "]" });
        }
        8 => {
            out.push_str("{ for k, v in ");
            expression(random, deeper, out);
            out.push_str(" : k => ");
            expression(random, deeper, out);
            out.push_str(if random.percent(30) { "... }" } else { " }" });
        }
        9 => out.push_str(random.pick(&[
            "aws_instance.web[0].id",
            "aws_instance.web[*].id",
            "var.list.*.name",
            "module.a[\"b\"].c",
            "data.a.b.c[each.key].d",
            "local.x.0.y",
        ])),
        _ => {
            out.push('"');
            for _ in 0..1 + random.below(3) {
                let _ = write!(out, "{}-", random.pick(NAMES));
                template_hole(random, depth, out);
            }
            out.push('"');
        }
    }
}

fn separated(random: &mut Random, depth: usize, separator: &str, out: &mut String) {
    for at in 0..1 + random.below(4) {
        if at > 0 {
            out.push_str(separator);
        }
        expression(random, depth, out);
    }
}

fn leaf(random: &mut Random, out: &mut String) {
    let _ = match random.below(9) {
        0 => write!(out, "{}", random.below(70_000)),
        1 => write!(out, "{}.{}", random.below(100), random.below(100)),
        2 => write!(out, "{}", random.percent(50)),
        3 => write!(out, "null"),
        4 => write!(out, "var.{}", random.pick(NAMES)),
        5 => write!(out, "local.{}", random.pick(NAMES)),
        6 => write!(out, "\"10.{}.0.0/16\"", random.below(256)),
        7 => write!(out, "\"ünï \\\"{}\\\"\\n\"", random.pick(NAMES)),
        _ => write!(out, "\"{}\"", random.pick(NAMES)),
    };
}
