//! The writer's SQL for several rows at once, made from fixed text only. Statements come in a few
//! sizes, so that each is prepared once; unused rows are filled with nulls.

/// Once, so that the sizes look alike.
macro_rules! x1 {
    ($text:expr) => {
        $text
    };
}
macro_rules! x2 {
    ($text:expr) => {
        concat!($text, ",", $text)
    };
}
macro_rules! x4 {
    ($text:expr) => {
        x2!(x2!($text))
    };
}
macro_rules! x8 {
    ($text:expr) => {
        x2!(x4!($text))
    };
}
macro_rules! x16 {
    ($text:expr) => {
        x2!(x8!($text))
    };
}
macro_rules! x32 {
    ($text:expr) => {
        x2!(x16!($text))
    };
}
macro_rules! x64 {
    ($text:expr) => {
        x2!(x32!($text))
    };
}
macro_rules! row {
    () => {
        "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
    };
}
/// Rows and the first pieces of their bodies. Rows and pieces of nulls are padding and insert
/// nothing.
macro_rules! insert {
    ($rows:expr, $pieces:expr) => {
        concat!(
            "insert into requests (
                id, endpoint_id, seq, workspace_id, change, received_at, duration_us, method,
                target, http_version, remote_addr, peer, content_type, label, body_bytes,
                body_sha256, complete, exact, redacted, head, trailers, refused, sender, mark,
                status, delivery, attempt, answer
            )
            select * from (values ",
            $rows,
            ") where column1 is not null;
            insert into body_pieces (id, bytes)
            select column1, column2 from (values ",
            $pieces,
            ") where column1 is not null;"
        )
    };
}
macro_rules! pair {
    () => {
        "(?,?)"
    };
}
macro_rules! insert_rows {
    ($times:ident) => {
        insert!($times!(row!()), $times!(pair!()))
    };
}
macro_rules! update_endpoint {
    () => {
        "update endpoints
        set last_seq = ?, requests = ?, floor = ?, purged = ?, dropped_through = ?
        where id = ?;"
    };
}
macro_rules! update_workspace {
    () => {
        "update workspaces set change = ?, bytes = ? where id = ?;"
    };
}
macro_rules! update_endpoints {
    ($rows:expr) => {
        concat!(
            "update endpoints
            set last_seq = new.column1, requests = new.column2, floor = new.column3,
                purged = new.column4, dropped_through = new.column5
            from (values ",
            $rows,
            ") as new
            where endpoints.id = new.column6;"
        )
    };
}
macro_rules! update_workspaces {
    ($rows:expr) => {
        concat!(
            "update workspaces
            set change = new.column1, bytes = new.column2
            from (values ",
            $rows,
            ") as new
            where workspaces.id = new.column3;"
        )
    };
}
macro_rules! whole {
    ($insert:expr) => {
        concat!("begin immediate;", $insert, update_endpoint!(), update_workspace!(), "commit")
    };
}

/// Writes an endpoint and a workspace back, and commits.
pub(super) const LAST: &str = concat!(update_endpoint!(), update_workspace!(), "commit");

/// A whole transaction of up to 8 requests at one endpoint: its capacity, and the statements.
pub(super) const fn whole(requests: usize) -> (usize, &'static str) {
    match requests {
        0..=1 => (1, whole!(insert_rows!(x1))),
        2 => (2, whole!(insert_rows!(x2))),
        3..=4 => (4, whole!(insert_rows!(x4))),
        _ => (8, whole!(insert_rows!(x8))),
    }
}

/// Inserts requests with the first pieces of their bodies: capacity (at most 64) and statement.
pub(super) const fn insert(requests: usize) -> (usize, &'static str) {
    match requests {
        0..=1 => (1, insert_rows!(x1)),
        2..4 => (2, insert_rows!(x2)),
        4..8 => (4, insert_rows!(x4)),
        8..16 => (8, insert_rows!(x8)),
        16..32 => (16, insert_rows!(x16)),
        32..64 => (32, insert_rows!(x32)),
        _ => (64, insert_rows!(x64)),
    }
}

/// Writes endpoints back, six values each: the capacity, and the statement.
pub(super) const fn endpoints(count: usize) -> (usize, &'static str) {
    match count {
        0..=1 => (1, update_endpoint!()),
        2..=8 => (8, update_endpoints!(x8!("(?,?,?,?,?,?)"))),
        _ => (64, update_endpoints!(x64!("(?,?,?,?,?,?)"))),
    }
}

/// Writes workspaces back, three values each: the capacity, and the statement.
pub(super) const fn workspaces(count: usize) -> (usize, &'static str) {
    match count {
        0..=1 => (1, update_workspace!()),
        2..=8 => (8, update_workspaces!(x8!("(?,?,?)"))),
        _ => (64, update_workspaces!(x64!("(?,?,?)"))),
    }
}
