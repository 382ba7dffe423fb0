//! Encodes requests and their bodies as rows.

use bytes::Bytes;
use sqlx::{Arguments as _, Encode, Sqlite, SqliteConnection, sqlite::SqliteArguments};

use super::super::{
    super::{CapturedRequest, EndpointId, PIECE_BYTES, WorkspaceId},
    PIECES, reader,
};

/// The number of values in a request's row.
const ROW_VALUES: usize = 28;

/// A fully numbered request.
pub(super) struct NewRow {
    pub(super) id: i64,
    pub(super) endpoint: EndpointId,
    pub(super) seq: i64,
    pub(super) workspace: WorkspaceId,
    pub(super) change: i64,
    /// How many pieces were uploaded ahead.
    pub(super) uploaded: i64,
    pub(super) captured: Box<CapturedRequest>,
}

impl NewRow {
    /// Whether its row and first piece are all there is to insert.
    pub(super) fn has_one_piece_at_most(&self) -> bool {
        self.captured.body.iter().map(Bytes::len).sum::<usize>() <= PIECE_BYTES
    }
}

/// Inserts one piece of a body.
pub(super) async fn insert_piece(
    connection: &mut SqliteConnection,
    id: i64,
    bytes: Bytes,
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into body_pieces (id, bytes) values (?, ?)")
        .bind(id)
        .bind(Vec::from(bytes))
        .execute(connection)
        .await?;
    Ok(())
}

/// Binds rows, then the first piece of each, both padded with nulls to `count`. Returns the
/// remaining pieces with their ids.
pub(super) fn bind_rows(
    arguments: &mut SqliteArguments,
    rows: impl Iterator<Item = NewRow>,
    count: usize,
) -> Result<Vec<(i64, Bytes)>, sqlx::Error> {
    arguments.reserve(count * (ROW_VALUES + 2) + 9, 0);
    let (mut first, mut later) = (Vec::with_capacity(count), Vec::new());
    let mut missing = count;
    for row in rows {
        missing -= 1;
        let start = row.id * PIECES + row.uploaded;
        let mut ids = start..;
        let mut pieces = ids.by_ref().zip(pieces(&row.captured.body));
        first.extend(pieces.next());
        later.extend(pieces);
        bind_row(arguments, row)?;
    }
    add_nulls(arguments, missing * ROW_VALUES)?;
    let missing = count - first.len();
    for (id, bytes) in first {
        add(arguments, id)?;
        add(arguments, Vec::from(bytes))?;
    }
    add_nulls(arguments, missing * 2)?;
    Ok(later)
}

fn bind_row(arguments: &mut SqliteArguments, row: NewRow) -> Result<(), sqlx::Error> {
    let CapturedRequest {
        received_at,
        duration_us,
        method,
        target,
        http_version,
        remote_addr,
        peer,
        content_type,
        label,
        sender,
        delivery,
        attempt,
        mark,
        status,
        answer,
        complete,
        exact,
        redacted,
        head,
        trailers,
        body_bytes,
        upload: _,
        body: _,
        body_sha256,
        refused,
    } = *row.captured;
    for value in
        [row.id, row.endpoint.0, row.seq, row.workspace.0, row.change, received_at, duration_us]
    {
        add(arguments, value)?;
    }
    add(arguments, method)?;
    add(arguments, target)?;
    add(arguments, http_version)?;
    add(arguments, remote_addr)?;
    add(arguments, peer)?;
    add(arguments, content_type)?;
    add(arguments, label)?;
    add(arguments, i64::try_from(body_bytes).unwrap_or(i64::MAX))?;
    add(arguments, body_sha256.as_slice())?;
    add(arguments, complete)?;
    add(arguments, exact)?;
    add(arguments, redacted)?;
    add(arguments, head)?;
    add(arguments, trailers)?;
    add(arguments, refused.as_ref().map(reader::refused_text))?;
    add(arguments, sender)?;
    add(arguments, mark)?;
    add(arguments, status)?;
    add(arguments, delivery)?;
    add(arguments, attempt)?;
    add(arguments, answer)
}

pub(super) fn add<'t, T: Encode<'t, Sqlite> + sqlx::Type<Sqlite>>(
    arguments: &mut SqliteArguments,
    value: T,
) -> Result<(), sqlx::Error> {
    arguments.add(value).map_err(sqlx::Error::Encode)
}

pub(super) fn add_nulls(arguments: &mut SqliteArguments, count: usize) -> Result<(), sqlx::Error> {
    (0..count).try_for_each(|_| add(arguments, None::<i64>))
}

/// Splits a body into pieces of `PIECE_BYTES`, the last one shorter.
fn pieces(body: &[Bytes]) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    if let [whole] = body
        && whole.len() <= PIECE_BYTES
    {
        if !whole.is_empty() {
            pieces.push(whole.clone());
        }
        return pieces;
    }
    let mut filling: Vec<u8> = Vec::new();
    for part in body {
        let mut part = part.clone();
        while !part.is_empty() {
            let taken = part.split_to(part.len().min(PIECE_BYTES - filling.len()));
            filling.extend_from_slice(&taken);
            if filling.len() == PIECE_BYTES {
                pieces.push(Bytes::from(std::mem::take(&mut filling)));
            }
        }
    }
    if !filling.is_empty() {
        pieces.push(Bytes::from(filling));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_body_in_pieces_is_the_same_body(
            parts in proptest::collection::vec(0..PIECE_BYTES * 2, 0..5),
        ) {
            let parts: Vec<Bytes> = parts
                .into_iter()
                .enumerate()
                .map(|(at, length)| vec![u8::try_from(at).unwrap(); length].into())
                .collect();
            let pieces = pieces(&parts);
            prop_assert_eq!(pieces.concat(), parts.concat());
            for (at, piece) in pieces.iter().enumerate() {
                prop_assert!(!piece.is_empty());
                prop_assert!(piece.len() == PIECE_BYTES || at + 1 == pieces.len());
            }
        }
    }
}
