-- Limits and what goes at them; bodies in a leaner table.

-- What the requests and unfinished uploads of a workspace take up in the file, about: heads,
-- trailers, bodies, and 512 for each request's other columns and index entries.
alter table workspaces add column bytes integer not null default 0;

-- How many seconds without use end the endpoint: 0 for never, null for what the server says.
alter table endpoints add column expires_in integer;
-- 1 if it refuses requests once it is full, 0 if it drops its oldest.
alter table endpoints add column refuses integer not null default 0;
-- Requests up to this `seq` are no longer there for any reader.
alter table endpoints add column floor integer not null default 0;
-- Rows of requests up to this `seq` are deleted; what lies between here and `floor` soon will be.
alter table endpoints add column purged integer not null default 0;
-- The highest `seq` that retention dropped since the endpoint was last cleared.
alter table endpoints add column dropped_through integer not null default 0;

-- For finding those whose time is over, and those that have none yet.
create index endpoints_by_expiry on endpoints (expires_at) where gone_at is null;

-- The limit that a refused request ran into and its value, as in 'max-body=26214400'.
alter table requests add column refused text;

-- Bodies in pieces of 256 KiB, the last one shorter; an empty body has none. `requests.id` is no
-- longer in order of capture: a body that goes ahead takes its request's id when it starts.
create table body_pieces (
    -- The request's id * 2^20 + the number of the piece within the body, from 0.
    id integer primary key,
    bytes blob not null
) strict;

insert into body_pieces (id, bytes)
select request_id * 1048576 + position / 262144, bytes
from body_chunks
order by request_id, position;

drop table body_chunks;

-- Bodies whose requests are not there yet. Those of a server that is no more are deleted at start.
create table uploads (
    -- The id that the request will have.
    id integer primary key,
    workspace_id integer not null
) strict;

update workspaces
set bytes = (
    select coalesce(sum(length(head) + length(trailers) + body_bytes + 512), 0)
    from requests
    where workspace_id = workspaces.id
);
