//! Arbitrary bytes, split anywhere, sent through the gate and hyper and checked against the
//! simplest possible parser. Handlers must see exactly what was sent: each message once, in order,
//! with no byte of another.
#![no_main]

use hookglass_listener::fuzzing::{SeenMessage, play};
use libfuzzer_sys::fuzz_target;

const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_LINES: usize = 1_001;
const MAX_FIELDS: usize = 1_000;
const MAX_SIZE_LINE_BYTES: usize = 4 * 1024;
const MAX_TRAILER_BYTES: usize = 64 * 1024;

fuzz_target!(|input: &[u8]| {
    // The first byte is the number of bytes that encode the cuts.
    let Some((&count, rest)) = input.split_first() else { return };
    let (cuts, sent) = rest.split_at(usize::from(count % 16).min(rest.len()));
    let mut pieces = Vec::new();
    let mut left = sent;
    for &cut in cuts {
        let (piece, after) = left.split_at(usize::from(cut).min(left.len()));
        pieces.push(piece);
        left = after;
    }
    pieces.push(left);
    let (seen, answered) = play(&pieces);
    let expected = read(sent);
    let is_short = seen.len() < expected.len();
    for (seen, expected) in seen.iter().zip(&expected) {
        assert_eq!(seen.refused, expected.seen.refused, "{}", text(sent));
        if expected.seen.refused {
            assert!(expected.seen.head.starts_with(&seen.head), "{}", text(sent));
            assert!(ends_early(&seen.head), "{}", text(sent));
        } else {
            assert_eq!(seen, &expected.seen, "{}", text(sent));
        }
    }
    assert!(seen.len() <= expected.len(), "{}", text(sent));
    if is_short {
        let last = seen.len().checked_sub(1).map(|last| &expected[last]);
        assert!(last.is_some_and(|last| last.may_close), "{} of {}", seen.len(), text(sent));
    }
    let answers = answered.windows(9).filter(|window| window == b"HTTP/1.1 ").count()
        + answered.windows(9).filter(|window| window == b"HTTP/1.0 ").count();
    let continues = answered.windows(12).filter(|window| window == b"HTTP/1.1 100").count();
    assert_eq!(answers - continues, seen.len(), "{}", text(sent));
});

/// What the handler must see of a message.
struct Expected {
    seen: SeenMessage,
    /// Whether the connection may close after it, even if more bytes follow.
    may_close: bool,
}

enum Chunked {
    Whole(usize),
    Cut,
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// Returns whether nothing follows the first empty line of a head, as a lenient parser reads it.
fn ends_early(head: &[u8]) -> bool {
    let lines: Vec<&[u8]> = head.split_inclusive(|&byte| byte == b'\n').collect();
    let is_empty =
        |line: &&[u8]| line.ends_with(b"\n") && line.iter().all(|byte| b"\r\n".contains(byte));
    let text = lines.iter().position(|line| !is_empty(line)).unwrap_or(lines.len());
    let end = lines[text..].iter().position(is_empty);
    end.is_none_or(|end| text + end + 1 == lines.len())
}

/// Reads all messages.
fn read(mut input: &[u8]) -> Vec<Expected> {
    let mut messages = Vec::new();
    loop {
        let mut empty_lines = 0;
        while let Some(rest) = input.strip_prefix(b"\r\n") {
            empty_lines += 1;
            if empty_lines > 4 {
                messages.push(refused(input));
                return messages;
            }
            input = rest;
        }
        if input.is_empty() || input == b"\r" {
            return messages;
        }
        if !is_token(input[0]) {
            messages.push(refused(input));
            return messages;
        }
        let head = match head_end(input) {
            Ok(Some(end)) => &input[..end],
            Ok(None) => return messages,
            Err(()) => {
                messages.push(refused(input));
                return messages;
            }
        };
        let Some((length, may_close)) = framing(head) else {
            messages.push(refused(head));
            return messages;
        };
        input = &input[head.len()..];
        let mut seen = SeenMessage {
            head: head.to_vec(),
            body: Vec::new(),
            trailers: Vec::new(),
            complete: true,
            refused: false,
            exact: true,
        };
        match length {
            Some(length) => {
                let taken = usize::try_from(length).unwrap_or(usize::MAX).min(input.len());
                seen.body = input[..taken].to_vec();
                seen.complete = taken as u64 == length;
                input = &input[taken..];
            }
            None => match chunks(input, &mut seen) {
                Chunked::Whole(taken) => input = &input[taken..],
                Chunked::Cut => seen.complete = false,
            },
        }
        let is_last = !seen.complete;
        messages.push(Expected { seen, may_close });
        if is_last {
            return messages;
        }
    }
}

fn refused(head: &[u8]) -> Expected {
    let seen = SeenMessage {
        head: head.to_vec(),
        body: Vec::new(),
        trailers: Vec::new(),
        complete: true,
        refused: true,
        exact: false,
    };
    Expected { seen, may_close: true }
}

/// Returns the end of a head, or an error if it cannot become a valid one.
fn head_end(input: &[u8]) -> Result<Option<usize>, ()> {
    let mut start = 0;
    let mut lines = 0;
    for (at, _) in input.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        if at == start || input[at - 1] != b'\r' || at >= MAX_HEAD_BYTES {
            return Err(());
        }
        if at == start + 1 {
            return Ok(Some(at + 1));
        }
        lines += 1;
        if lines > MAX_LINES {
            return Err(());
        }
        start = at + 1;
    }
    if input.len() > MAX_HEAD_BYTES { Err(()) } else { Ok(None) }
}

/// Returns the length of the body, `None` for chunks, and whether the connection may close after
/// it; `None` in all if the head is ambiguous.
fn framing(head: &[u8]) -> Option<(Option<u64>, bool)> {
    let head = &head[..head.len() - 4];
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut rest = head;
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n").unwrap_or(rest.len());
        let line = &rest[..end];
        if line.contains(&b'\r') {
            return None;
        }
        if !lines.is_empty() && matches!(line.first(), Some(b' ' | b'\t')) {
            if lines.len() == 1 {
                return None;
            }
            let above = lines.last_mut()?;
            above.extend(b"\r\n");
            above.extend(line);
        } else {
            lines.push(line.to_vec());
        }
        if end == rest.len() {
            break;
        }
        rest = &rest[end + 2..];
    }
    let words: Vec<&[u8]> = lines[0].split(|&byte| byte == b' ').collect();
    let [method, target, version] = words[..] else { return None };
    let is_old = version == b"HTTP/1.0";
    if method.is_empty()
        || target.is_empty()
        || !method.iter().all(|&byte| is_token(byte))
        || !target.iter().all(|&byte| is_visible(byte))
        || !(is_old || version == b"HTTP/1.1")
        || lines.len() - 1 > MAX_FIELDS
    {
        return None;
    }
    let mut values: [Vec<Vec<u8>>; 5] = Default::default();
    for line in &lines[1..] {
        let colon = line.iter().position(|&byte| byte == b':')?;
        let name = line[..colon].to_ascii_lowercase();
        if name.is_empty() || !name.iter().all(|&byte| is_visible(byte)) {
            return None;
        }
        let mut value = line[colon + 1..].to_vec();
        while matches!(value.last(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            value.pop();
        }
        while matches!(value.first(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            value.remove(0);
        }
        let names: [&[u8]; 5] =
            [b"host", b"content-length", b"transfer-encoding", b"connection", b"expect"];
        let odd_end = |name: &[u8]| name.iter().take_while(|&&byte| !is_token(byte)).count();
        let mut bare = name[odd_end(&name)..].to_vec();
        bare.reverse();
        bare.drain(..odd_end(&bare));
        bare.reverse();
        let is_odd = bare != name || line.contains(&b'\r');
        if is_odd && names.contains(&&bare[..]) {
            return None;
        }
        if let Some(index) = names.iter().position(|known| *known == name) {
            values[index].push(value);
        }
    }
    let [hosts, lengths, encodings, connection, _] = values;
    let may_close = is_old || !connection.is_empty();
    if hosts.len() > 1 || lengths.len() > 1 || encodings.len() > 1 || (hosts.is_empty() && !is_old)
    {
        return None;
    }
    match (lengths.first(), encodings.first()) {
        (Some(_), Some(_)) => None,
        (None, None) => Some((Some(0), may_close)),
        (None, Some(encoding)) => {
            let is_chunked = encoding.eq_ignore_ascii_case(b"chunked");
            (is_chunked && !is_old).then_some((None, may_close))
        }
        (Some(length), None) => {
            if length.is_empty() {
                return None;
            }
            let mut number: u64 = 0;
            for digit in length {
                let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
                number = number.checked_mul(10)?.checked_add(digit)?;
            }
            (number <= i64::MAX as u64).then_some((Some(number), may_close))
        }
    }
}

/// Reads chunks into `seen` as far as they are valid.
fn chunks(input: &[u8], seen: &mut SeenMessage) -> Chunked {
    let mut at = 0;
    loop {
        let Some(line) = line(&input[at..], MAX_SIZE_LINE_BYTES) else { return Chunked::Cut };
        let Some(size) = size(line) else { return Chunked::Cut };
        at += line.len() + 2;
        if size == 0 {
            break;
        }
        let taken = usize::try_from(size).unwrap_or(usize::MAX).min(input.len() - at);
        seen.body.extend(&input[at..at + taken]);
        at += taken;
        if !input[at..].starts_with(b"\r\n") {
            return Chunked::Cut;
        }
        at += 2;
    }
    let start = at;
    let mut fields = 0;
    loop {
        let Some(line) = line(&input[at..], MAX_TRAILER_BYTES) else { return Chunked::Cut };
        if line.is_empty() {
            seen.trailers = input[start..at].to_vec();
            return Chunked::Whole(at + 2);
        }
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { return Chunked::Cut };
        fields += 1;
        if colon == 0 || !line[..colon].iter().all(|&byte| is_visible(byte)) || fields > MAX_FIELDS
        {
            return Chunked::Cut;
        }
        at += line.len() + 2;
    }
}

/// Returns the line that starts here if it ends in CR LF within `most` bytes and contains no other
/// CR or LF.
fn line(input: &[u8], most: usize) -> Option<&[u8]> {
    let end = input.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?;
    (input[end..].starts_with(b"\r\n") && end < most).then(|| &input[..end])
}

fn size(line: &[u8]) -> Option<u64> {
    let (mut digits, extension) = match line.iter().position(|&byte| byte == b';') {
        Some(end) => (&line[..end], Some(&line[end..])),
        None => (line, None),
    };
    if let Some(extension) = extension {
        if !extension.iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f)) {
            return None;
        }
        while let [rest @ .., b' ' | b'\t'] = digits {
            digits = rest;
        }
    }
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let mut size: u64 = 0;
    for &digit in digits {
        size = size.checked_mul(16)?.checked_add(u64::from(char::from(digit).to_digit(16)?))?;
    }
    (size <= i64::MAX as u64).then_some(size)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_visible(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f
}
