-- How endpoints answer where that is not plain, and what single requests were answered.

create table answers (
    endpoint_id integer primary key references endpoints (id),
    -- The workspace's change that set it: it grows with each.
    version integer not null,
    -- What is set, as JSON: `Answering` of the wire.
    settings text not null,
    -- The same in a few words for people; null where there is nothing to say.
    words text,
    -- How many requests its programme has answered since it was set.
    answered integer not null default 0
) strict;

-- What it was answered, as JSON: `Answered` of the wire. Null for the plain answer, and for refusals,
-- which are made again out of the rest.
alter table requests add column answer blob;
