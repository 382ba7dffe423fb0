//! Bytes as a hex dump, row by row.

/// How many bytes stand in a row.
pub const ROW_BYTES: usize = 16;

/// One row of a hex dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where the row begins, eight hex digits: `00000010`.
    pub offset: String,
    /// Its bytes, two digits each, with a wider gap in the middle; a short row is padded, so that
    /// all are of one width.
    pub hex: String,
    /// Its bytes as ASCII, a full stop for what cannot be printed.
    pub ascii: String,
}

/// The rows of a dump of `bytes`, in order; none for no bytes.
pub fn rows(bytes: &[u8]) -> impl ExactSizeIterator<Item = Row> {
    bytes.chunks(ROW_BYTES).enumerate().map(|(index, chunk)| row(index * ROW_BYTES, chunk))
}

fn row(offset: usize, bytes: &[u8]) -> Row {
    let mut hex = String::with_capacity(3 * ROW_BYTES);
    for column in 0..ROW_BYTES {
        if column > 0 {
            hex.push_str(if column == ROW_BYTES / 2 { "  " } else { " " });
        }
        match bytes.get(column) {
            Some(byte) => {
                hex.push(digit(usize::from(byte >> 4)));
                hex.push(digit(usize::from(byte & 15)));
            }
            None => hex.push_str("  "),
        }
    }
    Row {
        offset: (0..8).rev().map(|place| digit(offset >> (4 * place) & 15)).collect(),
        hex,
        ascii: bytes.iter().map(|&byte| printable(byte)).collect(),
    }
}

const fn digit(nibble: usize) -> char {
    b"0123456789abcdef"[nibble] as char
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
        let rows: Vec<Row> = rows(b"\x00\xffHookglass <b>\x7f\n!").collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].offset, "00000000");
        assert_eq!(rows[0].hex, "00 ff 48 6f 6f 6b 67 6c  61 73 73 20 3c 62 3e 7f");
        assert_eq!(rows[0].ascii, "..Hookglass <b>.");
        assert_eq!(rows[1].offset, "00000010");
        assert_eq!(rows[1].hex.trim_end(), "0a 21");
        assert_eq!(rows[1].hex.len(), rows[0].hex.len());
        assert_eq!(rows[1].ascii, ".!");
    }

    proptest! {
        #[test]
        fn every_byte_can_be_read_back(bytes: Vec<u8>) {
            let read: Vec<u8> = rows(&bytes)
                .flat_map(|row| {
                    let digits = row.hex.split_whitespace().map(str::to_owned);
                    digits.collect::<Vec<_>>()
                })
                .map(|digits| u8::from_str_radix(&digits, 16).unwrap())
                .collect();
            prop_assert_eq!(read, bytes);
        }
    }
}
