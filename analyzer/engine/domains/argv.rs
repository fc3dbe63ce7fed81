//! Flags of a command line, as the command itself would read them.

use plimsoll_syntax::value::{Part, Reason, Unknown};
use plimsoll_syntax::{Kind, Value};

use crate::domains::has;

/// How a program reads its flags.
struct Style {
    /// Names of the program, without its path.
    programs: &'static str,
    /// The row is for these subcommands only; empty: for all.
    subcommands: &'static str,
    /// Short flags that take a value, attached or as the next word.
    short: &'static str,
    /// Long flags that take the next word as their value.
    long: &'static str,
    /// What else is special.
    kind: Reading,
}

/// What is special about a program's flags.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// As `getopt_long` has it.
    Usual,
    /// A word without a dash behind a flag is its value: the program takes no other words.
    Daemon,
    /// Flags with one dash are whole words (`find -name`), not bundles of letters.
    Words,
}

const fn usual(programs: &'static str, subcommands: &'static str, short: &'static str, long: &'static str) -> Style {
    Style { programs, subcommands, short, long, kind: Reading::Usual }
}

/// What holds for a program that no row names.
const OTHER: Style = usual(
    "",
    "",
    "H",
    "--host --network --net --publish --volume --user --name --mount --env --config --file --output --port --tag --label \
     --password --username --token --url --address --bind",
);

/// The first row that fits counts. From the programs' own manuals; flags that rules do not ask for are left out where they take
/// no value.
const STYLES: &[Style] = &[
    usual(
        "docker podman nerdctl buildah",
        "build buildx bud",
        "Htfmco",
        "--host --network --tag --file --build-arg --secret --ssh --target --platform --label --memory --add-host --cache-from \
         --cache-to --output --build-context --allow --annotation --builder --cgroup-parent --shm-size --ulimit --progress",
    ),
    usual(
        "docker podman nerdctl",
        "swarm network",
        "Hdo",
        "--host --context --config --listen-addr --advertise-addr --data-path-addr --data-path-port --default-addr-pool --cert-expiry \
         --external-ca --availability --token --driver --opt --subnet --gateway --ip-range --ipam-driver --ipam-opt --label --scope \
         --config-from",
    ),
    usual(
        "docker podman nerdctl",
        "",
        "Heuvpwmcahln",
        "--host --network --net --publish --volume --user --name --mount --env --env-file --label --memory --cpus --cap-add \
         --cap-drop --security-opt --pid --ipc --uts --userns --device --restart --runtime --platform --password --username \
         --log-driver --log-opt --entrypoint --workdir --hostname --dns --ulimit --tmpfs --volumes-from --add-host --pids-limit \
         --cgroupns --cgroup-parent --gpus --link --ip --context --config --log-level --driver --subnet --opt --expose --cpu-shares",
    ),
    Style {
        programs: "dockerd containerd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet etcd \
                   cloud-controller-manager coredns docker-proxy",
        subcommands: "",
        short: "HgGl",
        long: "",
        kind: Reading::Daemon,
    },
    usual(
        "curl",
        "",
        "AbcCdDeEFhHKmoPQrtTuUwxXyYz",
        "--user --header --data --output --proxy --request --cacert --cert --key --url --max-time --retry --user-agent --referer \
         --cookie --form --proxy-user --connect-timeout --resolve --upload-file --write-out --data-binary --data-raw \
         --data-urlencode --oauth2-bearer --config --netrc-file --interface --range --ciphers",
    ),
    usual(
        "wget",
        "",
        "oaeBOPtTwQUlADIXiR",
        "--output-document --output-file --directory-prefix --user --password --header --tries --timeout --user-agent --http-user \
         --http-password --post-data --input-file --ca-certificate",
    ),
    usual("apt apt-get aptitude apt-cache", "", "oct", "--option --config-file --target-release --default-release"),
    usual("apk", "", "pXt", "--repository --virtual --root --keys-dir --arch --cache-dir"),
    usual(
        "yum dnf microdnf tdnf",
        "",
        "cderRx",
        "--setopt --enablerepo --disablerepo --installroot --releasever --exclude --repo",
    ),
    usual(
        "pip pip2 pip3 uv pipx",
        "",
        "rciedft",
        "--index-url --extra-index-url --trusted-host --requirement --constraint --target --prefix --proxy --find-links --cache-dir \
         --editable --root",
    ),
    usual(
        "useradd usermod groupadd adduser addgroup",
        "",
        "bcdeEfgGhkKpRsuZ",
        "--uid --gid --shell --home --home-dir --groups --comment --ingroup --password --gecos",
    ),
    usual("ssh scp sftp", "", "bcDEeFIiJLlmOopPQRSWw", ""),
    usual("rsync", "", "eBTM", "--rsh --exclude --include"),
    usual(
        "mysql mysqldump mariadb psql pg_dump redis-cli mongosh mongo",
        "",
        "hPuDUdacn",
        "--host --port --user --username --dbname --database --execute --command --pass --uri",
    ),
    usual(
        "kubectl oc helm",
        "",
        "nflosc",
        "--namespace --filename --selector --output --server --token --kubeconfig --context --set --values --version --container",
    ),
    usual("git", "", "bcCumo", "--branch --depth --origin --config --git-dir"),
    usual("npm yarn pnpm npx", "", "Cwp", "--prefix --registry --workspace --cwd --package"),
    Style {
        programs: "find java openssl terraform tofu go gcc clang ffmpeg consul vault nomad qemu-system-x86_64",
        subcommands: "",
        short: "",
        long: "-subj -out -keyout -in -days -newkey -bind -client -config -jar -cp -perm -name -exec -net -netdev -user -data-dir",
        kind: Reading::Words,
    },
];

/// Programs that run the command behind them.
const WRAPPERS: &str = "sudo doas exec env nohup time nice command tini dumb-init";

/// The value of the first of these flags that is there: `--x=v`, the next word where the flag takes one, `"true"` for a bare
/// one; null when none is there; unknown when a word that is not known may be it. Short flags are found in bundles (`-qy`).
#[must_use]
pub(crate) fn flag(argv: &Value, names: &[&str]) -> Value {
    let (found, missing) = first(argv, names);
    found.or(missing).unwrap_or_else(|| Value::new(Kind::Null, argv.place))
}

/// The first occurrence, and what may be one.
fn first(argv: &Value, names: &[&str]) -> (Option<Value>, Option<Value>) {
    let list = match &argv.kind {
        Kind::List(list) => list,
        Kind::Null => return (None, None),
        _ => return (None, Some(maybe(argv))),
    };
    // Nearly always there is no such flag, however the program reads its words.
    if list.tail.is_none() && !list.items.iter().any(|word| may_be(word, names)) {
        return (None, None);
    }
    let style = style_of(&list.items);
    let mut missing = None;
    let mut skip = false;
    for (at, word) in list.items.iter().enumerate() {
        if std::mem::take(&mut skip) {
            continue;
        }
        let next = list.items.get(at + 1);
        match &word.kind {
            Kind::String(text) if text == "--" => break,
            Kind::String(text) => match read(text, word, next, names, style) {
                Some(value) => return (Some(value), None),
                // The value of another flag is no flag, whatever it looks like.
                None => skip = text.starts_with('-') && takes_next(text, style, next),
            },
            Kind::Template(parts) => match template(parts, word, names) {
                Some(value) => return (Some(value), None),
                None if may_be_flag(parts, names) => missing = Some(missing.unwrap_or_else(|| maybe(word))),
                None => {}
            },
            Kind::Unknown(_) | Kind::Choice(_) => missing = Some(missing.unwrap_or_else(|| maybe(word))),
            _ => {}
        }
    }
    if let Some(tail) = &list.tail {
        missing = missing.or_else(|| Some(Value::new(Kind::Unknown(tail.clone()), argv.place)));
    }
    (None, missing)
}

/// Whether a word may be one of the flags, in a bundle perhaps.
fn may_be(word: &Value, names: &[&str]) -> bool {
    let Kind::String(text) = &word.kind else {
        return matches!(word.kind, Kind::Template(_) | Kind::Unknown(_) | Kind::Choice(_));
    };
    let Some(letters) = text.strip_prefix('-') else { return false };
    names.iter().any(|name| {
        text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
            || !letters.starts_with('-') && name.strip_prefix('-').is_some_and(|letter| letters.contains(letter))
    })
}

/// The value that this word gives to one of the flags.
fn read(text: &str, word: &Value, next: Option<&Value>, names: &[&str], style: &Style) -> Option<Value> {
    let dashes = text.len() - text.trim_start_matches('-').len();
    if dashes == 0 {
        return None;
    }
    let of = |value: &str| Value { kind: Kind::String(value.into()), ..word.clone() };
    let follow = |name: &str| match next {
        Some(value) if takes_next(name, style, Some(value)) => value.clone(),
        _ => of("true"),
    };
    for name in names {
        if text == *name {
            return Some(follow(name));
        }
        if let Some(value) = text.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            return Some(of(value));
        }
    }
    if dashes != 1 || style.kind == Reading::Words {
        return None;
    }
    // A bundle: letters up to the first that takes a value, which is the rest of the word or the next one.
    for (at, letter) in text.char_indices().skip(1) {
        let rest = &text[at + letter.len_utf8()..];
        let wanted = names.iter().any(|name| name.chars().eq(['-', letter]));
        let valued = style.short.contains(letter);
        match (wanted, valued) {
            (true, true) if !rest.is_empty() => return Some(of(rest)),
            (true, true) => return Some(follow(&format!("-{letter}"))),
            (true, false) => return Some(of("true")),
            (false, true) => return None,
            (false, false) if !letter.is_ascii_alphanumeric() => return None,
            (false, false) => {}
        }
    }
    None
}

/// Whether the flag takes the next word as its value.
fn takes_next(flag: &str, style: &Style, next: Option<&Value>) -> bool {
    let fits = match next.map(|next| &next.kind) {
        Some(Kind::String(text)) => !text.starts_with('-') || text.len() == 1,
        Some(Kind::Template(parts)) => !matches!(parts.first(), Some(Part::Known(text)) if text.starts_with('-')),
        Some(Kind::Unknown(_) | Kind::Number(_)) => true,
        _ => false,
    };
    let letters = flag.strip_prefix('-').filter(|letters| !letters.starts_with('-') && style.kind != Reading::Words);
    let first =
        letters.and_then(|letters| letters.find(|letter: char| !letter.is_ascii_alphanumeric() || style.short.contains(letter)));
    // The last letter of a bundle, and none before it, takes a value.
    let short = letters.is_some_and(|letters| {
        first.is_some() && first == letters.len().checked_sub(1) && letters.ends_with(|last| style.short.contains(last))
    });
    fits && !flag.contains('=') && (short || style.kind == Reading::Daemon || has(style.long, flag))
}

/// A word of which the beginning is known: `--host=${…}`.
fn template(parts: &[Part], word: &Value, names: &[&str]) -> Option<Value> {
    let Some(Part::Known(start)) = parts.first() else { return None };
    let rest = names.iter().find_map(|name| start.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')))?;
    let mut left: Vec<Part> = Vec::with_capacity(parts.len());
    if !rest.is_empty() {
        left.push(Part::Known(rest.into()));
    }
    left.extend(parts.iter().skip(1).cloned());
    let kind = match left.as_slice() {
        [Part::Hole(hole)] => Kind::Unknown(hole.clone()),
        _ => Kind::Template(left.into()),
    };
    Some(Value { kind, ..word.clone() })
}

/// Whether a word that begins so may be one of the flags.
fn may_be_flag(parts: &[Part], names: &[&str]) -> bool {
    match parts.first() {
        Some(Part::Known(start)) => {
            names.iter().any(|name| name.starts_with(start.as_str()) || start.strip_prefix(name).is_some())
        }
        _ => true,
    }
}

/// An unknown value in the place of a word, or of all words.
fn maybe(word: &Value) -> Value {
    let unknown = match &word.kind {
        Kind::Unknown(unknown) => return Value::new(Kind::Unknown(unknown.clone()), word.place),
        Kind::Choice(choice) => Unknown::clone(&choice.condition),
        Kind::Template(parts) => {
            match parts.iter().find_map(|part| if let Part::Hole(hole) = part { Some(hole) } else { None }) {
                Some(hole) => Unknown::clone(hole),
                None => Unknown::new(Reason::Function, ""),
            }
        }
        _ => Unknown::new(Reason::Invalid, "the command line"),
    };
    // What is known of the word says nothing about the flag's value.
    let unknown = Unknown::new(unknown.reason, unknown.source);
    Value::unknown(unknown, word.place)
}

/// How the program of a command line reads its flags.
fn style_of(words: &[Value]) -> &'static Style {
    for word in words.iter().take(6) {
        let Some(text) = word.as_str() else { return &OTHER };
        let program = text.rsplit('/').next().unwrap_or(text);
        if has(WRAPPERS, program) || text.starts_with('-') || text.contains('=') {
            continue;
        }
        let subcommand = |style: &Style| words.iter().take(8).filter_map(Value::as_str).any(|word| has(style.subcommands, word));
        let fits = |style: &&Style| has(style.programs, program) && (style.subcommands.is_empty() || subcommand(style));
        return STYLES.iter().find(fits).unwrap_or(&OTHER);
    }
    &OTHER
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::samples::{list, open, template as holes, text, unknown};

    fn shown(value: &Value) -> String {
        match &value.kind {
            Kind::Null => "-".to_owned(),
            Kind::String(text) => text.to_string(),
            Kind::Template(_) => "template".to_owned(),
            _ => "unknown".to_owned(),
        }
    }

    #[test]
    fn words() {
        let rows: &[(&str, &[&str], &str)] = &[
            ("apt-get install -y curl", &["-y", "--yes"], "true"),
            ("apt-get -qy install curl", &["-y", "--yes"], "true"),
            ("apt-get install curl", &["-y", "--yes"], "-"),
            ("apt-get -o APT::Get=y install", &["-y"], "-"),
            ("docker run --network=host a", &["--network", "--net"], "host"),
            ("docker run --net host a", &["--network", "--net"], "host"),
            ("docker run --privileged a", &["--privileged"], "true"),
            ("docker run --privileged=false a", &["--privileged"], "false"),
            ("docker network create -d overlay a", &["-d", "--driver"], "overlay"),
            ("docker swarm init --cert-expiry 48h", &["--cert-expiry"], "48h"),
            ("docker -H tcp://0.0.0.0:2375 ps", &["-H", "--host"], "tcp://0.0.0.0:2375"),
            ("sudo dockerd -H unix:///a", &["-H", "--host"], "unix:///a"),
            ("docker run -p8080:80 a", &["-p"], "8080:80"),
            ("docker run -itp 8080:80 a", &["-p"], "8080:80"),
            ("docker build -t a:b --network host .", &["--network"], "host"),
            ("docker run -dp 8080:80 a", &["-p"], "8080:80"),
            ("curl -k https://a", &["-k", "--insecure"], "true"),
            ("curl -fsSLk https://a", &["-k", "--insecure"], "true"),
            ("curl -ok https://a", &["-k", "--insecure"], "-"),
            ("curl -o -k https://a", &["-o"], "true"),
            ("curl -u me:secret https://a", &["-u", "--user"], "me:secret"),
            ("mkdir -p a", &["-p"], "true"),
            ("kube-apiserver --anonymous-auth=false", &["--anonymous-auth"], "false"),
            ("kube-apiserver --tls-cipher-suites A,B", &["--tls-cipher-suites"], "A,B"),
            ("find / -name a -exec rm", &["-e"], "-"),
            ("openssl req -nodes", &["-d"], "-"),
            ("useradd -u 1000 app", &["-u", "--uid"], "1000"),
            ("grep -- -y file", &["-y"], "-"),
        ];
        for (line, names, expected) in rows {
            let argv = list(line.split(' ').map(text).collect());
            assert_eq!(shown(&flag(&argv, names)), *expected, "{line} {names:?}");
        }
    }

    #[test]
    fn unknown_words() {
        let rows: Vec<(Value, &str)> = vec![
            (list(vec![text("a"), unknown()]), "unknown"),
            (list(vec![text("a"), unknown(), text("--host=x")]), "x"),
            (list(vec![text("a"), holes("--host=$")]), "unknown"),
            (list(vec![text("a"), holes("--host=tcp://$:1")]), "template"),
            (list(vec![text("a"), holes("b$")]), "-"),
            (list(vec![text("a"), holes("--ho$")]), "unknown"),
            (list(vec![text("docker"), text("--host"), unknown()]), "unknown"),
            (open(vec![text("a")]), "unknown"),
            (unknown(), "unknown"),
            (Value::default(), "-"),
        ];
        for (argv, expected) in rows {
            assert_eq!(shown(&flag(&argv, &["--host"])), expected, "{argv:?}");
        }
    }
}
