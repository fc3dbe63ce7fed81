//! Rule pages, against the schema of the page target.

use crate::random::Random;

/// What headers are made of, for damaging pages.
pub const WORDS: &[&str] = &[
    "severity = high\n",
    "profile = strict\n",
    "on = thing\n",
    "on \"thing\" {\n",
    "each = part\n",
    "when = ",
    "unless = ",
    "forbid = ",
    "require = ",
    "message = \"${name}\"\n",
    "fix = ",
    "params = {\n",
    "at = name\n",
    "default = true\n",
    "tags = [\"a:b\"]\n",
    "peers = [\"trivy:A\"]\n",
    "value = name\n",
    "any(part, value == \"a\")",
    "all(tags, _ == \"a\")",
    "exists(part)",
    "covers(ports, 22)",
    "internet(sources)",
    "matches(name, \"^a\")",
    "```",
    "```rule\n",
    "```terraform\n",
    "# finding\n",
    "## Bad\n",
    "## Good\n",
    "title=\"a.tf\"",
    "&&",
    "||",
    "!",
    "==",
    "in",
    "\"(((\"",
];

/// Keys with values that fit the schema, more or less.
const KEYS: &[&str] = &[
    "on = thing",
    "on = aws_thing",
    "each = part",
    "each = ingress",
    "when = open",
    "unless = count > 3",
    "forbid = open",
    "forbid = open == true && name != \"a\"",
    "require = count >= 2",
    "forbid = covers(ports, 22) && internet(sources)",
    "forbid = matches(name, \"^a.*\")",
    "require = any(part, value == \"b\")",
    "message = \"`${name}` is open\"",
    "profile = recommended",
    "profile = strict",
    "tags = [\"cis-aws:5.2\"]",
    "peers = [\"trivy:AWS-0107\"]",
    "params = { least = 3 }",
    "at = name",
    "default = false",
    "value = name",
];

/// A page; its header need not be valid.
#[must_use]
pub fn page(random: &mut Random) -> String {
    let mut header = String::from("severity = critical\n");
    for _ in 0..2 + random.below(6) {
        header.push_str(random.pick(KEYS));
        header.push('\n');
    }
    format!(
        "# Something is open\n\n```rule\n{header}```\n\nIt should not be.\n\n## Bad\n\n```terraform\nresource \"aws_thing\" \"a\" {{\n  size = 2 # finding\n}}\n```\n\n## Good\n\n```terraform \
         title=\"main.tf\"\nresource \"aws_thing\" \"a\" {{}}\n```\n"
    )
}
