//! Colours, where they are wanted.

use std::fmt::Display;

use clap::builder::styling::{AnsiColor, Style};
use plimsoll_engine::Severity;

use crate::arguments::Color;

/// Paints text, or leaves it as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    pub(crate) on: bool,
}

impl Paint {
    /// No colours.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self { on: false };

    /// For standard output.
    pub(crate) fn stdout(color: Color) -> Self {
        Self { on: wanted(color, || anstream::AutoStream::choice(&std::io::stdout())) }
    }

    /// For standard error.
    pub(crate) fn stderr(color: Color) -> Self {
        Self { on: wanted(color, || anstream::AutoStream::choice(&std::io::stderr())) }
    }

    pub(crate) fn bold(self, text: impl Display) -> String {
        self.with(Style::new().bold(), text)
    }

    pub(crate) fn dim(self, text: impl Display) -> String {
        self.with(Style::new().dimmed(), text)
    }

    pub(crate) fn code(self, text: impl Display) -> String {
        self.with(AnsiColor::Cyan.on_default(), text)
    }

    pub(crate) fn bad(self, text: impl Display) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    pub(crate) fn good(self, text: impl Display) -> String {
        self.with(AnsiColor::Green.on_default().bold(), text)
    }

    pub(crate) fn careful(self, text: impl Display) -> String {
        self.with(AnsiColor::Yellow.on_default().bold(), text)
    }

    /// A word that leads to a page, on terminals that can.
    pub(crate) fn link(self, url: Option<&str>, text: impl Display) -> String {
        match url {
            Some(url) if self.on => format!("\u{1b}]8;;{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\"),
            _ => text.to_string(),
        }
    }

    /// In the colour of a severity.
    pub(crate) fn severity(self, severity: Severity, text: impl Display) -> String {
        let color = match severity {
            Severity::Critical | Severity::High => AnsiColor::Red,
            Severity::Medium => AnsiColor::Yellow,
            Severity::Low => AnsiColor::Blue,
            Severity::Info => AnsiColor::Cyan,
        };
        let style = color.on_default();
        self.with(if severity == Severity::Critical { style.bold() } else { style }, text)
    }

    fn with(self, style: Style, text: impl Display) -> String {
        if self.on { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}

fn wanted(color: Color, auto: impl Fn() -> anstream::ColorChoice) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => auto() != anstream::ColorChoice::Never,
    }
}
