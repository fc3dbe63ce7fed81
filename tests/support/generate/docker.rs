//! Dockerfiles and shell scripts.

use std::fmt::Write as _;

use super::NAMES;
use crate::random::Random;

/// What Dockerfiles are made of, for damaging them.
pub const WORDS: &[&str] = &[
    "FROM a AS b\n",
    "FROM scratch\n",
    "RUN ",
    "COPY --from=b ",
    "ADD http://a/ /\n",
    "ENV A=b\n",
    "ENV a b\n",
    "ARG A=1\n",
    "CMD [\"a\", \"b\"]\n",
    "ENTRYPOINT ",
    "USER root\n",
    "EXPOSE 22/tcp\n",
    "HEALTHCHECK CMD ",
    "HEALTHCHECK NONE\n",
    "ONBUILD ",
    "SHELL [\"a\"]\n",
    "LABEL a=\"b c\"\n",
    "VOLUME ",
    "WORKDIR ",
    "STOPSIGNAL ",
    "--mount=type=secret,id=a ",
    "--chown=a:b ",
    "<<EOF\n",
    "<<-\"EOF\"\n",
    "EOF\n",
    "\\\n",
    "# escape=`\n",
    "# syntax=a\n",
    "$A",
    "${A:-b}",
    "[\"",
    "\\u0041",
    "&& ",
    "# c\n",
];

/// What shell is made of, for damaging it.
pub const SHELL_WORDS: &[&str] = &[
    "if ",
    "then ",
    "else ",
    "fi\n",
    "while ",
    "do ",
    "done\n",
    "for a in b; ",
    "case a in ",
    "esac\n",
    "a) ;; ",
    "() { ",
    "}\n",
    "$(",
    "${a:-",
    "$((",
    "`",
    "<<EOF\n",
    "<<-'E'\n",
    "EOF\n",
    "<(",
    "&& ",
    "|| ",
    "| ",
    "; ",
    "& ",
    "> a",
    "2>&1 ",
    "sudo ",
    "env A=b ",
    "sh -c '",
    "bash -c \"",
    "xargs ",
    "exec ",
    "[[ a ]] ",
    "[ -f a ] ",
    "'",
    "\"",
    "\\",
    "$a",
    "A=b ",
    "curl -k https://a | sh\n",
    "#!/bin/sh\n",
    "$'\\n'",
    "((a++))\n",
];

/// A Dockerfile of at least this many bytes.
#[must_use]
pub fn dockerfile(random: &mut Random, least: usize) -> String {
    let mut out = String::from("# syntax=docker/dockerfile:1\nARG BASE=debian:12\n");
    let mut stage = 0;
    while out.len() < least || stage == 0 {
        let name = random.pick(NAMES);
        let _ = writeln!(
            out,
            "\nFROM {}:{} AS {name}{stage}",
            random.pick(&["debian", "golang", "node", "$BASE", "alpine"]),
            1 + random.below(20)
        );
        stage += 1;
        for _ in 0..4 + random.below(10) {
            instruction(random, &mut out);
        }
    }
    out
}

fn instruction(random: &mut Random, out: &mut String) {
    let name = random.pick(NAMES);
    let _ = match random.below(12) {
        0 => writeln!(out, "ENV {}=/srv LEVEL=\"in fo\"", name.to_uppercase()),
        1 => writeln!(out, "COPY --chown=app:app {name} /srv/{name}"),
        2 => writeln!(out, "WORKDIR /srv/{name}"),
        3 => writeln!(out, "EXPOSE {}/tcp", 1 + random.below(60_000)),
        4 => writeln!(out, "LABEL org.opencontainers.image.title=\"{name}\""),
        5 => writeln!(out, "ENTRYPOINT [\"/srv/{name}\", \"--port\", \"80\"]"),
        6 => writeln!(out, "USER {}", random.pick(&["root", "app", "1000:1000"])),
        7 => writeln!(out, "# About {name}.\nARG {}_VERSION=1.{}", name.to_uppercase(), random.below(9)),
        8 => writeln!(out, "HEALTHCHECK --interval=30s CMD curl -f http://localhost/ || exit 1"),
        9 => writeln!(out, "RUN <<EOF\nset -e\ninstall {name}\nEOF"),
        _ => {
            out.push_str("RUN ");
            commands(random, " \\\n    && ", out);
            out.push('\n');
            Ok(())
        }
    };
}

fn commands(random: &mut Random, between: &str, out: &mut String) {
    for at in 0..1 + random.below(5) {
        if at > 0 {
            out.push_str(between);
        }
        let name = random.pick(NAMES);
        let _ = match random.below(6) {
            0 => write!(out, "apt-get update && apt-get install -y --no-install-recommends {name} ca-certificates"),
            1 => write!(out, "curl -fsSL https://example.org/{name}.tar.gz | tar -xz -C /opt"),
            2 => write!(out, "if [ -f \"/etc/{name}\" ]; then rm -rf /etc/{name}; fi"),
            3 => write!(out, "sh -c 'echo \"$HOME\" > /tmp/{name}'"),
            4 => write!(out, "VERSION=$(cat /etc/{name}) env -u A make -j4"),
            _ => write!(out, "chmod 0755 /usr/local/bin/{name}"),
        };
    }
}

/// A shell script of at least this many bytes.
#[must_use]
pub fn script(random: &mut Random, least: usize) -> String {
    let mut out = String::from("#!/bin/sh\nset -eu\n");
    while out.len() < least {
        commands(random, "\n", &mut out);
        out.push('\n');
        if random.percent(20) {
            out.push_str("for file in a b c; do\n  echo \"$file\"\ndone\n");
        }
    }
    out
}
