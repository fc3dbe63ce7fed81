//! The isolation ladder: how far a workload is from being its host.

/// A rung, from the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// 0: it can act as its host.
    Host,
    /// 1: it shares the kernel and has given some of its protection away.
    Weakened,
    /// 2: it shares the kernel with the engine's defaults.
    Default,
    /// 3: it shares the kernel under the restricted profile, or in a user namespace.
    Hardened,
    /// 4: it has a kernel interface of its own.
    Sandboxed,
    /// 5: it has a kernel of its own.
    OwnKernel,
}

impl Rung {
    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Weakened => "weakened",
            Self::Default => "default",
            Self::Hardened => "hardened",
            Self::Sandboxed => "sandboxed",
            Self::OwnKernel => "own kernel",
        }
    }
}
