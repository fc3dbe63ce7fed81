//! The names that conditions may use, as one table: spelling, arguments, what they give.

use serde::{Deserialize, Serialize};

macro_rules! functions {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal ($($argument:ident),*) $($rest:ident)? -> $gives:ident;)*) => {
        /// A predicate, quantifier or function of the rule language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Function { $($(#[doc = $doc])* $variant),* }

        /// What the compiler and the reference page know of each function, in the order of the reference.
        pub const FUNCTIONS: &[Signature] = &[$(Signature {
            function: Function::$variant,
            name: $name,
            arguments: &[$(Kind::$argument),*],
            rest: functions!(@rest $($rest)?),
            gives: Gives::$gives,
            doc: concat!($($doc),*),
        }),*];
    };
    (@rest) => { None };
    (@rest $rest:ident) => { Some(Kind::$rest) };
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Which.
    pub function: Function,
    /// As written.
    pub name: &'static str,
    /// The arguments that must be there.
    pub arguments: &'static [Kind],
    /// What may follow, any number of times.
    pub rest: Option<Kind>,
    /// What it gives.
    pub gives: Gives,
    /// One sentence.
    pub doc: &'static str,
}

/// What an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any value.
    Any,
    /// A list, repeated block or map.
    List,
    /// A string, or something with a text.
    Text,
    /// A literal string.
    Pattern,
    /// A literal, a path or `it`.
    Value,
    /// A set of ports.
    Ports,
    /// A set of addresses.
    Addresses,
    /// A condition on each element.
    Condition,
}

/// What a function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// A condition: it stands alone.
    Condition,
    /// A value to compare.
    Number,
    /// A value to compare.
    Text,
    /// A list.
    List,
    /// A value whose parts have names.
    Parts,
}

functions! {
    /// Some element satisfies the condition.
    Any "any" (List, Condition) -> Condition;
    /// Every element satisfies the condition.
    All "all" (List, Condition) -> Condition;
    /// No element satisfies the condition.
    None "none" (List, Condition) -> Condition;
    /// How many elements satisfy the condition.
    Count "count" (List, Condition) -> Number;
    /// How many elements, entries, blocks or characters there are.
    Length "length" (Any) -> Number;
    /// The list has this element.
    Contains "contains" (List, Value) -> Condition;
    /// The value is one of these.
    OneOf "one_of" (Any, Value) Value -> Condition;
    /// Some element is one of these.
    Intersects "intersects" (List, Value) -> Condition;
    /// The text matches the regular expression, anywhere.
    Matches "matches" (Text, Pattern) -> Condition;
    /// The text begins so.
    StartsWith "startswith" (Text, Value) -> Condition;
    /// The text ends so.
    EndsWith "endswith" (Text, Value) -> Condition;
    /// The text in lower case.
    Lower "lower" (Text) -> Text;
    /// The text, split and trimmed.
    Parts "parts" (Text, Pattern) -> List;
    /// The version satisfies the constraint.
    Satisfies "satisfies" (Text, Pattern) -> Condition;
    /// The version is out of support in a table of this release.
    Retired "retired" (Text, Pattern) -> Condition;
    /// The text, read as a duration.
    Duration "duration" (Any) -> Number;
    /// The text, read as a Kubernetes quantity.
    Quantity "quantity" (Any) -> Number;
    /// The text, read as the least TLS version that it accepts.
    Tls "tls" (Text) -> Text;
    /// The text, read as an image reference: `.registry .repository .name .tag .digest`.
    Image "image" (Text) -> Parts;
    /// The first divided by the second, in their own domain.
    Ratio "ratio" (Any, Any) -> Number;
    /// The set of ports has this port, or touches this range.
    Covers "covers" (Ports, Value) -> Condition;
    /// The addresses touch public space.
    Internet "internet" (Addresses) -> Condition;
    /// The addresses are all there are.
    World "world" (Addresses) -> Condition;
    /// The addresses lie in loopback.
    Loopback "loopback" (Addresses) -> Condition;
    /// The path is absolute.
    Absolute "absolute" (Text) -> Condition;
    /// The value of the first of these flags that is there; `"true"` for a bare one.
    Flag "flag" (List, Pattern) Pattern -> Text;
    /// The source text holds a credential.
    Secret "secret" (Any) -> Condition;
    /// The whole value is a constant of the source.
    Literal "literal" (Any) -> Condition;
    /// The name announces a credential.
    SecretName "secret_name" (Text) -> Condition;
    /// Somebody wrote the value: it is not a default.
    Written "written" (Any) -> Condition;
    /// The text is well-formed: `semver`, `url`, `email`, `dns-label`, `uuid`, `cron`, ….
    Wellformed "wellformed" (Text, Pattern) -> Condition;
    /// The label selector selects these labels.
    Selects "selects" (Any, Any) -> Condition;
    /// The IAM action patterns cover this action.
    Allows "allows" (List, Pattern) -> Condition;
    /// Everyone is among the principals.
    Public "public" (Any) -> Condition;
    /// A condition limits the statement to an account, organisation, network or endpoint.
    Narrowed "narrowed" (Any) -> Condition;
    /// The resources that the value was made from.
    References "references" (Any) -> List;
}

impl Function {
    /// Its row in the table.
    #[must_use]
    pub fn signature(self) -> &'static Signature {
        &FUNCTIONS[self as usize]
    }

    /// The function of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        FUNCTIONS.iter().find(|signature| signature.name == name).map(|signature| signature.function)
    }

    /// Whether its condition ranges over the elements of its first argument.
    #[must_use]
    pub const fn is_quantifier(self) -> bool {
        matches!(self, Self::Any | Self::All | Self::None | Self::Count)
    }
}
