//! Packages that a command installs.

use compact_str::CompactString;

use super::holes::has_mark;
use super::program::{Words, base, has};
use super::read::{Command, Word};

/// A package with how it is asked for.
pub(super) struct Package {
    pub(super) manager: &'static str,
    pub(super) name: CompactString,
    pub(super) version: Option<CompactString>,
    pub(super) operator: &'static str,
    /// registry, file, url, git, lockfile
    pub(super) source: &'static str,
    pub(super) word: Word,
}

/// How a manager writes a package with a version.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// After one of these, the longest first.
    After(&'static [&'static str]),
    /// `name-1.2-3`
    Dash,
    /// `name@1.2`, `@scope/name@1.2`
    At,
    /// `pkg==1`, `pkg[extra]>=1`, `pkg @ url`
    Python,
}

/// Programs, the name of the manager, its subcommands that install, and how versions are written.
const MANAGERS: &[(&[&str], &str, &str, Form)] = &[
    (&["apt-get", "apt", "aptitude"], "apt", "install", Form::After(&["=", "/"])),
    (&["apk"], "apk", "add", Form::After(&["==", "~=", ">=", "<=", "=", "~", ">", "<"])),
    (&["yum"], "yum", "install localinstall reinstall", Form::Dash),
    (&["dnf", "dnf5", "microdnf", "tdnf"], "dnf", "install localinstall reinstall", Form::Dash),
    (&["zypper"], "zypper", "install in", Form::After(&[">=", "<=", "=", ">", "<"])),
    (&["pip", "pip2", "pip3", "pipx", "uv"], "pip", "install", Form::Python),
    (&["npm"], "npm", "install i add", Form::At),
    (&["yarn"], "yarn", "add", Form::At),
    (&["pnpm", "bun"], "pnpm", "add", Form::At),
    (&["gem"], "gem", "install i", Form::After(&[":"])),
    (&["go"], "go", "install", Form::At),
    (&["cargo"], "cargo", "install", Form::At),
];

/// Flags that give the version, or where the package comes from, for all packages of a command: manager, flag, what it says.
const FLAGS: &[(&str, &str, &str)] = &[
    ("gem", "-v", "version"),
    ("gem", "--version", "version"),
    ("cargo", "--version", "version"),
    ("cargo", "--git", "git"),
    ("cargo", "--path", "file"),
    ("pip", "-c", "lockfile"),
    ("pip", "--constraint", "lockfile"),
    ("pip", "--require-hashes", "lockfile"),
    ("pip", "-e", "file"),
    ("pip", "--editable", "file"),
    ("pip", "-t", ""),
];

/// What is no version although it stands in the place of one.
const FLOATING: &str = "latest next stable edge master main *";

/// The packages that the command installs.
pub(super) fn packages(command: &Command, words: &Words) -> Vec<Package> {
    let argv = &command.argv;
    let name = argv.first().map_or("", |word| base(&word.text));
    // `pip3.11` is pip.
    let name = name.split('.').next().unwrap_or(name);
    let Some(&(_, manager, installs, form)) = MANAGERS.iter().find(|row| row.0.contains(&name)) else { return Vec::new() };
    let mut operands = words.operands.iter().filter_map(|index| argv.get(*index));
    let mut subcommand = words.subcommand.and_then(|index| argv.get(index));
    // `yarn global add`, `uv pip install`, `dnf module install`
    let module = subcommand.is_some_and(|word| word.text == "module");
    if subcommand.is_some_and(|word| has("global pip module", &word.text)) {
        subcommand = operands.next();
    }
    let form = if module { Form::After(&[":"]) } else { form };
    if !subcommand.is_some_and(|word| has(installs, &word.text)) {
        return Vec::new();
    }
    let mut source = None;
    let mut version = None;
    for index in &words.flags {
        let Some(flag) = argv.get(*index) else { continue };
        let (text, attached) = flag.text.split_once('=').map_or((flag.text.as_str(), None), |(name, value)| (name, Some(value)));
        match FLAGS.iter().find(|row| row.0 == manager && row.1 == text) {
            Some((.., "version")) => {
                version = attached.map(CompactString::from).or_else(|| argv.get(index + 1).map(|word| word.text.clone()));
            }
            Some((.., "lockfile")) => source = Some("lockfile"),
            Some((.., "git")) => source = Some("git"),
            _ => {}
        }
    }
    let mut out = Vec::new();
    // What stands behind `--` is for the build of a gem.
    for word in operands.filter(|word| !word.text.starts_with('-')) {
        let mut package = one(manager, form, word);
        if package.version.is_none() {
            package.version = version.clone().filter(|text| !has(FLOATING, text));
        }
        if let Some(source) = source.filter(|_| package.source == "registry") {
            package.source = source;
        }
        out.push(package);
    }
    out
}

fn one(manager: &'static str, form: Form, word: &Word) -> Package {
    let text = word.text.as_str();
    let source = source(manager, text);
    let (name, operator, version) = match form {
        _ if source == "git" => revision(text),
        _ if source != "registry" => (text, "", ""),
        Form::After(operators) => split(text, operators),
        Form::Dash => dashed(text),
        Form::At => match text.get(1..).and_then(|rest| rest.rfind('@')) {
            Some(at) => (text.get(..=at).unwrap_or(text), "@", text.get(at + 2..).unwrap_or("")),
            None => (text, "", ""),
        },
        Form::Python => {
            let (name, operator, version) = split(text, &["===", "==", "~=", ">=", "<=", "!=", ">", "<"]);
            (name.split('[').next().unwrap_or(name), operator, version)
        }
    };
    let version = version.trim();
    // Without a mark for the version, a hole in the name may hold one.
    let version = match (operator.is_empty(), has_mark(text)) {
        (true, true) if source == "registry" => text.chars().find(|c| super::holes::is_mark(*c)).map(|hole| {
            let mut open = CompactString::default();
            open.push(hole);
            open
        }),
        _ => Some(version).filter(|version| !version.is_empty() && !has(FLOATING, version)).map(CompactString::from),
    };
    Package { manager, name: name.trim().into(), version, operator, source, word: word.clone() }
}

/// A repository, and what of it is asked for: `git+https://host/a.git@v1`, `git://host/a.git#v1`.
fn revision(text: &str) -> (&str, &'static str, &str) {
    let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
    // What stands before a host is a user.
    let path = address.find("://").map_or(0, |at| at + 3);
    let path = path + address.get(path..).and_then(|rest| rest.find('/')).unwrap_or(address.len() - path);
    match address.get(path..).and_then(|rest| rest.rfind('@')) {
        Some(at) => (address.get(..path + at).unwrap_or(address), "@", address.get(path + at + 1..).unwrap_or("")),
        None if fragment.is_empty() || fragment.starts_with("egg=") || fragment.starts_with("subdirectory=") => (text, "", ""),
        None => (address, "#", fragment),
    }
}

/// Name, operator and version at the first operator.
fn split<'t>(text: &'t str, operators: &[&'static str]) -> (&'t str, &'static str, &'t str) {
    let first = operators.iter().filter_map(|operator| Some((text.find(operator)?, *operator)));
    let Some((at, operator)) = first.min_by_key(|(at, operator)| (*at, std::cmp::Reverse(operator.len()))) else {
        return (text, "", "");
    };
    let (name, rest) = text.split_at(at);
    (name, operator, rest.get(operator.len()..).unwrap_or(""))
}

/// `name-version`, `name-version-release`: the version is the first part that begins with a digit and has a dot, a colon or a star,
/// or has a release behind it, and what follows it is a release.
fn dashed(text: &str) -> (&str, &'static str, &str) {
    for (at, _) in text.match_indices('-').filter(|(at, _)| *at > 0) {
        let rest = text.get(at + 1..).unwrap_or("");
        let mut parts = rest.split('-');
        let (version, release, more) = (parts.next().unwrap_or(""), parts.next(), parts.next());
        let begins = |part: &str| part.starts_with(|c: char| c.is_ascii_digit() || c == '*' || super::holes::is_mark(c));
        let telling = version.contains(['.', ':', '*']) || has_mark(version) || release.is_some();
        if begins(version) && telling && release.is_none_or(begins) && more.is_none() {
            return (text.get(..at).unwrap_or(text), "-", rest);
        }
    }
    (text, "", "")
}

/// Where the package comes from.
fn source(manager: &str, text: &str) -> &'static str {
    let archives: &[&str] = match manager {
        "apt" => &[".deb"],
        "apk" => &[".apk"],
        "yum" | "dnf" | "zypper" => &[".rpm"],
        "pip" => &[".whl", ".tar.gz", ".zip", ".tar.bz2"],
        "npm" | "yarn" | "pnpm" => &[".tgz", ".tar.gz"],
        "gem" => &[".gem"],
        _ => &[],
    };
    let local = text.starts_with(['.', '/', '~']) || text.starts_with("file:");
    if text.contains("git+") || text.starts_with("git:") || (text.ends_with(".git") && text.contains("://")) {
        "git"
    } else if text.contains("://") {
        "url"
    } else if local || archives.iter().any(|end| text.ends_with(end)) {
        "file"
    } else if matches!(manager, "npm" | "yarn" | "pnpm") && !text.starts_with('@') && text.contains('/') {
        // `owner/repository`, on GitHub.
        "git"
    } else {
        "registry"
    }
}
