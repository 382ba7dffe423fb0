//! The parts of a multipart body as rows.

use hookglass_message::{
    charset::has_controls,
    multipart::{Multipart, PartContent},
};
use hookglass_wire::{Field, Note};

use super::{
    fields::{VALUE_BYTES, field},
    note,
    pieces::grouped,
};

/// Returns the parts as fields, built lazily; each has a link of `download` and its number.
pub(crate) fn fields<'a>(
    parts: &'a Multipart,
    bytes: &'a [u8],
    download: &'a str,
) -> (impl Iterator<Item = Field> + use<'a>, Vec<Note>) {
    let shown = parts.iter(bytes).enumerate().map(move |(number, part)| {
        let is_text = !has_controls(part.body) && part.file.is_none();
        let shown = if is_text { part.body } else { preview(part.body) };
        let name = part.name.as_deref().unwrap_or_default();
        Field {
            file: Some(sentence(&part)),
            download: Some(format!("{download}{number}")),
            ..field(name.as_bytes(), shown, "")
        }
    });
    let notes = parts.broken().iter().map(|text| note("warn", text)).collect();
    (shown, notes)
}

/// The start of a text file; empty for other files.
fn preview(body: &[u8]) -> &[u8] {
    let is_text = !has_controls(body)
        && std::str::from_utf8(&body[..body.len().min(VALUE_BYTES)])
            .map_or_else(|error| error.error_len().is_none(), |_| true);
    if is_text { body } else { &[] }
}

/// The name, type and size of a part.
fn sentence(part: &PartContent<'_>) -> String {
    let (mut words, bytes) = (Vec::new(), part.body.len());
    if let Some(file) = &part.file {
        words.push(format!("file {file:?}"));
    }
    if !part.media.essence.is_empty() {
        words.push(part.media.essence.clone());
    }
    words.push(format!("{} byte{}", grouped(bytes), if bytes == 1 { "" } else { "s" }));
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hookglass_message::media_type::MediaType;

    fn shown(bytes: &[u8]) -> Vec<String> {
        let parts = Multipart::of(&MediaType::of(b"multipart/form-data; boundary=xx"), bytes);
        let (fields, notes) = fields(&parts, bytes, "part?n=");
        assert!(notes.is_empty(), "{notes:?}");
        let text = |pieces: &[hookglass_wire::Piece]| {
            pieces.iter().map(|piece| piece.0.as_str()).collect::<String>()
        };
        let shown = fields.map(|field| {
            format!(
                "{}={} ({}) {}",
                text(&field.name),
                text(&field.value),
                field.file.as_deref().unwrap_or_default(),
                field.download.as_deref().unwrap_or_default()
            )
        });
        shown.collect()
    }

    #[test]
    fn parts_have_names_types_files_and_sizes() {
        let sample = b"preamble\r\n--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\ntwo\r\n--xx  \r\ncontent-disposition: form-data; name=f; filename=\"C:\\x\\p.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\0\r\n--xx\r\nContent-Disposition: form-data; name=e\r\n\r\n\r\n--xx--\r\nepilogue";
        let expected = [
            "a=one\r\ntwo (8 bytes) part?n=0",
            "f= (file \"C:\\\\x\\\\p.png\", image/png, 5 bytes) part?n=1",
            "e= (0 bytes) part?n=2",
        ];
        assert_eq!(shown(sample), expected);
        let extended = "--xx\nContent-Disposition: form-data; name=a; filename*=UTF-8''na%C3%AFve\n\nx\n--xx--";
        assert_eq!(shown(extended.as_bytes()), ["a=x (file \"naïve\", 1 byte) part?n=0"]);
    }
}
