//! What can be said on the command line.

use std::ffi::OsString;

use camino::Utf8PathBuf;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use plimsoll_engine::Severity;

/// Shows, at a glance, where infrastructure code sits lower than it should: Terraform, Kubernetes, Dockerfiles, Compose and the Docker
/// daemon.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, after_help = AFTER_HELP, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to use colours; `auto` heeds NO_COLOR, CLICOLOR_FORCE and whether a terminal is there.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
}

const AFTER_HELP: &str = "\
Examples:
  plimsoll check                              everything below the working directory
  plimsoll check infra/ --severity high       one folder, only what is high or critical
  plimsoll check --output-format sarif --output-file plimsoll.sarif
  plimsoll explain privileged-container       what a rule is about, with examples

Nothing is sent anywhere: there is no network access, no account and no telemetry.";

const AFTER_CHECK: &str = "\
Exit status:
  0  nothing at or above --fail-on
  1  findings, or something that could not be read (it counts as a warning)
  2  wrong usage or configuration, or a rule failed

Rules are selected by name (privileged-container), group (kubernetes, terraform/aws), profile
(recommended, strict, all) or tag (cis-aws). A longer word wins over a shorter one:
`--select kubernetes --ignore kubernetes/rbac`.

Settings are read from the nearest plimsoll.toml, own rules from .plimsoll/rules/*.md. Files that
.gitignore, .ignore or .plimsollignore name are not read, nor are hidden ones.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check files and folders
    Check(Check),
    /// Show what was understood of Terraform: instances, values, where each came from, what is not known and why
    Inspect(Inspect),
    /// Ask who can reach whom: from the internet to everything, unless you say otherwise
    Exposure(Exposure),
    /// Report what runs where: boundaries as nested boxes, isolation rungs, what is shared, what is exposed
    Boundaries(Boundaries),
    /// Write rules for another tool
    Export {
        #[command(subcommand)]
        target: Export,
    },
    /// Show what a rule is about: its page, examples and parameters
    Explain {
        /// The rule's name
        rule: String,
        /// Ignore .plimsoll/rules
        #[arg(long)]
        isolated: bool,
    },
    /// List the rules, or test and write your own
    Rules(Rules),
    /// Serve an editor: the language server, on standard input and output
    Server {
        /// What other servers call it; there is no other way
        #[arg(long, hide = true)]
        stdio: bool,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
#[command(after_help = AFTER_CHECK)]
pub(crate) struct Check {
    /// Files and folders
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) paths: Vec<Utf8PathBuf>,

    /// How to print findings
    #[arg(long, value_enum, default_value_t = Format::Full, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) output_format: Format,
    /// Write findings to this file instead of standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output_file: Option<Utf8PathBuf>,
    /// Count findings by rule instead of listing them
    #[arg(long, help_heading = "Output")]
    pub(crate) statistics: bool,
    /// List the files that are read, and what they are taken for, instead of findings
    #[arg(long, conflicts_with = "statistics", help_heading = "Output")]
    pub(crate) show_files: bool,
    /// Also list what could not be decided, and what is missing to decide it
    #[arg(long, help_heading = "Output")]
    pub(crate) undecided: bool,
    /// Print findings and errors, nothing else
    #[arg(long, short, help_heading = "Output")]
    pub(crate) quiet: bool,

    /// Mend what can be mended without changing anything that works, and report the rest
    #[arg(long, help_heading = "Fixes")]
    pub(crate) fix: bool,
    /// With --fix or --diff: mend also what may change how things run
    #[arg(long, help_heading = "Fixes")]
    pub(crate) unsafe_fixes: bool,
    /// Show what --fix would change, and write nothing
    #[arg(long, conflicts_with_all = ["fix", "statistics", "show_files", "output_format"], help_heading = "Fixes")]
    pub(crate) diff: bool,

    /// Rules to run: names, groups, profiles or tags [default: recommended]
    #[arg(long, value_delimiter = ',', value_name = "WORDS", help_heading = "Rules")]
    pub(crate) select: Vec<String>,
    /// Rules to leave out, in the same words
    #[arg(long, value_delimiter = ',', value_name = "WORDS", help_heading = "Rules")]
    pub(crate) ignore: Vec<String>,
    /// Do not report findings below this severity
    #[arg(long, value_parser = severity(), value_name = "SEVERITY", help_heading = "Rules")]
    pub(crate) severity: Option<Severity>,

    /// Exit with 1 from this level or severity on [default: warning]
    #[arg(long, value_parser = threshold(), value_name = "LEVEL", help_heading = "Exit status")]
    pub(crate) fail_on: Option<Severity>,
    /// Exit with 0 whatever was found
    #[arg(long, help_heading = "Exit status")]
    pub(crate) exit_zero: bool,

    /// Read settings from this file
    #[arg(long, value_name = "FILE", conflicts_with = "isolated", help_heading = "Settings")]
    pub(crate) config: Option<Utf8PathBuf>,
    /// Ignore plimsoll.toml and .plimsoll/rules
    #[arg(long, help_heading = "Settings")]
    pub(crate) isolated: bool,
    /// Let the settings' `exclude` also hold for files that are named on the command line
    #[arg(long, help_heading = "Settings")]
    pub(crate) force_exclude: bool,
    /// Do not read files above this size; they are reported
    #[arg(long, value_parser = size, default_value = "10MB", value_name = "SIZE", help_heading = "Settings")]
    pub(crate) max_file_size: u64,

    /// Also judge this plan, as `terraform show -json` writes it
    #[arg(long, value_name = "FILE", help_heading = "Terraform")]
    pub(crate) plan: Option<Utf8PathBuf>,
    #[command(flatten)]
    pub(crate) variables: Variables,
}

/// What Terraform's root modules are given.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Terraform")]
pub(crate) struct Variables {
    /// Give root modules this variable, as Terraform's -var does
    #[arg(long = "var", value_parser = variable, value_name = "NAME=VALUE")]
    pub(crate) vars: Vec<(String, String)>,
    /// Give root modules the variables of this file, as Terraform's -var-file does
    #[arg(long = "var-file", value_name = "FILE")]
    pub(crate) var_files: Vec<Utf8PathBuf>,
    /// Give root modules what the environment says in TF_VAR_NAME
    #[arg(long)]
    pub(crate) env_vars: bool,
    /// The places of the two on the command line: the last word holds.
    #[arg(skip)]
    pub(crate) order: Vec<Word>,
}

/// Which of [`Variables`] comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Variable(usize),
    File(usize),
}

/// What is asked, and with what it is read.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// A folder or file
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) path: Utf8PathBuf,
    /// Ignore plimsoll.toml
    #[arg(long)]
    pub(crate) isolated: bool,
    #[command(flatten)]
    pub(crate) variables: Variables,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) subject: Asked,
    /// Only what has this address, or begins with it: aws_instance.web, module.vpc
    #[arg(value_name = "ADDRESS")]
    pub(crate) address: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = ListFormat::Text, value_name = "FORMAT")]
    pub(crate) output_format: ListFormat,
    /// Instead: which Kubernetes workload may reach which, by the network policies
    #[arg(long, conflicts_with = "address")]
    pub(crate) connections: bool,
    /// Instead: what leads where, across all formats, and what says so
    #[arg(long, conflicts_with_all = ["address", "connections"])]
    pub(crate) links: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Exposure {
    #[command(flatten)]
    pub(crate) subject: Asked,
    /// Where traffic begins: a node or an address
    #[arg(long, value_name = "NODE", default_value = "internet")]
    pub(crate) from: String,
    /// Where it is to arrive: aws_instance.web, Deployment/web, service/db
    #[arg(long, value_name = "NODE")]
    pub(crate) to: Option<String>,
    /// On this port alone
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<u16>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = ListFormat::Text, value_name = "FORMAT")]
    pub(crate) output_format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Boundaries {
    #[command(flatten)]
    pub(crate) subject: Asked,
    /// How to print it
    #[arg(long, value_enum, default_value_t = ReportFormat::Text, value_name = "FORMAT")]
    pub(crate) output_format: ReportFormat,
    /// Write it to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output_file: Option<Utf8PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// Rules for Falco, which watch at run time what the code promises of its containers
    Falco(Falco),
}

#[derive(Debug, Args)]
pub(crate) struct Falco {
    #[command(flatten)]
    pub(crate) subject: Asked,
    /// Write them to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output_file: Option<Utf8PathBuf>,
}

/// How a report of boundaries is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A tree
    Text,
    /// One document
    Json,
    /// A page with a picture, in one file
    Html,
    /// The picture alone
    Svg,
    /// A flowchart for Markdown
    Mermaid,
}

/// Reads the command line; `-var` and `-var-file` are taken as Terraform has them.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Arguments {
    let words = words.into_iter().map(|word| match word.to_str() {
        Some(text) if text == "-var" || text.starts_with("-var=") || text == "-var-file" || text.starts_with("-var-file=") => {
            format!("-{text}").into()
        }
        _ => word,
    });
    let matches = Arguments::command().get_matches_from(words);
    let mut arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let variables = match &mut arguments.command {
        Command::Check(check) => &mut check.variables,
        Command::Inspect(inspect) => &mut inspect.subject.variables,
        Command::Exposure(exposure) => &mut exposure.subject.variables,
        Command::Export { target: Export::Falco(falco) } => &mut falco.subject.variables,
        Command::Boundaries(boundaries) => &mut boundaries.subject.variables,
        _ => return arguments,
    };
    let innermost = std::iter::successors(Some(&matches), |matches| matches.subcommand().map(|(_, inner)| inner)).last();
    if let Some(matches) = innermost {
        let places = |name: &str| matches.indices_of(name).into_iter().flatten().collect::<Vec<_>>();
        let of_vars = places("vars").into_iter().enumerate().map(|(at, place)| (place, Word::Variable(at)));
        let of_files = places("var_files").into_iter().enumerate().map(|(at, place)| (place, Word::File(at)));
        let mut order: Vec<(usize, Word)> = of_vars.chain(of_files).collect();
        order.sort_by_key(|(place, _)| *place);
        variables.order = order.into_iter().map(|(_, word)| word).collect();
    }
    arguments
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Rules {
    #[command(subcommand)]
    pub(crate) command: Option<RulesCommand>,
    /// How to print the list
    #[arg(long, value_enum, default_value_t = ListFormat::Text, value_name = "FORMAT")]
    pub(crate) output_format: ListFormat,
    /// Ignore .plimsoll/rules
    #[arg(long)]
    pub(crate) isolated: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Run the examples of rule pages
    Test {
        /// A folder with pages, or one page
        #[arg(default_value = crate::rules::OWN_PAGES, value_name = "DIR")]
        path: Utf8PathBuf,
    },
    /// Write the page of a new rule, ready to be filled in
    New {
        /// Names the bad pattern, in small letters and hyphens: `queue-without-owner`
        name: String,
    },
}

/// How findings are printed; each has a file in `output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Code frames with the culprit, related places and help
    Full,
    /// One line per finding: path:line:column: severity[rule] message
    Concise,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub workflows
    Github,
}

impl Format {
    /// Whether people read it.
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self, Self::Full | Self::Concise)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table
    Text,
    /// One JSON document
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

/// Words for the lowest severity that fails a run.
pub(crate) const THRESHOLDS: [(&str, Severity); 8] = [
    ("note", Severity::Info),
    ("warning", Severity::Low),
    ("error", Severity::High),
    ("info", Severity::Info),
    ("low", Severity::Low),
    ("medium", Severity::Medium),
    ("high", Severity::High),
    ("critical", Severity::Critical),
];

fn severity() -> impl TypedValueParser<Value = Severity> {
    PossibleValuesParser::new(SEVERITIES).try_map(|word| word.parse::<Severity>())
}

fn threshold() -> impl TypedValueParser<Value = Severity> {
    PossibleValuesParser::new(THRESHOLDS.map(|row| row.0)).try_map(|word| threshold_of(&word).ok_or("not a level"))
}

/// The lowest severity that fails a run, by its word.
pub(crate) fn threshold_of(word: &str) -> Option<Severity> {
    THRESHOLDS.iter().find(|(name, _)| *name == word).map(|row| row.1)
}

const UNITS: [(&str, u64); 7] =
    [("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30), ("kb", 1_000), ("mb", 1_000_000), ("gb", 1_000_000_000), ("b", 1)];

fn size(text: &str) -> Result<u64, String> {
    let lower = text.trim().to_ascii_lowercase();
    let (digits, unit) = UNITS.iter().find_map(|(unit, bytes)| Some((lower.strip_suffix(unit)?, *bytes))).unwrap_or((&lower, 1));
    let number = digits.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    number.ok_or_else(|| "a size is a whole number of bytes, or one with kB, MB, GB, KiB, MiB or GiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_variables_is_kept() {
        let words = ["plimsoll", "check", "-var", "a=1", "--var-file", "x.tfvars", "-var=b=2=3"];
        let Command::Check(check) = parse(words.map(OsString::from)).command else { panic!("not check") };
        assert_eq!(check.variables.vars, [("a".into(), "1".into()), ("b".into(), "2=3".into())]);
        assert_eq!(check.variables.order, [Word::Variable(0), Word::File(0), Word::Variable(1)]);
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn sizes_have_units() {
        let rows =
            [("10MB", Some(10_000_000)), ("1 KiB", Some(1024)), ("77", Some(77)), ("5b", Some(5)), ("1.5MB", None), ("MB", None)];
        for (text, expected) in rows {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
    }
}
