//! Takes out of the browser half's data where in the source something may panic: for each such place
//! the compiler keeps a file, a line and a column, and with panics gone nobody reads them. The browser
//! half must not say `file!()`: that text would go, too.

use std::ops::Range;

use anyhow::{Result, anyhow};
use wasm_encoder::{
    DataSection, Module,
    reencode::{Error, Reencode},
};
use wasmparser::{Data, DataKind, Operator, Parser};

/// What lies beyond is no line and no column: something else follows a text there.
const MOST_LINES: u32 = 100_000;
const MOST_COLUMNS: u32 = 1_000;

/// What is longer is no path of a source.
const LONGEST_PATH: usize = 300;

/// A place is four words: where the path is, how long it is, a line, a column.
const PLACE_BYTES: usize = 16;

/// The module with zeros for all that it knows of its source. Custom sections are kept.
///
/// # Errors
/// It is no module.
pub(super) fn forgotten(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::new();
    Places
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|error| anyhow!("cannot clear the data of the browser half: {error}"))?;
    Ok(module.finish())
}

struct Places;

impl Reencode for Places {
    type Error = std::convert::Infallible;

    fn parse_data(&mut self, data: &mut DataSection, datum: Data<'_>) -> Result<(), Error> {
        let DataKind::Active { memory_index, offset_expr } = datum.kind else {
            data.passive(datum.data.iter().copied());
            return Ok(());
        };
        let mut bytes = datum.data.to_vec();
        if let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? {
            clear(&mut bytes, value.cast_unsigned());
        }
        data.active(memory_index, &self.const_expr(offset_expr)?, bytes);
        Ok(())
    }
}

/// Clears the places in what lies in memory from `base` on, and the paths that they name.
fn clear(bytes: &mut [u8], base: u32) {
    let first = usize::try_from(base.wrapping_neg() % 4).unwrap_or_default();
    let places: Vec<(usize, Range<usize>)> = (first..bytes.len())
        .step_by(4)
        .filter_map(|at| Some((at, path_of(bytes.get(at..at + PLACE_BYTES)?, bytes, base)?)))
        .collect();
    for (at, path) in places {
        for cleared in [at..at + PLACE_BYTES, path] {
            if let Some(cleared) = bytes.get_mut(cleared) {
                cleared.fill(0);
            }
        }
    }
}

/// Where the path is that these four words name, if they are a place.
fn path_of(words: &[u8], bytes: &[u8], base: u32) -> Option<Range<usize>> {
    let word = |at: usize| Some(u32::from_le_bytes(words.get(at..at + 4)?.try_into().ok()?));
    let (start, length, line, column) = (word(0)?, word(4)?, word(8)?, word(12)?);
    if !(1..=MOST_LINES).contains(&line) || !(1..=MOST_COLUMNS).contains(&column) {
        return None;
    }
    let start = usize::try_from(start.checked_sub(base)?).ok()?;
    let path = start..start.checked_add(usize::try_from(length).ok()?)?;
    let text = bytes.get(path.clone())?;
    let is_path = text.len() <= LONGEST_PATH
        && text.ends_with(b".rs")
        && text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    is_path.then_some(path)
}
