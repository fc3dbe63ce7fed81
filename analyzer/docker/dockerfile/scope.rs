//! What variables hold: `ARG` and `ENV`, in the file and in its stages.

use compact_str::CompactString;
use plimsoll_syntax::Place;

use super::expand::Lookup;

/// Build arguments that BuildKit sets by itself where `FROM` reads them.
const PLATFORM: &str = "TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT TARGETOSVERSION TARGETSTAGE BUILDPLATFORM BUILDOS BUILDARCH \
                        BUILDVARIANT BUILDOSVERSION";
/// Build arguments that need no declaration in `RUN`.
const PROXIES: &str = "HTTP_PROXY http_proxy HTTPS_PROXY https_proxy FTP_PROXY ftp_proxy NO_PROXY no_proxy ALL_PROXY all_proxy \
                       SOURCE_DATE_EPOCH";

/// A variable of the environment.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: CompactString,
    /// Its value, holes marked.
    pub(super) text: CompactString,
    pub(super) place: Place,
}

/// The variables of a stage, or of the file before the first stage.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    /// `ENV`, in order.
    pub(super) env: Vec<Variable>,
    /// `ARG`, with its default.
    pub(super) args: Vec<(CompactString, Option<CompactString>)>,
    /// Nobody but the file sets variables: there is no base image.
    pub(super) closed: bool,
}

impl Variables {
    /// What a name is here.
    pub(super) fn lookup(&self, name: &str) -> Lookup {
        if let Some(variable) = self.env.iter().find(|variable| variable.name == name) {
            return Lookup::Set(variable.text.clone());
        }
        match self.args.iter().find(|arg| arg.0 == name) {
            Some((_, Some(text))) => Lookup::Set(text.clone()),
            Some((_, None)) => Lookup::Declared,
            None if self.closed && !is_given(name) => Lookup::Missing,
            None => Lookup::Elsewhere,
        }
    }

    pub(super) fn set_env(&mut self, variable: Variable) {
        match self.env.iter_mut().find(|known| known.name == variable.name) {
            Some(known) => *known = variable,
            None => self.env.push(variable),
        }
    }

    pub(super) fn set_arg(&mut self, name: CompactString, text: Option<CompactString>) {
        match self.args.iter_mut().find(|known| known.0 == name) {
            Some(known) => known.1 = text,
            None => self.args.push((name, text)),
        }
    }

    /// The default of a build argument.
    pub(super) fn arg(&self, name: &str) -> Option<&CompactString> {
        self.args.iter().find(|arg| arg.0 == name)?.1.as_ref()
    }
}

/// Whether BuildKit gives the variable by itself.
pub(super) fn is_given(name: &str) -> bool {
    let has = |words: &str| words.split_ascii_whitespace().any(|known| known == name);
    has(PLATFORM) || has(PROXIES) || name == "PATH"
}
