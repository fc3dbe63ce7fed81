//! What conditions need of an item's fields.

use compact_str::CompactString;
use plimsoll_rule_language::condition::{Argument, Comparison, Condition, Literal, Operand, Path, Root, Step};
use plimsoll_rule_language::functions::Function;

/// What a condition claims of a field: without it the condition is not what is wanted.
#[derive(Clone)]
pub(super) struct Claim<'a> {
    pub(super) field: &'a CompactString,
    /// The names that lead on from there.
    pub(super) inner: &'a [Step],
    pub(super) test: Claimed<'a>,
}

#[derive(Clone)]
pub(super) enum Claimed<'a> {
    Texts(Vec<&'a CompactString>),
    Written,
    Elements,
    Absent,
    /// It is there, and not the other one.
    Flag(bool),
    /// It is not this one, be it there or not.
    Not(bool),
}

impl<'a> Claim<'a> {
    /// What either of two conditions needs.
    fn or(self, other: &Self) -> Option<Self> {
        let test = match (self.test, &other.test) {
            _ if self.field != other.field || self.inner != other.inner => return None,
            (Claimed::Texts(mut texts), Claimed::Texts(more)) => {
                texts.extend(more);
                Claimed::Texts(texts)
            }
            (Claimed::Elements, Claimed::Elements) => Claimed::Elements,
            (Claimed::Absent, Claimed::Absent) => Claimed::Absent,
            (Claimed::Flag(one), Claimed::Flag(other)) if one == *other => Claimed::Flag(one),
            (Claimed::Not(one), Claimed::Not(other)) if one == *other => Claimed::Not(one),
            (Claimed::Absent | Claimed::Not(_), _) | (_, Claimed::Absent | Claimed::Not(_)) => return None,
            _ => Claimed::Written,
        };
        Some(Self { test, ..self })
    }
}

/// Adds what a condition claims of the item's own fields, to be true or false as it is wanted; `here`: names without a root are the
/// item's.
pub(super) fn claim<'a>(condition: &'a Condition, wanted: bool, here: bool, out: &mut Vec<Claim<'a>>) {
    match condition {
        Condition::Not(inner) => claim(inner, !wanted, here, out),
        // Every part of it must be as it is wanted.
        Condition::And(all) if wanted => all.iter().for_each(|condition| claim(condition, wanted, here, out)),
        Condition::Or(all) if !wanted => all.iter().for_each(|condition| claim(condition, wanted, here, out)),
        Condition::And(all) | Condition::Or(all) => {
            let mut arms = all.iter().map(|condition| {
                let mut claims = Vec::new();
                claim(condition, wanted, here, &mut claims);
                claims
            });
            let first = arms.next().unwrap_or_default();
            let both = |known: Vec<Claim<'a>>, arm: Vec<Claim<'a>>| {
                known.into_iter().filter_map(|claim| arm.iter().find_map(|other| claim.clone().or(other))).collect()
            };
            out.extend(arms.fold(first, both));
        }
        Condition::Compare(Operand::Path(path), comparison, Operand::Literal(constant)) => {
            let Some(field) = own_field(path, here) else { return };
            out.extend(compared(path, *comparison, constant, wanted).map(|test| Claim { field, inner: &[], test }));
            if let (Some((_, inner @ [_, ..])), Literal::String(text)) = (path.steps.split_first(), &**constant)
                && *comparison == if wanted { Comparison::Equal } else { Comparison::NotEqual }
            {
                out.push(Claim { field, inner, test: Claimed::Texts(vec![text]) });
            }
        }
        Condition::Test(function, arguments) => {
            let Some((path, others)) = arguments.split_first().and_then(|(first, others)| Some((first.path()?, others))) else {
                return;
            };
            let test = own_field(path, here).and_then(|field| Some((field, tested(*function, path, others, wanted)?)));
            out.extend(test.map(|(field, test)| Claim { field, inner: &[], test }));
        }
        Condition::Constant(_) | Condition::Compare(..) => {}
    }
}

/// What a comparison with a constant needs: only null equals null, and nothing is less or more.
fn compared<'a>(path: &Path, comparison: Comparison, constant: &'a Literal, wanted: bool) -> Option<Claimed<'a>> {
    let single = path.steps.len() == 1;
    match (comparison, constant) {
        (Comparison::Equal | Comparison::NotEqual, _) => {
            let equal = (comparison == Comparison::Equal) == wanted;
            match (equal, constant) {
                (true, Literal::Null) => single.then_some(Claimed::Absent),
                (true, Literal::String(text)) if single => Some(Claimed::Texts(vec![text])),
                (true, Literal::Bool(flag)) if single => Some(Claimed::Flag(*flag)),
                (false, Literal::Bool(flag)) => single.then_some(Claimed::Not(*flag)),
                (false, Literal::Null) | (true, _) => Some(there(path)),
                (false, _) => None,
            }
        }
        _ => wanted.then(|| there(path)),
    }
}

/// What a test needs of the field that its subject is, or lies in.
fn tested<'a>(function: Function, path: &Path, others: &'a [Argument], wanted: bool) -> Option<Claimed<'a>> {
    match function {
        Function::None | Function::All if !wanted => Some(Claimed::Elements),
        _ if !wanted => None,
        Function::OneOf if path.steps.len() == 1 => {
            let texts: Option<Vec<_>> = others.iter().map(|other| texts(other.literal()?)).collect();
            texts.map(|texts| Claimed::Texts(texts.concat()))
        }
        Function::Any | Function::Contains | Function::Intersects => Some(Claimed::Elements),
        Function::Matches
        | Function::StartsWith
        | Function::EndsWith
        | Function::Satisfies
        | Function::Retired
        | Function::Wellformed
        | Function::SecretName
        | Function::Literal
        | Function::Written => Some(there(path)),
        _ => None,
    }
}

/// Something is at the end of the path: of an empty list there is no part.
fn there<'a>(path: &Path) -> Claimed<'a> {
    if path.steps.len() == 1 { Claimed::Written } else { Claimed::Elements }
}

/// The field of the item that a path is, or leads into by nothing but names.
pub(super) fn own_field(path: &Path, here: bool) -> Option<&CompactString> {
    let own = match path.root {
        Root::Item => true,
        Root::Here => here,
        _ => false,
    };
    let [Step::Field(name), rest @ ..] = &path.steps[..] else { return None };
    (own && rest.iter().all(|step| matches!(step, Step::Field(_)))).then_some(name)
}

/// The texts of a list of nothing but texts, or the one text.
fn texts(literal: &Literal) -> Option<Vec<&CompactString>> {
    match literal {
        Literal::String(text) => Some(vec![text]),
        Literal::List(all) => all.iter().map(texts).collect::<Option<Vec<_>>>().map(|all| all.concat()),
        _ => None,
    }
}
