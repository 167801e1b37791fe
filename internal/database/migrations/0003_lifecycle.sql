-- +goose Up

-- What a declaration asked for beside its revision: the value of an annotation.
ALTER TABLE invitations ADD COLUMN request TEXT NOT NULL DEFAULT '';
-- Join, or Confirm for the changed address of somebody who is in.
ALTER TABLE invitations ADD COLUMN purpose TEXT NOT NULL DEFAULT 'Join';

-- 0 is the invitation itself, n the reminder that was due n-th.
ALTER TABLE deliveries ADD COLUMN ordinal BIGINT NOT NULL DEFAULT 0;
DROP INDEX deliveries_invitation;
CREATE UNIQUE INDEX deliveries_invitation ON deliveries (invitation, ordinal);

-- Whose address it is: what was created or adopted through a declaration, and
-- by which. Nothing that is not in here is ever removed.
CREATE TABLE holdings (
    organization TEXT   NOT NULL,
    address      TEXT   NOT NULL,
    -- the name of the declaration
    holder       TEXT   NOT NULL,
    -- Created or Adopted
    origin       TEXT   NOT NULL,
    -- a fingerprint of what was applied last
    applied      TEXT   NOT NULL,
    since        BIGINT NOT NULL,
    PRIMARY KEY (organization, address)
);
CREATE INDEX holdings_holder ON holdings (organization, holder);
