//! Rows by serial number, in the order they were made.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const PAGE: usize = 256;

type Page<T> = Arc<Vec<Option<Arc<T>>>>;

/// Rows by serial number. Serials are never used twice; a copy shares all pages until one of them is written.
#[derive(Debug)]
pub(crate) struct Table<T> {
    pages: Vec<Page<T>>,
    next: usize,
    live: usize,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self {
            pages: self.pages.clone(),
            next: self.next,
            live: self.live,
        }
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            pages: Vec::new(),
            next: 0,
            live: 0,
        }
    }
}

impl<T: Clone> Table<T> {
    /// The serial that the next row will get.
    pub(crate) fn next_serial(&self) -> u32 {
        u32::try_from(self.next).unwrap_or(u32::MAX)
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// Adds a row and gives its serial.
    pub(crate) fn push(&mut self, row: T) -> u32 {
        self.live += 1;
        self.append(Some(Arc::new(row)))
    }

    /// Uses up a serial, as that of a row that is gone.
    fn skip(&mut self) -> u32 {
        self.append(None)
    }

    fn append(&mut self, row: Option<Arc<T>>) -> u32 {
        let serial = self.next_serial();
        if self.next.is_multiple_of(PAGE) {
            self.pages.push(Arc::new(Vec::with_capacity(PAGE)));
        }
        if let Some(page) = self.pages.last_mut() {
            Arc::make_mut(page).push(row);
        }
        self.next += 1;
        serial
    }

    /// The row with this serial.
    pub(crate) fn get(&self, serial: u32) -> Option<&T> {
        self.slot(serial).map(AsRef::as_ref)
    }

    fn slot(&self, serial: u32) -> Option<&Arc<T>> {
        let at = usize::try_from(serial).ok()?;
        self.pages.get(at / PAGE)?.get(at % PAGE)?.as_ref()
    }

    /// The row with this serial, to change.
    pub(crate) fn get_mut(&mut self, serial: u32) -> Option<&mut T> {
        self.slot(serial)?;
        let at = usize::try_from(serial).ok()?;
        let page = Arc::make_mut(self.pages.get_mut(at / PAGE)?);
        page.get_mut(at % PAGE)?.as_mut().map(Arc::make_mut)
    }

    /// Takes a row away.
    pub(crate) fn remove(&mut self, serial: u32) -> Option<Arc<T>> {
        self.slot(serial)?;
        let at = usize::try_from(serial).ok()?;
        let taken = Arc::make_mut(self.pages.get_mut(at / PAGE)?)
            .get_mut(at % PAGE)?
            .take();
        self.live -= usize::from(taken.is_some());
        taken
    }

    /// The rows from this serial on, oldest first.
    pub(crate) fn from(&self, serial: u32) -> impl Iterator<Item = (u32, &T)> {
        let start = usize::try_from(serial).unwrap_or(usize::MAX);
        let rows = self
            .pages
            .iter()
            .skip(start / PAGE)
            .flat_map(|page| page.iter());
        let first = start / PAGE * PAGE;
        rows.enumerate()
            .skip(start.saturating_sub(first))
            .filter_map(move |(at, row)| {
                Some((u32::try_from(first + at).ok()?, row.as_ref()?.as_ref()))
            })
    }

    /// All rows, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.from(0)
    }

    /// The rows before this serial, newest first.
    pub(crate) fn back_from(&self, serial: u32) -> impl Iterator<Item = (u32, &T)> {
        (0..serial.min(self.next_serial()))
            .rev()
            .filter_map(|at| Some((at, self.get(at)?)))
    }
}

/// A list of the rows, with null for those that are gone.
impl<T: Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(
            self.pages
                .iter()
                .flat_map(|page| page.iter())
                .map(Option::as_deref),
        )
    }
}

struct Rows<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Clone> Visitor<'de> for Rows<T> {
    type Value = Table<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Table<T>, A::Error> {
        let mut table = Table::default();
        while let Some(row) = from.next_element::<Option<T>>()? {
            match row {
                Some(row) => table.push(row),
                None => table.skip(),
            };
        }
        Ok(table)
    }
}

impl<'de, T: Deserialize<'de> + Clone> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Rows(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_does_not_see_later_writes() {
        let mut table = Table::default();
        for n in 0..1000 {
            assert_eq!(table.push(n), n);
        }
        let before = table.clone();
        *table.get_mut(300).unwrap() = 7;
        table.remove(301);
        table.push(1000);
        assert_eq!(
            (before.get(300), before.get(301), before.len()),
            (Some(&300), Some(&301), 1000)
        );
        assert_eq!(
            (table.get(300), table.get(301), table.len()),
            (Some(&7), None, 1000)
        );
    }

    #[test]
    fn a_table_reads_back_with_its_gaps() {
        let mut table = Table::default();
        for n in 0..600 {
            table.push(n);
        }
        for gone in [0, 300, 599] {
            table.remove(gone);
        }
        let text = serde_json::to_string(&table).unwrap();
        let mut back: Table<u32> = serde_json::from_str(&text).unwrap();
        assert_eq!((back.len(), back.next_serial()), (597, 600));
        assert!(back.iter().eq(table.iter()));
        assert_eq!(back.push(7), 600);
    }

    #[test]
    fn walks_from_a_serial_and_skips_what_is_gone() {
        let mut table = Table::default();
        for n in 0..600 {
            table.push(n);
        }
        table.remove(513);
        let seen: Vec<u32> = table.from(511).take(3).map(|(serial, _)| serial).collect();
        assert_eq!(seen, [511, 512, 514]);
        assert_eq!(table.from(600).count(), 0);
        let back: Vec<u32> = table
            .back_from(515)
            .take(2)
            .map(|(serial, _)| serial)
            .collect();
        assert_eq!(back, [514, 512]);
    }
}
