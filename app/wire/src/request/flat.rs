//! Reads a complete request, whose members are in the same object as those of its summary.

use super::Detail;
use crate::json::{Readable, Reader, Unreadable};

impl Readable for Detail {
    fn blank() -> Self {
        Self {
            summary: Readable::blank(),
            http_version: Readable::blank(),
            peer: Readable::blank(),
            trailers: Readable::blank(),
            headers: Readable::blank(),
            exact: Readable::blank(),
            redacted: Readable::blank(),
            duration_us: Readable::blank(),
            body: Readable::blank(),
        }
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        let Self {
            summary,
            http_version,
            peer,
            trailers,
            headers,
            exact,
            redacted,
            duration_us,
            body,
        } = self;
        // Each of the two skips the other's members.
        summary.read(&mut reader.clone())?;
        reader.object(
            "http_version peer trailers headers exact redacted duration_us body",
            "",
            &mut [http_version, peer, trailers, headers, exact, redacted, duration_us, body],
        )
    }
}
