//! A hex dump: sixteen bytes per row, with an ASCII column.

use hookglass_wire::{Piece, Row};

use super::{
    find::Highlighter,
    row_source::{FOUND_ROWS, RowSource, number},
    tokens::{self, Tokens},
};

/// Bytes per row.
const WIDTH: usize = 16;

/// Bytes as rows with offsets.
pub(crate) struct HexRows<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) tokens: &'a Tokens,
}

impl HexRows<'_> {
    /// Builds the two columns of a row; bytes of a token are marked in both.
    fn pieces(&self, start: usize, end: usize) -> Vec<Piece> {
        let cut = self.tokens.cut(start..end);
        let kind = |kind: &str, is_token| match is_token {
            true => tokens::marked(kind),
            false => kind.to_owned(),
        };
        let mut pieces = Vec::with_capacity(cut.len() * 2);
        for (bytes, is_token) in &cut {
            let mut hex = String::with_capacity(WIDTH * 3 + 2);
            for at in bytes.clone() {
                let byte = self.bytes[at];
                hex.extend([digit(byte >> 4), digit(byte & 15)]);
                hex.push_str(if at - start == WIDTH / 2 - 1 { "  " } else { " " });
            }
            if bytes.end == end {
                let missing = WIDTH - (end - start);
                let gap = usize::from(missing > WIDTH / 2);
                hex.extend(std::iter::repeat_n(' ', missing * 3 + gap + 1));
            }
            pieces.push(Piece(hex, kind("hex", *is_token)));
        }
        for (bytes, is_token) in cut {
            let ascii = self.bytes[bytes].iter().map(|&byte| printable(byte)).collect();
            pieces.push(Piece(ascii, kind("ascii", is_token)));
        }
        pieces
    }
}

impl RowSource for HexRows<'_> {
    fn total(&self) -> usize {
        self.bytes.len().div_ceil(WIDTH)
    }

    fn row(&self, at: usize) -> Option<Row> {
        let start = at * WIDTH;
        let end = self.bytes.len().min(start + WIDTH);
        (start < end).then(|| Row {
            line: number(at),
            margin: Some(format!("{start:08x}")),
            pieces: self.pieces(start, end),
            ..Row::default()
        })
    }

    /// Finds text in the bytes, and bytes written in hex.
    fn find(&self, needle: &Highlighter) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        needle.each(self.bytes, |hit| {
            if found.last() != Some(&(hit.start / WIDTH)) {
                found.push(hit.start / WIDTH);
            }
            found.len() < FOUND_ROWS
        });
        if let Some(bytes) = needle.as_hex() {
            // A row may have several matches.
            let mut rows = Vec::new();
            for at in memchr::memmem::find_iter(self.bytes, &bytes) {
                if rows.last() != Some(&(at / WIDTH)) {
                    rows.push(at / WIDTH);
                }
                if rows.len() == FOUND_ROWS {
                    break;
                }
            }
            found.append(&mut rows);
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
        let sheet = HexRows { bytes: b"\x00\xffHookglass <b>\x7f\n!", tokens: &Tokens::default() };
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
    fn tokens_are_marked_in_both_columns() {
        let bytes = br#"{"a":0,"clientState":"s3cr3t","b":1}"#;
        let sheet = HexRows { bytes, tokens: &Tokens::of(bytes) };
        let plain = HexRows { bytes, tokens: &Tokens::default() };
        let text = |row: &Row| row.pieces.iter().map(|piece| piece.0.as_str()).collect::<String>();
        for (row, other) in sheet.rows(0, 9).iter().zip(plain.rows(0, 9)) {
            assert_eq!(text(row), text(&other), "marks move nothing");
        }
        let row = sheet.row(1).unwrap();
        let kinds: Vec<_> = row.pieces.iter().map(|piece| (&*piece.0, &*piece.1)).collect();
        assert_eq!(
            kinds,
            [
                ("61 74 65 22 3a 22 ", "hex"),
                ("73 33  63 72 33 74 ", "hex secret token"),
                ("22 2c 22 62  ", "hex"),
                ("ate\":\"", "ascii"),
                ("s3cr3t", "ascii secret token"),
                ("\",\"b", "ascii"),
            ]
        );
    }

    #[test]
    fn text_and_bytes_are_found() {
        let mut bytes = vec![0; 100];
        bytes[40..43].copy_from_slice(b"abc");
        bytes[70..72].copy_from_slice(b"\xde\xad");
        let sheet = HexRows { bytes: &bytes, tokens: &Tokens::default() };
        let found = |text| sheet.find(&Highlighter::new(text).unwrap());
        assert_eq!(found("BC"), [2]);
        assert_eq!(found("de AD"), [4]);
        assert_eq!(found("dead"), [4]);
        assert_eq!(found("nothing"), [0_usize; 0]);
        let zeros = HexRows { bytes: &[0; 200 * WIDTH], tokens: &Tokens::default() };
        assert_eq!(zeros.find(&Highlighter::new("00").unwrap()), (0..200).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn every_byte_can_be_read_back(bytes: Vec<u8>) {
            let sheet = HexRows { bytes: &bytes, tokens: &Tokens::default() };
            let read: Vec<u8> = sheet
                .rows(0, usize::MAX)
                .iter()
                .flat_map(|row| row.pieces[0].0.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
                .map(|digits| u8::from_str_radix(&digits, 16).unwrap())
                .collect();
            prop_assert_eq!(read, bytes);
        }
    }
}
