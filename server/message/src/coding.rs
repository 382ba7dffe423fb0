//! Decodes content codings, with limits against bombs. Knows nothing of requests.

use std::io::{ErrorKind, Read};

use brotli_decompressor::{BrotliDecoderParameter, Decompressor};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::{
    StreamingDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

/// The most bytes that a coding is decoded to.
pub const LIMIT_BYTES: usize = 10 * 1024 * 1024;
/// The maximum ratio of decoded to encoded length.
const RATIO: usize = 100;
/// Shorter output may exceed the ratio: short bodies with many repeats do.
const FREE_BYTES: usize = 64 * 1024;
/// The most codings that are decoded one after another.
const MAX_CODINGS: usize = 4;
/// How much is decoded at a time.
const STEP_BYTES: usize = 32 * 1024;
/// The largest window of zstd as a content coding (RFC 9659 §3), which it allocates.
const ZSTD_WINDOW_BYTES: u64 = 8 * 1024 * 1024;

/// The result of decoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedBody {
    /// The bytes decoded so far.
    pub bytes: Vec<u8>,
    /// Why they are incomplete, if they are.
    pub stop: Option<DecodeStop>,
}

/// Why decoding stopped early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeStop {
    /// The output is longer than this.
    #[error("It is shown in part: it unpacks to more than {0} bytes.")]
    Limit(usize),
    /// The output is denser than any honest sender's.
    #[error("It is shown in part: it unpacks to more than {RATIO} times what was sent.")]
    Ratio,
    /// The bytes are not valid in this coding.
    #[error("It is not valid {0}: the part before the error is shown.")]
    Broken(&'static str),
    /// The bytes in this coding end too early.
    #[error("Its {0} ends early: the available part is shown.")]
    Cut(&'static str),
}

/// A supported content coding (RFC 9110 §8.4.1, RFC 7932, RFC 8878).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ContentCoding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl ContentCoding {
    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    fn of(name: &str) -> Option<Self> {
        let names = [
            ("gzip", Self::Gzip),
            ("x-gzip", Self::Gzip),
            ("deflate", Self::Deflate),
            ("br", Self::Brotli),
            ("zstd", Self::Zstd),
        ];
        names.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, coding)| *coding)
    }
}

/// Whether a `Content-Encoding` value names any coding.
pub fn is_coded(coding: &str) -> bool {
    names(coding).next().is_some()
}

/// Decodes the codings that a `Content-Encoding` value names, the last one first, and returns at
/// most the first `limit` bytes of the result. `None` if it names none, or one that is not
/// supported.
/// not known here.
///
/// `bytes` may be only the start of what was sent: the result is then the start as well.
pub fn start(coding: &str, bytes: &[u8], limit: usize) -> Option<DecodedBody> {
    let codings: Vec<ContentCoding> =
        names(coding).map(ContentCoding::of).collect::<Option<_>>()?;
    if codings.is_empty() || codings.len() > MAX_CODINGS {
        return None;
    }
    let mut decoded: Option<DecodedBody> = None;
    for coding in codings.into_iter().rev() {
        let before = decoded.take();
        let input = before.as_ref().map_or(bytes, |before| &before.bytes);
        let after = undo(coding, input, limit);
        // The first stop is the cause; later ones follow from it.
        let stop = before.and_then(|before| before.stop).or(after.stop);
        decoded = Some(DecodedBody { bytes: after.bytes, stop });
    }
    decoded
}

fn names(coding: &str) -> impl Iterator<Item = &str> {
    coding
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
}

fn undo(coding: ContentCoding, bytes: &[u8], limit: usize) -> DecodedBody {
    let mut sink = BoundedOutput { bytes: Vec::new(), limit, most: most(bytes.len()) };
    let stop = match coding {
        ContentCoding::Gzip => sink.drain(coding, MultiGzDecoder::new(bytes)),
        ContentCoding::Deflate if is_zlib(bytes) => sink.drain(coding, ZlibDecoder::new(bytes)),
        ContentCoding::Deflate => sink.drain(coding, DeflateDecoder::new(bytes)),
        ContentCoding::Brotli => {
            let mut decoder = Decompressor::new(bytes, STEP_BYTES);
            // Windows above 16 MiB are not a content coding, and would be allocated.
            decoder.set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
            sink.drain(coding, decoder)
        }
        ContentCoding::Zstd => frames(&mut sink, bytes),
    };
    DecodedBody { bytes: sink.bytes, stop }
}

/// Returns how long the output for `sent` bytes may become.
const fn most(sent: usize) -> usize {
    let most = sent.saturating_mul(RATIO);
    if most < FREE_BYTES { FREE_BYTES } else { most }
}

/// Whether deflate data has the zlib wrapper: senders use it with and without, though RFC 9110
/// §8.4.1.2 requires it.
fn is_zlib(bytes: &[u8]) -> bool {
    match bytes {
        [cmf, flg, ..] => cmf & 0x0f == 8 && u16::from_be_bytes([*cmf, *flg]).is_multiple_of(31),
        _ => false,
    }
}

/// Decodes consecutive zstd frames and skips skippable ones (RFC 8878 §3).
fn frames(sink: &mut BoundedOutput, mut bytes: &[u8]) -> Option<DecodeStop> {
    while !bytes.is_empty() {
        match StreamingDecoder::new_with_max_window_size(&mut bytes, ZSTD_WINDOW_BYTES) {
            Ok(decoder) => {
                if let Some(stop) = sink.drain(ContentCoding::Zstd, decoder) {
                    return Some(stop);
                }
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                bytes = bytes.get(length..).unwrap_or_default();
            }
            Err(_) => return Some(DecodeStop::Broken("zstd")),
        }
    }
    None
}

/// Collects the output of decoders, up to its limits.
struct BoundedOutput {
    bytes: Vec<u8>,
    limit: usize,
    most: usize,
}

impl BoundedOutput {
    /// Reads a decoder to its end, or returns why it stopped.
    fn drain(&mut self, coding: ContentCoding, mut decoder: impl Read) -> Option<DecodeStop> {
        let mut step = vec![0; STEP_BYTES];
        loop {
            let read = match decoder.read(&mut step) {
                Ok(0) => return None,
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Some(DecodeStop::Cut(coding.name()));
                }
                Err(_) => return Some(DecodeStop::Broken(coding.name())),
            };
            self.bytes.extend_from_slice(&step[..read]);
            if self.bytes.len() > self.limit {
                self.bytes.truncate(self.limit);
                return Some(DecodeStop::Limit(self.limit));
            }
            if self.bytes.len() > self.most {
                self.bytes.truncate(self.most);
                return Some(DecodeStop::Ratio);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };
    use proptest::prelude::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn brotli(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        brotli::CompressorReader::new(bytes, 4096, 5, 22).read_to_end(&mut out).unwrap();
        out
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    /// Text that compresses about as well as JSON.
    fn sample(bytes: usize) -> Vec<u8> {
        let lines = (0_u64..).map(|n| {
            format!("{{\"n\":{n},\"id\":\"{:x}\"}}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        });
        lines.flat_map(String::into_bytes).take(bytes).collect()
    }

    fn whole(coding: &str, bytes: &[u8]) -> Vec<u8> {
        let decoded = start(coding, bytes, LIMIT_BYTES).unwrap();
        assert_eq!(decoded.stop, None, "{coding}");
        decoded.bytes
    }

    #[test]
    fn each_coding_is_undone() {
        for bytes in [b"".as_slice(), b"hello", &sample(300_000)] {
            assert_eq!(whole("gzip", &gzip(bytes)), bytes);
            assert_eq!(whole("X-GZIP", &gzip(bytes)), bytes);
            assert_eq!(whole("deflate", &zlib(bytes)), bytes);
            assert_eq!(whole("deflate", &deflate(bytes)), bytes);
            assert_eq!(whole("br", &brotli(bytes)), bytes);
            assert_eq!(whole("zstd", &zstd(bytes)), bytes);
        }
    }

    #[test]
    fn several_codings_are_undone_from_the_last_to_the_first() {
        let bytes = sample(1000);
        assert_eq!(whole("gzip, br", &brotli(&gzip(&bytes))), bytes);
        assert_eq!(whole(" zstd ,identity,, deflate", &zlib(&zstd(&bytes))), bytes);
    }

    #[test]
    fn what_is_not_known_is_left_alone() {
        assert_eq!(start("", b"x", 10), None);
        assert_eq!(start("identity", b"x", 10), None);
        assert_eq!(start("aes128gcm", b"x", 10), None);
        assert_eq!(start("gzip, compress", b"x", 10), None);
        assert_eq!(start("gzip,gzip,gzip,gzip,gzip", b"x", 10), None);
        assert!(is_coded("aes128gcm") && !is_coded(" identity, "));
    }

    #[test]
    fn members_and_frames_in_a_row_are_one_body() {
        assert_eq!(whole("gzip", &[gzip(b"one "), gzip(b"two")].concat()), b"one two");
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let frames = [zstd(b"one ").as_slice(), &skippable, &zstd(b"two")].concat();
        assert_eq!(whole("zstd", &frames), b"one two");
    }

    #[test]
    fn bombs_end_at_the_limit_or_the_ratio() {
        let zeros = vec![0; 20_000_000];
        for (coding, packed) in
            [("gzip", gzip(&zeros)), ("br", brotli(&zeros)), ("zstd", zstd(&zeros))]
        {
            let decoded = start(coding, &packed, LIMIT_BYTES).unwrap();
            assert!(
                matches!(decoded.stop, Some(DecodeStop::Ratio | DecodeStop::Limit(_))),
                "{coding}"
            );
            assert!(decoded.bytes.len() <= LIMIT_BYTES.min(most(packed.len())), "{coding}");
        }
        let twice = gzip(&gzip(&zeros));
        let decoded = start("gzip, gzip", &twice, LIMIT_BYTES).unwrap();
        assert_eq!(decoded.stop, Some(DecodeStop::Ratio));
        let long = sample(400_000);
        let decoded = start("gzip", &gzip(&long), 1000).unwrap();
        assert_eq!(
            (decoded.bytes.as_slice(), decoded.stop),
            (&long[..1000], Some(DecodeStop::Limit(1000)))
        );
    }

    /// A zstd frame with this header, whose one block repeats a byte.
    fn frame(header: &[u8]) -> Vec<u8> {
        let times = 100_u32;
        let block = (times << 3 | 0b011).to_le_bytes();
        [&[0x28, 0xb5, 0x2f, 0xfd], header, &block[..3], b"x"].concat()
    }

    #[test]
    fn a_window_past_the_limit_is_refused_before_it_is_allocated() {
        // The window descriptor: an exponent above 1 KiB, and eighths of that (RFC 8878
        // §3.1.1.1.2).
        let window = |exponent: u8, eighths: u8| frame(&[0, exponent << 3 | eighths]);
        // A single-segment frame has a window as long as its content (§3.1.1.1.4).
        let segment = |bytes: u64| frame(&[&[0b1110_0000][..], &bytes.to_le_bytes()].concat());
        assert_eq!(whole("zstd", &window(0, 0)), [b'x'; 100]);
        assert_eq!(whole("zstd", &window(13, 0)), [b'x'; 100], "8 MiB");
        for (packed, says) in [
            (window(13, 1), "9 MiB"),
            (window(14, 0), "16 MiB"),
            (window(17, 0), "128 MiB"),
            (window(31, 7), "3.75 TiB"),
            (segment(ZSTD_WINDOW_BYTES + 1), "one segment of a byte more than 8 MiB"),
            (segment(1 << 40), "one segment of 1 TiB"),
            (segment(u64::MAX), "one segment of 16 EiB"),
        ] {
            let decoded = start("zstd", &packed, LIMIT_BYTES).unwrap();
            let expected =
                DecodedBody { bytes: Vec::new(), stop: Some(DecodeStop::Broken("zstd")) };
            assert_eq!(decoded, expected, "{says}");
            // Nor does one behind another frame.
            let second = [zstd(b"one"), packed].concat();
            let decoded = start("zstd", &second, LIMIT_BYTES).unwrap();
            assert_eq!((&*decoded.bytes, decoded.stop), (&b"one"[..], expected.stop), "{says}");
        }
        // An empty stream with the large-window marker (0x11) and its size, 10 to 30 bits.
        for bits in [10, 24, 25, 30] {
            let decoded = start("br", &[0x11, bits | 0b1100_0000], LIMIT_BYTES).unwrap();
            assert_eq!(decoded.stop, Some(DecodeStop::Broken("br")), "{bits}");
        }
        // The largest regular window: 16 MiB.
        assert_eq!(whole("br", &[0x0f | 0b11 << 4]), b"");
    }

    #[test]
    fn a_short_body_may_pass_the_ratio() {
        let zeros = vec![0; FREE_BYTES];
        assert_eq!(whole("gzip", &gzip(&zeros)), zeros);
    }

    #[test]
    fn an_error_gives_what_came_before_it() {
        let bytes = sample(200_000);
        for (coding, packed) in [
            ("gzip", gzip(&bytes)),
            ("deflate", zlib(&bytes)),
            ("br", brotli(&bytes)),
            ("zstd", zstd(&bytes)),
        ] {
            let decoded = start(coding, &packed[..packed.len() / 2], LIMIT_BYTES).unwrap();
            assert!(decoded.stop.is_some(), "{coding}");
            assert!(bytes.starts_with(&decoded.bytes), "{coding}");
            let least = if coding == "zstd" { 0 } else { 50_000 };
            assert!(decoded.bytes.len() >= least, "{coding} gave {}", decoded.bytes.len());
        }
        let decoded = start("gzip", b"this is no gzip", 100).unwrap();
        assert_eq!((decoded.bytes.len(), decoded.stop), (0, Some(DecodeStop::Broken("gzip"))));
    }

    fn any_coding() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["gzip", "deflate", "br", "zstd", "gzip, br", "zstd, gzip"])
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(coding in any_coding(), bytes: Vec<u8>) {
            let decoded = start(coding, &bytes, 5000).unwrap();
            prop_assert!(decoded.bytes.len() <= 5000);
        }

        #[test]
        fn broken_bodies_end_in_peace(
            coding in any_coding(),
            text in ".{0,400}",
            flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        ) {
            let mut packed = match coding {
                "gzip" => gzip(text.as_bytes()),
                "deflate" => zlib(text.as_bytes()),
                "br" => brotli(text.as_bytes()),
                "zstd" => zstd(text.as_bytes()),
                "gzip, br" => brotli(&gzip(text.as_bytes())),
                _ => gzip(&zstd(text.as_bytes())),
            };
            for (place, byte) in flips {
                let place = place.index(packed.len());
                packed[place] ^= byte;
            }
            start(coding, &packed, LIMIT_BYTES);
        }
    }
}
