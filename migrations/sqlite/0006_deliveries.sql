-- Which requests are tries of one delivery.

-- The sender's own id of the delivery. 'like-' and the `seq` of the first where it is guessed, from
-- the second try on: its body is equal to that of the first. Null for neither.
alter table requests add column delivery text;
-- Which try of its delivery it is, from 1; null where it belongs to none.
alter table requests add column attempt integer;

-- Only what belongs to a delivery costs an entry.
create index requests_by_delivery on requests (endpoint_id, delivery, attempt)
where delivery is not null;
