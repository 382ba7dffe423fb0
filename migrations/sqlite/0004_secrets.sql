-- The secrets that senders sign with, and what was made of signatures.

create table secrets (
    -- A UUID v4, known before the secret is sealed, which binds to it.
    id text primary key,
    endpoint_id integer not null references endpoints (id),
    -- Whose it is, as in `/api/providers`: 'stripe'.
    provider text not null,
    -- What the owner calls it.
    name text,
    created_at integer not null,
    -- XChaCha20-Poly1305: 24 bytes of nonce, then the sealed secret. The key is in no table.
    sealed blob not null
) strict, without rowid;

create index secrets_by_endpoint on secrets (endpoint_id);

-- 'valid', 'invalid', 'unsigned' or 'unknown', by the secrets that were there when it was last
-- judged; null where no secret was.
alter table requests add column verdict text;
