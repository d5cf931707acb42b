//! Everything of a database in one file that the other engine can read, too.
//!
//! ```text
//! {"keywright_backup":1,"schema":5,"made_at":"…","tables":14}      first line
//! {"t":"users","r":["018f…","…",1764500000000000,null]}            one line for each row, in the order of the columns
//! {"end":true,"rows":12345,"sha256":"…"}                           last line: a cut file is noticed
//! ```
//!
//! It may be compressed (gzip) and is read either way. Secrets stay sealed as they are in the database: the file alone
//! opens none of them, and a restored database needs the same key ring. The rows are one state of the database.

mod error;
mod read;
mod tables;
mod write;

use serde::{Deserialize, Serialize};

pub use error::Error;
pub use read::restore;
pub use write::write;

/// The form of the file; a later form gets another number.
const FORM: u32 = 1;

/// What a backup holds or a restore has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The schema's version.
    pub schema: i32,
    /// How many tables.
    pub tables: usize,
    /// How many rows in all of them.
    pub rows: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    keywright_backup: u32,
    schema: i32,
    made_at: String,
    tables: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row<'r> {
    t: std::borrow::Cow<'r, str>,
    r: Vec<serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct End {
    #[serde(rename = "end")]
    last: bool,
    rows: u64,
    sha256: String,
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _never = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
