//! How far what is kept reaches: the files that its places are of, and the last byte of the one that it is declared in. What an edit
//! does not reach need not be looked at.

use plimsoll_syntax::value::{How, Kind, Via};
use plimsoll_syntax::{FileId, Item, Place, Value};

use crate::shift::Shift;

/// The extent of values and items.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// The files, as bits.
    files: u64,
    /// The file whose bytes are counted.
    own: FileId,
    /// Where the last place in it ends.
    end: u32,
}

/// One bit for a file; several files may share one.
pub(crate) const fn bit(file: FileId) -> u64 {
    1 << (file.0 % 64)
}

impl Extent {
    /// Of nothing yet; `own` is where it is declared.
    pub(crate) const fn new(own: FileId) -> Self {
        Self { files: 0, own, end: 0 }
    }

    pub(crate) const fn files(&self) -> u64 {
        self.files
    }

    /// Whether something in it may have another place after an edit.
    pub(crate) fn is_reached(&self, shift: &Shift) -> bool {
        if shift.file() == self.own { self.end > shift.same() } else { self.files & bit(shift.file()) != 0 }
    }

    /// What it is about has been moved.
    pub(crate) fn shift(&mut self, shift: &Shift) {
        if shift.file() == self.own && self.end > shift.same() {
            self.end = shift.moved(self.end).max(shift.same());
        }
    }

    fn place(&mut self, place: Place) {
        if place.file != FileId::NONE {
            self.files |= bit(place.file);
            self.reach(place.file, place.span.end);
        }
    }

    fn reach(&mut self, file: FileId, end: u32) {
        if file == self.own {
            self.end = self.end.max(end);
        }
    }

    pub(crate) fn value(&mut self, value: &Value) {
        self.place(value.place);
        value.history().for_each(|via| self.via(via));
        match &value.kind {
            Kind::List(list) => list.items.iter().for_each(|item| self.value(item)),
            Kind::Choice(choice) => choice.arms.iter().for_each(|arm| self.value(arm)),
            Kind::Map(map) => {
                self.reach(value.place.file, map.range.end);
                for entry in &map.entries {
                    self.place(entry.key_place);
                    self.place(entry.place);
                    self.value(&entry.value);
                }
            }
            _ => {}
        }
    }

    fn via(&mut self, via: &Via) {
        self.place(via.place);
        if let How::Encoded(value) = &via.how {
            self.value(value);
        }
    }

    pub(crate) fn item(&mut self, item: &Item) {
        self.place(item.header);
        self.reach(item.header.file, item.range.end);
        self.value(&item.value);
        if let Some(owner) = &item.owner {
            self.place(owner.range);
        }
    }
}
