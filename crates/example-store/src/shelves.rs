//! Two tables of text: records by key, and an index of further names.
//!
//! A record returns its own names. Replacing it removes the names that it no longer has, so that no
//! operation can leave stale ones.

use std::collections::BTreeSet;
use std::ops::Bound;

use redb::{Error, WriteTransaction};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition};
use serde::Serialize;
use serde::de::DeserializeOwned;
use vestibule_domain::ports::StoreError;

/// Maps `shelf/key` to the record in JSON.
const RECORDS: TableDefinition<&str, &str> = TableDefinition::new("records");
/// Maps `shelf/name` to the key of the record.
const NAMES: TableDefinition<&str, &str> = TableDefinition::new("names");

/// Read access to both tables.
pub(crate) type Readable = ReadOnlyTable<&'static str, &'static str>;
/// Write access to both tables.
pub(crate) type Writable<'unit> = Table<'unit, &'static str, &'static str>;

/// A stored record.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// Prefix of the keys of this kind.
    const SHELF: &'static str;

    /// Returns the key: unique, and sorted in listing order.
    fn key(&self) -> String;

    /// Returns the names for the index.
    fn names(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }
}

/// The tables of a snapshot or of a unit of work.
pub(crate) struct Shelves<T> {
    records: T,
    names: T,
}

impl Shelves<Readable> {
    pub(crate) fn to_read(moment: &ReadTransaction) -> Result<Self, StoreError> {
        let open = |table| moment.open_table(table).map_err(trouble);
        Ok(Self { records: open(RECORDS)?, names: open(NAMES)? })
    }
}

impl<'unit> Shelves<Writable<'unit>> {
    pub(crate) fn to_write(unit: &'unit WriteTransaction) -> Result<Self, StoreError> {
        let open = |table| unit.open_table(table).map_err(trouble);
        Ok(Self { records: open(RECORDS)?, names: open(NAMES)? })
    }

    /// Stores a record, replacing an earlier one with the same key.
    pub(crate) fn put<R: Record>(&mut self, record: &R) -> Result<(), StoreError> {
        let key = record.key();
        let names = record.names();
        let before = self.find::<R>(&key)?.map(|before| before.names()).unwrap_or_default();
        for gone in before.difference(&names) {
            self.names.remove(at::<R>(gone).as_str()).map_err(trouble)?;
        }
        for new in names.difference(&before) {
            self.names.insert(at::<R>(new).as_str(), key.as_str()).map_err(trouble)?;
        }
        let text = serde_json::to_string(record).map_err(corrupt)?;
        self.records.insert(at::<R>(&key).as_str(), text.as_str()).map_err(trouble)?;
        Ok(())
    }

    /// Removes and returns a record.
    pub(crate) fn take<R: Record>(&mut self, key: &str) -> Result<Option<R>, StoreError> {
        let Some(record) = self.find::<R>(key)? else { return Ok(None) };
        for name in record.names() {
            self.names.remove(at::<R>(&name).as_str()).map_err(trouble)?;
        }
        self.records.remove(at::<R>(key).as_str()).map_err(trouble)?;
        Ok(Some(record))
    }
}

impl<T: ReadableTable<&'static str, &'static str>> Shelves<T> {
    /// Returns the record with a key.
    pub(crate) fn find<R: Record>(&self, key: &str) -> Result<Option<R>, StoreError> {
        let found = self.records.get(at::<R>(key).as_str()).map_err(trouble)?;
        found.map(|text| parse(text.value())).transpose()
    }

    /// Returns the record with a name.
    pub(crate) fn named<R: Record>(&self, name: &str) -> Result<Option<R>, StoreError> {
        match self.names.get(at::<R>(name).as_str()).map_err(trouble)? {
            Some(key) => self.find(key.value()),
            None => Ok(None),
        }
    }

    /// Returns the records whose names have a prefix, ordered by name.
    pub(crate) fn named_like<R: Record>(&self, beginning: &str) -> Result<Vec<R>, StoreError> {
        let mut records = Vec::new();
        let beginning = at::<R>(beginning);
        for entry in self.names.range(beginning.as_str()..).map_err(trouble)? {
            let (name, key) = entry.map_err(trouble)?;
            if !name.value().starts_with(&beginning) {
                break;
            }
            records.extend(self.find::<R>(key.value())?);
        }
        Ok(records)
    }

    /// Returns all records of a kind, ordered by key.
    pub(crate) fn all<R: Record>(
        &self,
    ) -> Result<impl DoubleEndedIterator<Item = Result<R, StoreError>>, StoreError> {
        self.walk(None, None)
    }

    /// Returns the records of a kind between two keys (exclusive), ordered by key.
    pub(crate) fn walk<R: Record>(
        &self,
        after: Option<&str>,
        before: Option<&str>,
    ) -> Result<impl DoubleEndedIterator<Item = Result<R, StoreError>>, StoreError> {
        let after = at::<R>(after.unwrap_or_default());
        // "0" follows "/", so it sorts after every key of the shelf.
        let before = before.map_or_else(|| format!("{}0", R::SHELF), at::<R>);
        let span = (Bound::Excluded(after.as_str()), Bound::Excluded(before.as_str()));
        let entries = self.records.range::<&str>(span).map_err(trouble)?;
        Ok(entries.map(|entry| parse(entry.map_err(trouble)?.1.value())))
    }
}

/// Returns the full key in a table.
fn at<R: Record>(key: &str) -> String {
    format!("{}/{key}", R::SHELF)
}

fn parse<R: Record>(text: &str) -> Result<R, StoreError> {
    serde_json::from_str(text).map_err(corrupt)
}

fn corrupt(error: serde_json::Error) -> StoreError {
    StoreError::Corrupt(error.into())
}

/// Maps an error of redb to one that can be retried or one that cannot.
pub(crate) fn trouble(error: impl Into<Error>) -> StoreError {
    let error = error.into();
    match error {
        Error::Io(_) | Error::PreviousIo | Error::DatabaseAlreadyOpen => {
            StoreError::Unavailable(error.into())
        }
        _ => StoreError::Corrupt(error.into()),
    }
}
