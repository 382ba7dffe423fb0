-- Times are microseconds since 1970-01-01T00:00:00Z, sizes are bytes.

-- A workspace owns endpoints: whoever holds one of its keys may read and change them.
create table workspaces (
    id integer primary key,
    -- The number of the last change; each change takes the next in its own transaction.
    change integer not null default 0,
    -- Changes up to this number can no longer be replayed out of `changes`.
    change_floor integer not null default 0,
    created_at integer not null
) strict;

create table workspace_keys (
    -- SHA-256 of the key; the key itself is kept nowhere.
    hash blob primary key,
    workspace_id integer not null references workspaces (id),
    created_at integer not null
) strict, without rowid;

-- Endpoints stay for ever, also after they are gone: a name is only ever given back to the same
-- workspace, and no `seq` is used twice.
create table endpoints (
    id integer primary key,
    workspace_id integer not null references workspaces (id),
    -- What stands in the URL: a lower-case UUID or a slug.
    slug text not null unique,
    -- What the owner calls it.
    name text,
    created_at integer not null,
    -- Null for never.
    expires_at integer,
    -- Null while it lives.
    gone_at integer,
    -- 'deleted' or 'expired', null while it lives.
    gone_reason text,
    -- The highest `seq` ever given.
    last_seq integer not null default 0,
    -- How many requests are kept.
    requests integer not null default 0
) strict;

create index endpoints_by_workspace on endpoints (workspace_id);

create table requests (
    -- Given by the writer, in order of capture.
    id integer primary key,
    endpoint_id integer not null references endpoints (id),
    seq integer not null,
    workspace_id integer not null,
    -- The workspace's change that captured it.
    change integer not null,
    received_at integer not null,
    -- From the complete head to the last byte of the body, in microseconds.
    duration_us integer not null,
    method text not null,
    -- The raw request target.
    target blob not null,
    -- 9 for HTTP/0.9, 10, 11, 20: as in `HTTP/1.1`.
    http_version integer not null,
    -- The client's address, without port.
    remote_addr text not null,
    -- Address and port of the connection.
    peer text not null,
    content_type blob,
    label text,
    body_bytes integer not null,
    body_sha256 blob not null,
    -- Whether the sender sent the whole body.
    complete integer not null,
    -- Whether `head` is what stood on the wire, byte for byte.
    exact integer not null,
    -- Whether a key or a named cookie in `head` was overwritten.
    redacted integer not null,
    -- Request line and fields with their line ends, through the empty line.
    head blob not null,
    -- Trailer fields with their line ends, empty for none.
    trailers blob not null
) strict;

create unique index requests_by_seq on requests (endpoint_id, seq);
create index requests_by_change on requests (workspace_id, change);

-- Bodies in pieces of at most 256 KiB; an empty body has none. Apart from `requests`, so that
-- lists never read them.
create table body_chunks (
    id integer primary key,
    request_id integer not null,
    -- Where in the body the piece starts.
    position integer not null,
    bytes blob not null
) strict;

create unique index body_chunks_by_request on body_chunks (request_id, position);

-- Changes other than captures, for feeds that come back after an absence.
create table changes (
    workspace_id integer not null,
    change integer not null,
    endpoint_id integer not null,
    -- 'endpoint', 'gone', 'deleted' or 'cleared'.
    kind text not null,
    -- 'gone': the reason. 'deleted': a JSON array of seqs. 'cleared': the last seq. Else null.
    payload text,
    primary key (workspace_id, change)
) strict, without rowid;
