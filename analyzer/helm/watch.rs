//! What templates read of the values, so that a template whose values did not change need not be rendered again.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use sha2::{Digest as _, Sha256};

use crate::value::{Data, Dict, MAX_DEPTH, Value};

/// A map that is watched: its number, and where reads of it are noted.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    number: u32,
    log: Rc<Log>,
}

/// What was read and written since it was last taken.
#[derive(Debug, Default)]
pub(crate) struct Log(RefCell<Noted>);

#[derive(Debug, Default)]
struct Noted {
    reads: FxHashSet<(u32, Read<Rc<str>>)>,
    written: bool,
}

/// What is read of a map.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Read<K> {
    /// What is under a key; a map under it is read by itself.
    Key(K),
    /// Which keys there are.
    Names,
    /// Everything in it.
    Whole,
}

impl Watched {
    pub(crate) fn read(&self, read: impl FnOnce() -> Read<Rc<str>>) {
        // What is around the values is the same for every rendering.
        if self.number > 0 {
            self.log.0.borrow_mut().reads.insert((self.number, read()));
        }
    }

    pub(crate) fn write(&self) {
        self.log.0.borrow_mut().written = true;
    }
}

/// The values of a chart, all of whose maps are watched.
pub(crate) struct Watch {
    values: Dict,
    log: Rc<Log>,
    /// By the number of a map: the keys that lead to it.
    paths: Vec<Rc<[Rc<str>]>>,
}

/// Something that was read, and what it was.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    path: Arc<[Arc<str>]>,
    read: Read<Arc<str>>,
    digest: [u8; 32],
}

impl Watch {
    /// Watches the values, and whether anybody writes to these maps around them.
    pub(crate) fn over(values: &Dict, around: &[Dict]) -> Self {
        let mut watch = Self { values: values.clone(), log: Rc::default(), paths: vec![Rc::default()] };
        watch.label(values, &mut Vec::new());
        for dict in around {
            dict.watch(Watched { number: 0, log: watch.log.clone() });
        }
        watch
    }

    fn label(&mut self, dict: &Dict, path: &mut Vec<Rc<str>>) {
        let number = u32::try_from(self.paths.len()).unwrap_or(u32::MAX);
        if path.len() > MAX_DEPTH {
            // Nobody is to rely on what is read down there.
            self.log.0.borrow_mut().written = true;
        }
        if path.len() > MAX_DEPTH || !dict.watch(Watched { number, log: self.log.clone() }) {
            return;
        }
        self.paths.push(path.as_slice().into());
        let inner: Vec<(Rc<str>, Value)> =
            dict.peek(|entries| entries.iter().map(|(key, slot)| (key.clone(), slot.value.clone())).collect());
        for (key, value) in inner {
            match &value.data {
                Data::Map(dict) => {
                    path.push(key);
                    self.label(dict, path);
                    path.pop();
                }
                Data::List(items) => items.iter().for_each(|item| self.guard(item, MAX_DEPTH)),
                _ => {}
            }
        }
    }

    /// Watches for writes only: what is in a list is read as a whole.
    fn guard(&self, value: &Value, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match &value.data {
            Data::Map(dict) => {
                dict.watch(Watched { number: 0, log: self.log.clone() });
                let inner: Vec<Value> = dict.peek(|entries| entries.values().map(|slot| slot.value.clone()).collect());
                inner.iter().for_each(|value| self.guard(value, depth));
            }
            Data::List(items) => items.iter().for_each(|item| self.guard(item, depth)),
            _ => {}
        }
    }

    /// Whether something was written.
    pub(crate) fn is_written(&self) -> bool {
        self.log.0.borrow().written
    }

    /// Forgets what was read so far.
    pub(crate) fn forget(&self) {
        self.log.0.borrow_mut().reads.clear();
    }

    /// What was read since then, and what it is.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let shared = |text: &Rc<str>| Arc::<str>::from(&**text);
        let noted = self.log.0.borrow();
        let seen = noted.reads.iter().filter_map(|(number, read)| {
            let path: Arc<[Arc<str>]> = self.paths.get(*number as usize)?.iter().map(shared).collect();
            let read = match read {
                Read::Key(key) => Read::Key(shared(key)),
                Read::Names => Read::Names,
                Read::Whole => Read::Whole,
            };
            let digest = self.digest(&path, &read)?;
            Some(Seen { path, read, digest })
        });
        seen.collect()
    }

    /// Whether it is still the same.
    pub(crate) fn is_same(&self, seen: &Seen) -> bool {
        self.digest(&seen.path, &seen.read) == Some(seen.digest)
    }

    /// `None`: no map is there.
    fn digest(&self, path: &[Arc<str>], read: &Read<Arc<str>>) -> Option<[u8; 32]> {
        let mut dict = self.values.clone();
        for key in path {
            dict = dict.peek(|entries| entries.get(&**key).and_then(|slot| slot.value.as_dict().cloned()))?;
        }
        let mut digest = Sha256::new();
        match read {
            Read::Key(key) => dict.peek(|entries| match entries.get(&**key).map(|slot| &slot.value) {
                None => digest.update([0]),
                Some(value) if value.as_dict().is_some() => digest.update([1]),
                Some(value) => feed(value, &mut digest, MAX_DEPTH),
            }),
            Read::Names => dict.peek(|entries| entries.keys().for_each(|key| feed_text(key, &mut digest))),
            Read::Whole => feed_map(&dict, &mut digest, MAX_DEPTH),
        }
        Some(digest.finalize().into())
    }
}

/// A value without its places.
fn feed(value: &Value, digest: &mut Sha256, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    digest.update([u8::from(value.origin.opaque)]);
    match &value.data {
        Data::Void | Data::Nil => digest.update([2]),
        Data::Bool(flag) => digest.update([3, u8::from(*flag)]),
        Data::Int(int) => digest.update([&[4], int.to_le_bytes().as_slice()].concat()),
        Data::Long(int) => digest.update([&[5], int.to_le_bytes().as_slice()].concat()),
        Data::Float(float) => digest.update([&[6], float.to_bits().to_le_bytes().as_slice()].concat()),
        Data::Str(text) => {
            digest.update([7]);
            feed_text(text.as_str(), digest);
        }
        Data::List(items) => {
            digest.update([&[8], items.len().to_le_bytes().as_slice()].concat());
            items.iter().for_each(|item| feed(item, digest, depth));
        }
        Data::Map(dict) => {
            digest.update([9]);
            feed_map(dict, digest, depth);
        }
        // Nothing of the kind is a value of a file.
        Data::Object(_) => digest.update([10]),
    }
}

fn feed_map(dict: &Dict, digest: &mut Sha256, depth: usize) {
    dict.peek(|entries| {
        digest.update(entries.len().to_le_bytes());
        for (key, slot) in entries {
            feed_text(key, digest);
            feed(&slot.value, digest, depth);
        }
    });
}

fn feed_text(text: &str, digest: &mut Sha256) {
    digest.update(text.len().to_le_bytes());
    digest.update(text.as_bytes());
}
