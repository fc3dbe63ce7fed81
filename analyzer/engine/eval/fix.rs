//! Fixes that follow from a condition, or that a header gives: which values should be otherwise. How that is written in a format is
//! the business of [`crate::fix`].

use compact_str::CompactString;
use plimsoll_rule_language::condition::{Argument, Comparison, Condition, Literal, Operand, Path, Root, Step};
use plimsoll_rule_language::functions::Function;
use plimsoll_rule_language::rule::{FixRule, Verdict};
use plimsoll_rule_language::schema::Type;
use plimsoll_syntax::{Kind, Place, Value};

use super::Evaluator;
use super::slot::{Frames, Shape, Slot};
use crate::truth::Truth;

/// What should be otherwise.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RawFix {
    /// Every change; they belong together.
    pub(crate) changes: Vec<Change>,
    /// It cannot change anything that worked.
    pub(crate) safe: bool,
    /// What it does, as an imperative sentence.
    pub(crate) message: String,
}

/// One thing that should be otherwise.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// A scalar that is written becomes another.
    Replace {
        /// The scalar.
        place: Place,
        /// What is written there, when it is the value itself.
        written: String,
        /// What should be.
        literal: Literal,
    },
    /// A key that is absent is set.
    Insert {
        /// What should have it.
        holder: Holder,
        /// The keys from there; all but the last are created.
        names: Vec<Name>,
        /// What should be.
        literal: Literal,
    },
    /// An entry is taken away.
    Remove {
        /// The entry.
        place: Place,
        /// Its key, as the schema has it.
        name: String,
    },
    /// A list gets an element.
    Append {
        /// The list.
        place: Place,
        /// The element.
        literal: Literal,
    },
    /// An element of a list is taken away.
    RemoveElement {
        /// The list.
        list: Place,
        /// The element.
        place: Place,
    },
    /// A command gets words after one that it has.
    InsertWords {
        /// The word before them.
        after: Place,
        /// That word.
        written: String,
        /// The new ones.
        words: Vec<String>,
    },
    /// A command loses a word.
    RemoveWord {
        /// The word.
        place: Place,
        /// What it is.
        written: String,
    },
    /// A RUN instruction ends with a further command.
    AppendCommand {
        /// A place in the instruction.
        inside: Place,
        /// The command.
        command: String,
    },
    /// An instruction gets another keyword.
    Keyword {
        /// A place in the instruction.
        inside: Place,
        /// The keyword.
        keyword: String,
    },
    /// A stage gets an instruction.
    Instruction {
        /// A place in the stage's FROM.
        stage: Place,
        /// The keyword.
        keyword: &'static str,
        /// What stands behind it.
        arguments: String,
    },
}

/// A map that is written somewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Holder {
    /// The value's place: a map, or the header of a block.
    pub(crate) place: Place,
    /// Its whole extent, where that is known.
    pub(crate) range: plimsoll_syntax::Span,
}

/// A key to be written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name {
    /// As the schema has it.
    pub(crate) text: CompactString,
    /// It is a block, where the format has such.
    pub(crate) block: bool,
}

/// More changes than this are a rewrite, not a fix.
const MOST: usize = 8;

impl<'a> Evaluator<'a> {
    /// The fix of a violated row, where it is a change of what is written in the item's own file.
    pub(super) fn fix(&self, frames: &Frames<'_, 'a>) -> Option<RawFix> {
        let mut changes = Vec::new();
        let mut said = Vec::new();
        match (&self.row.fix, &self.row.verdict) {
            (FixRule::None, _) | (FixRule::Derived, Verdict::Rust) => return None,
            (FixRule::Set(all), _) => {
                for (path, literal) in all {
                    changes.push(self.given(path, literal, frames, &mut said)?);
                }
            }
            (FixRule::Derived, Verdict::Require(condition)) => self.required(condition, frames, &mut changes, &mut said)?,
            (FixRule::Derived, Verdict::Forbid(condition)) => changes.push(self.forbidden(condition, frames, &mut said)?),
        }
        if changes.is_empty() || changes.len() > MOST {
            return None;
        }
        Some(RawFix { changes, safe: self.row.safe, message: said.join(", ") })
    }

    /// What a header says.
    fn given(&self, path: &Path, literal: &Literal, frames: &Frames<'_, 'a>, said: &mut Vec<String>) -> Option<Change> {
        let item = frames.item.item?;
        let has = |view: &str| item.views.iter().any(|known| known.split('.').next() == Some(view));
        let name = match path.steps.last() {
            Some(Step::Field(name)) => name.as_str(),
            _ => "",
        };
        match (name, literal) {
            ("keyword", Literal::String(keyword)) if has("instruction") => {
                said.push(format!("write {keyword}"));
                Some(Change::Keyword { inside: item.header, keyword: keyword.to_string() })
            }
            ("commands", Literal::List(commands)) if has("instruction") => {
                let [Literal::String(command)] = &commands[..] else { return None };
                said.push(format!("add `{command}`"));
                Some(Change::AppendCommand { inside: item.header, command: command.to_string() })
            }
            ("argv", Literal::List(words)) if has("command") => {
                let words: Vec<String> = words
                    .iter()
                    .filter_map(|word| if let Literal::String(word) = word { Some(word.to_string()) } else { None })
                    .collect();
                insert_words(&item.value, words, said)
            }
            ("user", Literal::String(user)) if has("stage") => {
                said.push(format!("add `USER {user}`"));
                Some(Change::Instruction { stage: item.header, keyword: "USER", arguments: user.to_string() })
            }
            (_, Literal::Null) => self.removed(path, frames, said),
            // The address of a port that is published is part of a word: the element has it, not the key.
            ("host_ip", _) => {
                let owner = self.slot(&Path { steps: path.steps.split_last()?.1.to_vec(), ..path.clone() }, frames);
                said.push(format!("publish it on {}", plain(literal)));
                Some(Change::Insert {
                    holder: holder(&owner)?,
                    names: vec![Name { text: name.into(), block: false }],
                    literal: literal.clone(),
                })
            }
            _ => self.set(path, literal, frames, said),
        }
    }

    /// Every part of a requirement that does not hold.
    fn required(
        &self,
        condition: &'a Condition,
        frames: &Frames<'_, 'a>,
        changes: &mut Vec<Change>,
        said: &mut Vec<String>,
    ) -> Option<()> {
        match condition {
            Condition::And(parts) => {
                for part in parts {
                    if self.condition(part, frames).truth != Truth::True {
                        self.required(part, frames, changes, said)?;
                    }
                }
                Some(())
            }
            // `>= 0` asks whether there is one at all.
            Condition::Compare(_, Comparison::GreaterEqual, right) if right.literal() == Some(&Literal::Number(0.0)) => None,
            Condition::Compare(
                Operand::Path(path),
                Comparison::Equal | Comparison::GreaterEqual | Comparison::LessEqual,
                Operand::Literal(literal),
            ) => {
                changes.push(self.set(path, literal, frames, said)?);
                Some(())
            }
            Condition::Compare(Operand::Call(Function::Flag, arguments, _), Comparison::NotEqual, right) if is_null(right) => {
                // Which value a flag wants is nothing that a rule says: only those are added that want none.
                let name =
                    strings(arguments).into_iter().next().filter(|name| !name.starts_with("--") || name.starts_with("--no-"))?;
                self.is_argv(arguments, frames)?;
                changes.push(insert_words(&frames.item.item?.value, vec![name], said)?);
                Some(())
            }
            Condition::Test(Function::OneOf, arguments) => {
                let [subject, first, ..] = &arguments[..] else { return None };
                let (path, literal) = (subject.path()?, first.literal()?);
                changes.push(self.set(path, literal, frames, said)?);
                Some(())
            }
            Condition::Test(Function::Contains, arguments) => {
                let [list, wanted] = &arguments[..] else { return None };
                let (path, literal) = (list.path()?, wanted.literal()?);
                let slot = self.slot(path, frames);
                let change = match &slot.value.kind {
                    Kind::List(list) if is_own(&slot, frames) && list.tail.is_none() => {
                        Change::Append { place: slot.value.place, literal: literal.clone() }
                    }
                    _ => {
                        return self
                            .set(path, &Literal::List(vec![literal.clone()]), frames, said)
                            .map(|change| changes.push(change));
                    }
                };
                said.push(format!("add {} to `{}`", plain(literal), shown(&slot, path)));
                changes.push(change);
                Some(())
            }
            _ => None,
        }
    }

    /// The opposite of what is forbidden.
    fn forbidden(&self, condition: &Condition, frames: &Frames<'_, 'a>, said: &mut Vec<String>) -> Option<Change> {
        match condition {
            Condition::Compare(Operand::Path(path), Comparison::Equal, right) => match right.literal()? {
                Literal::Bool(value) => self.set(path, &Literal::Bool(!value), frames, said),
                _ => None,
            },
            Condition::Compare(Operand::Path(path), Comparison::NotEqual, right) if is_null(right) => {
                self.removed(path, frames, said)
            }
            Condition::Compare(Operand::Call(Function::Flag, arguments, _), Comparison::NotEqual, right) if is_null(right) => {
                self.is_argv(arguments, frames)?;
                let names = strings(arguments);
                let argv = frames.item.item?.value.get("argv")?;
                let borrowed: Vec<&str> = names.iter().map(String::as_str).collect();
                // A flag whose value is the next word would leave that behind.
                if crate::domains::argv::flag(argv, &borrowed).as_str() != Some("true") {
                    return None;
                }
                let is_one = |word: &&Value| word.as_str().is_some_and(|text| names.iter().any(|name| text == name));
                let word = argv.items().iter().find(is_one)?;
                let written = word.as_str()?.to_owned();
                said.push(format!("leave out `{written}`"));
                Some(Change::RemoveWord { place: word.place, written })
            }
            Condition::Test(Function::Contains, arguments) => {
                let [list, wanted] = &arguments[..] else { return None };
                let (Some(path), Some(Literal::String(wanted))) = (list.path(), wanted.literal()) else { return None };
                let slot = self.slot(path, frames);
                let element = slot.value.items().iter().find(|item| item.as_str() == Some(wanted))?;
                (is_own(&slot, frames) && element.via.is_none()).then(|| {
                    said.push(format!("take {wanted:?} out of `{}`", shown(&slot, path)));
                    Change::RemoveElement { list: slot.value.place, place: element.place }
                })
            }
            _ => None,
        }
    }

    /// The flags are those of the item's own words.
    fn is_argv(&self, arguments: &[Argument], frames: &Frames<'_, 'a>) -> Option<()> {
        let path = arguments.first()?.path()?;
        let own =
            matches!(&path.steps[..], [Step::Field(name)] if name == "argv") && matches!(path.root, Root::Here | Root::Item);
        (own && frames.each.is_none()).then_some(())
    }

    /// A path gets a value: the scalar that is there is replaced, one that is absent is inserted.
    fn set(&self, path: &Path, literal: &Literal, frames: &Frames<'_, 'a>, said: &mut Vec<String>) -> Option<Change> {
        let slot = self.slot(path, frames);
        let message = format!("set `{}` to {}", shown(&slot, path), plain(literal));
        if slot.present {
            let written = match (&slot.value.kind, literal) {
                (Kind::Bool(value), Literal::Bool(_)) => value.to_string(),
                (Kind::Number(value), Literal::Number(_)) => value.to_string(),
                (Kind::String(value), Literal::String(_)) => value.to_string(),
                _ => return None,
            };
            return (is_own(&slot, frames) && !slot.value.place.span.is_empty()).then(|| {
                said.push(message);
                Change::Replace { place: slot.value.place, written, literal: literal.clone() }
            });
        }
        // The deepest part of the way that is there.
        for known in (0..path.steps.len()).rev() {
            let (before, missing) = path.steps.split_at(known);
            let above = self.slot(&Path { steps: before.to_vec(), ..path.clone() }, frames);
            if !above.present {
                continue;
            }
            let mut names = Vec::new();
            let mut shape = above.shape;
            for step in missing {
                let Step::Field(name) = step else { return None };
                let field = shape.and_then(|shape| self.body(shape)).and_then(|body| body.get(name));
                shape = field.map(|field| Shape::Of(&field.ty));
                names.push(Name { text: name.clone(), block: is_block(field.map(|field| &field.ty)) });
            }
            let holder = holder(&above)?;
            // What is there without being written, such as a machine's first disk, has no place of its own.
            let is_implied =
                |item: &plimsoll_syntax::Item| item.range == item.header.span && item.views.iter().any(|view| view == "disk");
            if frames.item.item.is_some_and(is_implied) {
                return None;
            }
            let own = above.value.via.is_none() && holder.place.file == frames.item.place.file;
            return own.then(|| {
                said.push(message);
                Change::Insert { holder, names, literal: literal.clone() }
            });
        }
        None
    }

    fn removed(&self, path: &Path, frames: &Frames<'_, 'a>, said: &mut Vec<String>) -> Option<Change> {
        let slot = self.slot(path, frames);
        let Some(Step::Field(name)) = path.steps.last() else { return None };
        (slot.present && is_own(&slot, frames)).then(|| {
            said.push(format!("remove `{}`", shown(&slot, path)));
            Change::Remove { place: slot.place, name: name.to_string() }
        })
    }
}

/// Written in the item's file, where it is used.
fn is_own(slot: &Slot<'_>, frames: &Frames<'_, '_>) -> bool {
    slot.value.via.is_none() && slot.value.place.file == frames.item.place.file && slot.value.place.is_some()
}

/// Where a map is written.
fn holder(slot: &Slot<'_>) -> Option<Holder> {
    let value = match &slot.value.kind {
        Kind::List(list) if list.items.len() == 1 => list.items.first()?,
        _ => &slot.value,
    };
    let Kind::Map(map) = &value.kind else { return None };
    let tail = map.tail.is_some() && map.range.is_empty();
    (value.place.is_some() && !tail).then_some(Holder { place: value.place, range: map.range })
}

fn is_block(ty: Option<&Type>) -> bool {
    match ty {
        Some(Type::Block { .. }) => true,
        Some(Type::List(inner)) => is_block(Some(inner)),
        _ => false,
    }
}

/// The name of a path in a sentence.
fn shown(slot: &Slot<'_>, path: &Path) -> String {
    let names = slot.names();
    if !names.is_empty() {
        return names.join(".");
    }
    let steps = path.steps.iter().filter_map(|step| if let Step::Field(name) = step { Some(name.as_str()) } else { None });
    steps.collect::<Vec<_>>().join(".")
}

fn is_null(operand: &Operand) -> bool {
    operand.literal() == Some(&Literal::Null)
}

/// A literal in a sentence.
fn plain(literal: &Literal) -> String {
    literal.to_string()
}

fn strings(arguments: &[Argument]) -> Vec<String> {
    let literals = arguments.iter().filter_map(|argument| match argument.literal() {
        Some(Literal::String(text)) => Some(text.to_string()),
        _ => None,
    });
    literals.collect()
}

/// Words behind the subcommand, or behind the program.
fn insert_words(command: &Value, words: Vec<String>, said: &mut Vec<String>) -> Option<Change> {
    let argv = command.get("argv")?.items();
    let name = command.str_at(&["subcommand"]);
    let after = argv.iter().find(|word| name.is_some() && word.as_str() == name).or_else(|| argv.first())?;
    let written = after.as_str()?.to_owned();
    if words.is_empty() || after.place.span.is_empty() {
        return None;
    }
    said.push(format!("add `{}`", words.join(" ")));
    Some(Change::InsertWords { after: after.place, written, words })
}
