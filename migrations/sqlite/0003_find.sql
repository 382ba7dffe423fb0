-- What requests are found by, and what their owner says of them.

-- Who sent it, as its marks tell, such as 'GitHub'.
alter table requests add column sender text;
-- 'preview' or 'preflight'; null for everything else.
alter table requests add column mark text;
-- What it was answered with; null for what older versions kept.
alter table requests add column status integer;
-- What its owner wrote beside it.
alter table requests add column note text;
-- 1 if its owner pinned it: retention spares it, also at or below its endpoint's floor.
alter table requests add column pinned integer not null default 0;
-- The workspace's change that last changed its note or pin; null if none did.
alter table requests add column updated integer;

-- With what most searches and all counts by time ask for, so that these read no rows that they leave
-- out. The writer sees to it that no `seq` is given twice.
drop index requests_by_seq;
create index requests_by_seq
on requests (endpoint_id, seq, received_at, body_bytes, status, method, refused);

create index requests_by_pin on requests (endpoint_id, seq) where pinned = 1;
create unique index requests_by_update on requests (workspace_id, updated)
where updated is not null;
