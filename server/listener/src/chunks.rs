//! A strict parser for the framing of chunked bodies (RFC 9112 §7.1); it says which bytes are data.
//! Pure; knows no sockets.

use super::{framing::MAX_FIELDS, malformed::Malformed};

/// The longest line with a chunk's size and extensions, in bytes.
const MAX_SIZE_LINE_BYTES: usize = 4 * 1024;
/// The most digits of a size, including leading zeros: some senders pad it to the width of 64 bits.
const MAX_SIZE_DIGITS: usize = 16;
/// The longest trailer section, in bytes.
const MAX_TRAILER_BYTES: usize = 64 * 1024;

/// The state of a chunked body.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    state: ChunkState,
}

#[derive(Debug, Default, Clone, Copy)]
enum ChunkState {
    /// At the start of a line with a size.
    #[default]
    Size,
    /// This many bytes of data are left.
    Data(u64),
    /// After the data, before its CR LF.
    DataEnd,
    /// After the last chunk.
    Trailers,
    End,
}

/// The next step of the parser.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ChunkStep {
    /// More input is needed.
    Starved,
    /// The last chunk's size takes this many bytes of the input; they hold no data.
    LastSize(usize),
    /// A chunk's data ends with this many bytes of the input.
    DataEnd(usize),
    /// A chunk of this size starts after this many bytes of the input.
    Chunk(usize, u64),
    /// At most this many bytes of data follow.
    Data(u64),
    /// The body is complete. The trailer section, without its empty line, has the first length; the
    /// body ends after the second.
    End(usize, usize),
}

impl Chunks {
    /// Returns the next step for the bytes that have arrived. The caller removes what the step
    /// covers.
    pub(crate) fn next(&mut self, input: &[u8]) -> Result<ChunkStep, Malformed> {
        match self.state {
            ChunkState::Size => {
                let Some(line) = line(input, MAX_SIZE_LINE_BYTES)? else {
                    return Ok(ChunkStep::Starved);
                };
                let size = size(&input[..line])?;
                self.state = if size == 0 { ChunkState::Trailers } else { ChunkState::Data(size) };
                Ok(if size == 0 {
                    ChunkStep::LastSize(line + 2)
                } else {
                    ChunkStep::Chunk(line + 2, size)
                })
            }
            ChunkState::Data(left) => Ok(ChunkStep::Data(left)),
            ChunkState::DataEnd => match input {
                [b'\r', b'\n', ..] => {
                    self.state = ChunkState::Size;
                    Ok(ChunkStep::DataEnd(2))
                }
                [] | [b'\r'] => Ok(ChunkStep::Starved),
                _ => Err(Malformed::Chunk),
            },
            ChunkState::Trailers => {
                let mut at = 0;
                let mut fields = 0;
                while let Some(length) = line(&input[at..], MAX_TRAILER_BYTES)? {
                    if length == 0 {
                        self.state = ChunkState::End;
                        return Ok(ChunkStep::End(at, at + 2));
                    }
                    let name = input[at..at + length].split(|&byte| byte == b':').next();
                    let name = name.filter(|name| name.len() < length).unwrap_or_default();
                    fields += 1;
                    if name.is_empty()
                        || name.iter().any(|&byte| byte <= b' ' || byte == 0x7f)
                        || fields > MAX_FIELDS
                    {
                        return Err(Malformed::Chunk);
                    }
                    at += length + 2;
                    // Also if its end has already arrived.
                    if at > MAX_TRAILER_BYTES {
                        return Err(Malformed::Chunk);
                    }
                }
                // Including the start of the empty line.
                if input.len() > MAX_TRAILER_BYTES + 1 {
                    return Err(Malformed::Chunk);
                }
                Ok(ChunkStep::Starved)
            }
            ChunkState::End => Ok(ChunkStep::End(0, 0)),
        }
    }

    /// Returns how much of a chunk's data is left, while inside a chunk.
    pub(crate) const fn data_left(&self) -> Option<u64> {
        match self.state {
            ChunkState::Data(left) => Some(left),
            _ => None,
        }
    }

    /// Records that `bytes` of data were consumed.
    pub(crate) fn took(&mut self, bytes: u64) {
        if let ChunkState::Data(left) = self.state {
            let left = left.saturating_sub(bytes);
            self.state = if left == 0 { ChunkState::DataEnd } else { ChunkState::Data(left) };
        }
    }
}

/// Returns the length of the first line without its CR LF; `None` if its end has not arrived.
fn line(input: &[u8], most: usize) -> Result<Option<usize>, Malformed> {
    let end = memchr::memchr2(b'\r', b'\n', &input[..input.len().min(most)]);
    match end.map(|end| (end, input.get(end), input.get(end + 1))) {
        Some((end, Some(b'\r'), Some(b'\n'))) => Ok(Some(end)),
        Some((_, Some(b'\r'), None)) => Ok(None),
        Some(_) => Err(Malformed::Chunk),
        None if input.len() >= most => Err(Malformed::Chunk),
        None => Ok(None),
    }
}

/// Parses a size line: hexadecimal digits and, after a semicolon, extensions.
fn size(line: &[u8]) -> Result<u64, Malformed> {
    let end = line.iter().position(|&byte| byte == b';').unwrap_or(line.len());
    // RFC 9112 §7.1.1 allows "bad" white space only around the semicolon.
    let spaces = line[..end].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let digits = if end < line.len() { &line[..end - spaces] } else { line };
    let extension_is_text =
        line[end..].iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f));
    if digits.is_empty()
        || digits.len() > MAX_SIZE_DIGITS
        || !digits.iter().all(u8::is_ascii_hexdigit)
        || !extension_is_text
    {
        return Err(Malformed::Chunk);
    }
    let digits = std::str::from_utf8(digits).map_err(|_| Malformed::Chunk)?;
    let size = u64::from_str_radix(digits, 16).map_err(|_| Malformed::Chunk)?;
    if i64::try_from(size).is_ok() { Ok(size) } else { Err(Malformed::Chunk) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The body's data, its trailers, and the bytes behind it.
    type Parts = (Vec<u8>, Vec<u8>, Vec<u8>);

    /// Reads a body that arrives in pieces.
    fn read(pieces: &[&[u8]]) -> Result<Option<Parts>, Malformed> {
        let mut chunks = Chunks::default();
        let (mut input, mut data) = (Vec::new(), Vec::new());
        let mut pieces = pieces.iter();
        loop {
            match chunks.next(&input)? {
                ChunkStep::Starved => match pieces.next() {
                    Some(piece) => input.extend_from_slice(piece),
                    None => return Ok(None),
                },
                ChunkStep::LastSize(bytes)
                | ChunkStep::DataEnd(bytes)
                | ChunkStep::Chunk(bytes, _) => drop(input.drain(..bytes)),
                ChunkStep::Data(left) => {
                    let taken = input.len().min(usize::try_from(left).unwrap());
                    if taken == 0 {
                        match pieces.next() {
                            Some(piece) => input.extend_from_slice(piece),
                            None => return Ok(None),
                        }
                    }
                    data.extend(input.drain(..taken));
                    chunks.took(taken as u64);
                }
                ChunkStep::End(trailers, all) => {
                    let rest = input.split_off(all);
                    for piece in pieces {
                        input.extend_from_slice(piece);
                    }
                    input.truncate(trailers);
                    return Ok(Some((data, input, rest)));
                }
            }
        }
    }

    #[test]
    fn data_trailers_and_what_follows_are_told_apart() {
        let body = b"5;a=\"b\"\r\nhello\r\n01 ;x\r\n!\r\n000\r\nX: 1\r\ny:\r\n\r\nGET";
        let (data, trailers, rest) = read(&[body]).unwrap().unwrap();
        assert_eq!(data, b"hello!");
        assert_eq!(trailers, b"X: 1\r\ny:\r\n");
        assert_eq!(rest, b"GET");
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for bad in [
            "5\nhello\r\n0\r\n\r\n",
            "5\r\nhello0\r\n\r\n",
            "5\r\nhello\n0\r\n\r\n",
            "0x5\r\nhello\r\n0\r\n\r\n",
            "-1\r\n\r\n",
            "\r\n",
            " 5\r\nhello\r\n0\r\n\r\n",
            "5 \r\nhello\r\n0\r\n\r\n",
            "5;\x01\r\nhello\r\n0\r\n\r\n",
            "5\x0c;a\r\nhello\r\n0\r\n\r\n",
            "8000000000000000\r\n",
            "00000000000000005\r\nhello\r\n0\r\n\r\n",
            "0\r\nX : 1\r\n\r\n",
            "0\r\n folded\r\n\r\n",
            "0\r\nno colon\r\n\r\n",
            "0\r\nX: 1\n\r\n",
            "5\r\rhello",
        ] {
            assert_eq!(read(&[bad.as_bytes()]), Err(Malformed::Chunk), "{bad:?}");
        }
        let long = [b"1;".as_slice(), &[b'a'; MAX_SIZE_LINE_BYTES]].concat();
        assert_eq!(read(&[&long]), Err(Malformed::Chunk));
    }

    #[test]
    fn trailers_have_a_most_however_they_are_cut() {
        let line = |bytes: usize| format!("X: {}\r\n", "y".repeat(bytes - 5));
        let lines = line(128).repeat(MAX_TRAILER_BYTES / 128 - 1);
        for (last, fits) in [(128, true), (129, false)] {
            let section = lines.clone() + &line(last);
            let wire = format!("0\r\n{section}\r\n");
            for piece in [1000, wire.len() - 1, wire.len()] {
                let pieces: Vec<&[u8]> = wire.as_bytes().chunks(piece).collect();
                let read = read(&pieces).map(|read| read.map(|(_, trailers, _)| trailers.len()));
                let expected = if fits { Ok(Some(section.len())) } else { Err(Malformed::Chunk) };
                assert_eq!(read, expected, "{last} in pieces of {piece}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_body_reads_back_however_it_is_cut(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..6),
            piece in 1usize..30,
            trailers in "([a-z]{1,5}: [!-~]{0,9}\r\n){0,3}",
        ) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                wire.extend(format!("{:X}\r\n", chunk.len()).into_bytes());
                wire.extend(chunk);
                wire.extend(b"\r\n");
            }
            wire.extend(format!("0\r\n{trailers}\r\n").into_bytes());
            let pieces: Vec<&[u8]> = wire.chunks(piece).collect();
            let (data, kept, rest) = read(&pieces).unwrap().unwrap();
            prop_assert_eq!(data, chunks.concat());
            prop_assert_eq!(kept, trailers.into_bytes());
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn reading_never_panics(bytes: Vec<u8>) {
            let _ = read(&[&bytes]);
        }
    }
}
