//! Bytes as a hex dump: sixteen a row, with the same as ASCII beside them.

use hookglass_app::wire::{Piece, Row};

use super::{
    find::Needle,
    sheet::{FOUND_ROWS, Sheet, number},
};

/// Bytes a row.
const WIDTH: usize = 16;

/// Bytes as rows with their offsets.
pub(crate) struct HexSheet<'a>(pub(crate) &'a [u8]);

impl Sheet for HexSheet<'_> {
    fn total(&self) -> usize {
        self.0.len().div_ceil(WIDTH)
    }

    fn row(&self, at: usize) -> Option<Row> {
        let bytes = self.0.chunks(WIDTH).nth(at)?;
        let mut hex = String::with_capacity(WIDTH * 3 + 2);
        for column in 0..WIDTH {
            if column > 0 {
                hex.push_str(if column == WIDTH / 2 { "  " } else { " " });
            }
            match bytes.get(column) {
                Some(byte) => hex.extend([digit(byte >> 4), digit(byte & 15)]),
                None => hex.push_str("  "),
            }
        }
        hex.push_str("  ");
        let ascii = bytes.iter().map(|&byte| printable(byte)).collect();
        Some(Row {
            line: number(at),
            margin: Some(format!("{:08x}", at * WIDTH)),
            pieces: vec![Piece(hex, "hex".to_owned()), Piece(ascii, "ascii".to_owned())],
            ..Row::default()
        })
    }

    /// Finds text as it stands in the bytes, and bytes written in hex.
    fn find(&self, needle: &Needle) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        needle.each(self.0, |hit| {
            if found.last() != Some(&(hit.start / WIDTH)) {
                found.push(hit.start / WIDTH);
            }
            found.len() < FOUND_ROWS
        });
        if let Some(bytes) = needle.as_hex() {
            let places = memchr::memmem::find_iter(self.0, &bytes).map(|at| at / WIDTH);
            found.extend(places.take(FOUND_ROWS));
            found.sort_unstable();
            found.dedup();
            found.truncate(FOUND_ROWS);
        }
        found
    }
}

const fn digit(nibble: u8) -> char {
    match nibble {
        0..=9 => (b'0' + nibble) as char,
        _ => (b'a' + nibble - 10) as char,
    }
}

const fn printable(byte: u8) -> char {
    match byte {
        b' '..=b'~' => byte as char,
        _ => '.',
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_dump_has_offsets_bytes_and_ascii() {
        let sheet = HexSheet(b"\x00\xffHookglass <b>\x7f\n!");
        let rows = sheet.rows(0, 10);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].margin.as_deref(), Some("00000000"));
        assert_eq!(rows[0].pieces[0].0, "00 ff 48 6f 6f 6b 67 6c  61 73 73 20 3c 62 3e 7f  ");
        assert_eq!(rows[0].pieces[1].0, "..Hookglass <b>.");
        assert_eq!(rows[1].margin.as_deref(), Some("00000010"));
        assert_eq!(rows[1].pieces[0].0.trim_end(), "0a 21");
        assert_eq!(rows[1].pieces[0].0.len(), rows[0].pieces[0].0.len());
    }

    #[test]
    fn text_and_bytes_are_found() {
        let mut bytes = vec![0; 100];
        bytes[40..43].copy_from_slice(b"abc");
        bytes[70..72].copy_from_slice(b"\xde\xad");
        let found = |text| HexSheet(&bytes).find(&Needle::new(text).unwrap());
        assert_eq!(found("BC"), [2]);
        assert_eq!(found("de AD"), [4]);
        assert_eq!(found("dead"), [4]);
        assert_eq!(found("nothing"), [0_usize; 0]);
    }

    proptest! {
        #[test]
        fn every_byte_can_be_read_back(bytes: Vec<u8>) {
            let read: Vec<u8> = HexSheet(&bytes)
                .rows(0, usize::MAX)
                .iter()
                .flat_map(|row| row.pieces[0].0.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
                .map(|digits| u8::from_str_radix(&digits, 16).unwrap())
                .collect();
            prop_assert_eq!(read, bytes);
        }
    }
}
