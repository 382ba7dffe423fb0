//! Detects images by their first bytes, never by the sender's media type.

use hookglass_message::media_type::MediaType;
use hookglass_wire::Field;

use super::fields::field;

/// A detected image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Image {
    /// The media type. Only types that cannot run scripts: never SVG.
    pub(crate) media_type: &'static str,
    /// Width and height in pixels, where they are easy to read.
    pub(crate) size: Option<(u32, u32)>,
}

/// Detects an image format that browsers show.
pub(crate) fn image(media: &MediaType, bytes: &[u8]) -> Option<Image> {
    let found = |media_type, size| Some(Image { media_type, size });
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => {
            found("image/png", be32(bytes, 16).zip(be32(bytes, 20)))
        }
        [0xff, 0xd8, 0xff, ..] => found("image/jpeg", jpeg_size(bytes)),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => {
            found("image/gif", le16(bytes, 6).zip(le16(bytes, 8)))
        }
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
            found("image/webp", webp_size(bytes))
        }
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f' | b's', ..] => {
            found("image/avif", None)
        }
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => {
            found("image/bmp", le32(bytes, 18).zip(le32(bytes, 22)))
        }
        // These bytes alone are too weak a signature without the sender's type.
        [0, 0, 1, 0, _, 0, ..] if media.essence.starts_with("image/") => {
            found("image/x-icon", None)
        }
        _ => None,
    }
}

impl Image {
    /// The fields that describe the image.
    pub(crate) fn fields(self) -> Vec<Field> {
        let mut fields = vec![field(b"Type", self.media_type.as_bytes(), "")];
        if let Some((width, height)) = self.size {
            let size = format!("{width} × {height} pixels");
            fields.push(field(b"Size", size.as_bytes(), ""));
        }
        fields
    }
}

/// Reads width and height from the first frame header (ITU T.81 §B.2.2).
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        match *bytes.get(at + 1)? {
            0xff => at += 1,
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return be16(bytes, at + 7).zip(be16(bytes, at + 5));
            }
            0x01 | 0xd0..=0xd9 => at += 2,
            _ => at += 2 + usize::try_from(be16(bytes, at + 2)?).ok()?.max(2),
        }
    }
}

fn webp_size(bytes: &[u8]) -> Option<(u32, u32)> {
    match bytes.get(12..16)? {
        b"VP8X" => {
            let le24 = |at: usize| {
                let [a, b, c] = bytes.get(at..at + 3)?.try_into().ok()?;
                Some(u32::from_le_bytes([a, b, c, 0]) + 1)
            };
            le24(24).zip(le24(27))
        }
        b"VP8 " => {
            let side = |at| le16(bytes, at).map(|side| side & 0x3fff);
            side(26).zip(side(28))
        }
        b"VP8L" => {
            let bits = le32(bytes, 21)?;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        _ => None,
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn be16(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(bytes: &[u8]) -> Option<(&'static str, Option<(u32, u32)>)> {
        image(&MediaType::default(), bytes).map(|image| (image.media_type, image.size))
    }

    #[test]
    fn images_are_told_by_their_first_bytes() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\x40\0\0\0\xf0";
        assert_eq!(told(png), Some(("image/png", Some((320, 240)))));
        assert_eq!(told(b"GIF89a\x10\0\x20\0"), Some(("image/gif", Some((16, 32)))));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04\0\0\xff\xc0\0\x11\x08\0\xf0\x01\x40";
        assert_eq!(told(jpeg), Some(("image/jpeg", Some((320, 240)))));
        let webp = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x3f\x01\0\xef\0\0";
        assert_eq!(told(webp), Some(("image/webp", Some((320, 240)))));
        assert_eq!(told(b"\0\0\0\x20ftypavif"), Some(("image/avif", None)));
        assert_eq!(told(b"\0\0\x01\0\x01\0"), None);
        assert!(image(&MediaType::of(b"image/vnd.microsoft.icon"), b"\0\0\x01\0\x01\0").is_some());
        assert_eq!(told(b"<svg onload=alert(1)>"), None);
        assert!(
            image(&MediaType::of(b"image/png"), b"<html>").is_none(),
            "the type is not believed"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(
            start in prop::sample::select(vec![
                b"\xff\xd8\xff".to_vec(), b"RIFF0000WEBPVP8 ".to_vec(), b"BM0000\0\0\0\0".to_vec(),
                b"\x89PNG\r\n\x1a\n".to_vec(), Vec::new(),
            ]),
            rest: Vec<u8>,
        ) {
            told(&[start, rest].concat());
        }
    }
}
