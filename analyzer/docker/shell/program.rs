//! Which words of a command are flags, values of flags, and operands; and what runs what.

use super::holes::has_mark;
use super::read::{Command, Word};

/// How programs read their flags: names, short flags that take a value, long flags that take the next word.
const STYLES: &[(&[&str], &str, &str)] = &[
    (&["apt", "apt-get", "aptitude", "apt-cache"], "oct", "--option --config-file --target-release --default-release"),
    (
        &["apk"],
        "Xptv",
        "--repository --virtual --root --keys-dir --arch --cache-dir --repositories-file --wait --progress-fd --cache-max-age",
    ),
    (
        &["yum", "dnf", "dnf5", "microdnf", "tdnf"],
        "cderRx",
        "--setopt --enablerepo --disablerepo --installroot --releasever --exclude --repo --repoid --config --rpmverbosity --forcearch --arch \
         --downloaddir --destdir --advisory --comment --color",
    ),
    (&["zypper"], "cDR", "--config --reposd-dir --cache-dir --root --installroot --repo --from --type --name --releasever"),
    (&["rpm"], "", "--root --dbpath --define --prefix"),
    (&["pacman"], "br", "--dbpath --root --arch --config --cachedir"),
    (
        &["pip", "pip2", "pip3", "pipx", "uv"],
        "rciedftb",
        "--index-url --extra-index-url --trusted-host --requirement --constraint --target --prefix --proxy --find-links --cache-dir \
         --editable --root --platform --python-version --implementation --abi --upgrade-strategy --progress-bar --timeout --retries \
         --cert --client-cert --log --src --no-binary --only-binary --global-option --install-option --config-settings --python \
         --build --index --default-index --report --exists-action --use-feature --use-deprecated --keyring-provider --group",
    ),
    (
        &["npm", "yarn", "pnpm", "npx", "bun"],
        "Cw",
        "--prefix --registry --workspace --cwd --cache --loglevel --tag --network-timeout --modules-folder --userconfig --globalconfig \
         --omit --include --location --filter --dir --before --install-strategy --fetch-timeout --fetch-retries --script-shell",
    ),
    (
        &["gem"],
        "vinisBPp",
        "--version --install-dir --bindir --source --platform --http-proxy --build-root --document --trust-policy",
    ),
    (
        &["go"],
        "pCo",
        "-tags -ldflags -gcflags -asmflags -mod -modfile -overlay -toolexec -exec -buildmode -installsuffix -pkgdir",
    ),
    (
        &["cargo"],
        "jZ",
        "--version --git --branch --tag --rev --path --root --registry --index --features --target --profile --jobs --config",
    ),
    (
        &["curl"],
        "AbcCdDeEFhHKmoPQrtTuUwxXyYz",
        "--user --header --data --output --proxy --request --cacert --cert --key --url --max-time --retry --user-agent --referer \
         --cookie --form --connect-timeout --resolve --upload-file --write-out --data-binary --config --retry-delay --proto \
         --retry-max-time --max-redirs --ciphers --output-dir",
    ),
    (
        &["wget"],
        "oaeBOPtTwQUlADIXiR",
        "--output-document --output-file --directory-prefix --user --password --header --tries --timeout --user-agent --progress",
    ),
    (&["git"], "bcCu", "--branch --depth --origin --config --git-dir --work-tree --reference"),
    (
        &["docker", "podman", "nerdctl", "buildah"],
        "HeuvpwmcahlntfL",
        "--host --network --net --publish --volume --user --name --mount --env --env-file --label --memory --cpus --cap-add --cap-drop \
         --security-opt --pid --ipc --uts --userns --device --restart --runtime --platform --password --username --log-driver \
         --log-opt --entrypoint --workdir --hostname --dns --ulimit --tmpfs --volumes-from --add-host --tag --file --build-arg \
         --target --secret --ssh --context --config --log-level --driver --subnet --opt",
    ),
    (
        &["kubectl", "oc", "helm"],
        "nflosc",
        "--namespace --filename --selector --output --server --token --kubeconfig --context --set --values",
    ),
    (&["systemctl"], "tpHMn", "--type --property --host --machine --root"),
    (&["chmod", "chown", "chgrp"], "", "--reference --from"),
    (&["tar"], "fCTXbHgI", "--file --directory --files-from --exclude-from --exclude --use-compress-program"),
    (&["unzip"], "dxP", ""),
    (
        &["useradd", "usermod", "groupadd", "adduser", "addgroup"],
        "bcdeEfgGhkKpRsuZ",
        "--uid --gid --shell --home --home-dir --groups --comment --ingroup --password --gecos --base-dir --skel --key",
    ),
    (&["ssh", "scp", "sftp"], "bcDEeFIiJLlmOopPQRSWw", ""),
    (&["python", "python2", "python3"], "cmWX", ""),
    (&["sed"], "ef", "--expression --file"),
    (&["bash", "sh", "ash", "dash", "zsh", "ksh"], "co", ""),
];

/// Programs that run the command behind them and that the shell's reader does not know, with the number of their own operands.
const WRAPPERS: &[(&str, usize)] = &[
    ("tini", 0),
    ("dumb-init", 0),
    ("catatonit", 0),
    ("su-exec", 1),
    ("setpriv", 0),
    ("eatmydata", 0),
    ("fakeroot", 0),
    ("ionice", 0),
];

/// Shells of Unix.
const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "zsh", "ksh"];

/// What the words of a command are.
#[derive(Default)]
pub(super) struct Words {
    /// The first word that is neither a flag nor the value of one, when it is certain.
    pub(super) subcommand: Option<usize>,
    /// A word that is not known comes first: it may be anything.
    pub(super) uncertain: bool,
    /// The words after the subcommand that are neither.
    pub(super) operands: Vec<usize>,
    /// The flags.
    pub(super) flags: Vec<usize>,
}

/// Whether a list of words, with spaces between, has the word.
pub(super) fn has(words: &str, word: &str) -> bool {
    words.as_bytes().split(|byte| *byte == b' ').any(|known| known == word.as_bytes())
}

/// Whether the program is a shell.
pub(crate) fn is_shell(program: &str) -> bool {
    SHELLS.contains(&program)
}

/// The program's name without its path.
pub(super) fn base(word: &str) -> &str {
    word.rsplit(['/', '\\']).next().unwrap_or(word)
}

/// Sorts the words behind the program.
pub(super) fn words(argv: &[Word]) -> Words {
    let mut out = Words::default();
    let Some(program) = argv.first() else { return out };
    let name = base(&program.text);
    let (_, short, long) = STYLES.iter().find(|row| row.0.contains(&name)).copied().unwrap_or((&[], "", ""));
    let mut skip = false;
    let mut plain = false;
    for (index, word) in argv.iter().enumerate().skip(1) {
        let text = word.text.as_str();
        if std::mem::take(&mut skip) {
            continue;
        }
        if !plain && text == "--" {
            plain = true;
        } else if !plain && text.len() > 1 && text.starts_with('-') {
            out.flags.push(index);
            skip = takes_next(text, short, long);
        } else if out.subcommand.is_some() {
            out.operands.push(index);
        } else {
            out.uncertain |= has_mark(text);
            if out.uncertain {
                // Perhaps a flag, perhaps several words.
                out.operands.push(index);
            } else {
                out.subcommand = Some(index);
            }
        }
    }
    out
}

fn takes_next(flag: &str, short: &str, long: &str) -> bool {
    // A letter, or several of them, or a name as Go's have it, with one dash.
    let is_long = flag.len() > 2 && !flag.contains('=') && has(long, flag);
    if is_long || flag.starts_with("--") {
        return is_long;
    }
    // The last letter of a bundle, and none before it, takes a value.
    let letters = flag.get(1..).unwrap_or("");
    letters.find(|letter| short.contains(letter)).is_some_and(|at| at + 1 == letters.len())
}

/// The command that a wrapper runs, or the module that Python does.
pub(super) fn unwrapped(command: &Command) -> Option<Command> {
    let name = base(&command.argv.first()?.text);
    let at = if name.starts_with("python") {
        let flag = command.argv.iter().take(6).position(|word| word.text == "-m")?;
        let module = command.argv.get(flag + 1)?;
        matches!(module.text.as_str(), "pip" | "pip3" | "pipx" | "uv").then_some(flag + 1)?
    } else {
        let (_, own) = WRAPPERS.iter().find(|row| row.0 == name)?;
        let flags = command.argv.iter().skip(1).take_while(|word| word.text.starts_with('-')).count();
        1 + flags + own
    };
    let argv = command.argv.get(at..).filter(|rest| !rest.is_empty())?.to_vec();
    let span = argv.iter().map(|word| word.span).reduce(plimsoll_syntax::Span::to)?;
    Some(Command {
        argv,
        span,
        assignments: Vec::new(),
        redirects: command.redirects.clone(),
        pipeline: command.pipeline,
        position: command.position,
        conditional: command.conditional,
        pipefail: command.pipefail,
    })
}

/// The word that a shell reads as a script: the one behind `-c`.
pub(super) fn script_word(command: &Command) -> Option<Word> {
    if !is_shell(base(&command.argv.first()?.text)) {
        return None;
    }
    let is_flag = |word: &Word| word.text.starts_with('-') && !word.text.starts_with("--") && word.text.ends_with('c');
    let flag = command.argv.iter().position(is_flag)?;
    command.argv.get(flag + 1).cloned()
}
