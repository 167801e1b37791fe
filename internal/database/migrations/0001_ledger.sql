-- +goose Up

-- Tenants as the ledger knows them: as whom to write, and what to do about a
-- mail that nobody knows the fate of.
CREATE TABLE ledger_organizations (
    id               TEXT PRIMARY KEY,
    display_name     TEXT NOT NULL,
    mail_from        TEXT NOT NULL,
    mail_reply_to    TEXT NOT NULL,
    mail_server      TEXT NOT NULL,
    unknown_delivery TEXT NOT NULL
);

-- One row for every invitation that was ever issued. state is Pending,
-- Accepted, Declined or Revoked; Expired is derived from expires_at.
CREATE TABLE invitations (
    id           TEXT PRIMARY KEY,
    organization TEXT     NOT NULL,
    address      TEXT     NOT NULL,
    -- counts what was issued to this address, from 1
    revision     BIGINT   NOT NULL,
    -- the revision that the declaration asked for
    asked        BIGINT   NOT NULL,
    state        TEXT     NOT NULL,
    -- 1 once the membership's story ended; the next invitation starts anew
    closed       SMALLINT NOT NULL,
    details      TEXT     NOT NULL,
    nonce        TEXT     NOT NULL,
    token_hash   TEXT     NOT NULL,
    created_at   BIGINT   NOT NULL,
    expires_at   BIGINT   NOT NULL,
    -- 0 while pending
    ended_at     BIGINT   NOT NULL
);
CREATE UNIQUE INDEX invitations_revision ON invitations (organization, address, revision);
CREATE UNIQUE INDEX invitations_token ON invitations (token_hash);
-- Whatever goes wrong above, an address never has two links that work.
CREATE UNIQUE INDEX invitations_one_pending ON invitations (organization, address) WHERE state = 'Pending';

-- The mail outbox. A delivery belongs to one invitation.
CREATE TABLE deliveries (
    id            TEXT PRIMARY KEY,
    invitation    TEXT     NOT NULL REFERENCES invitations (id),
    -- Queued, Claimed, Sent, Rejected, Unknown or Cancelled
    state         TEXT     NOT NULL,
    attempts      BIGINT   NOT NULL,
    -- 1 once it was handed over again after an unknown outcome
    resent        SMALLINT NOT NULL,
    -- 1 from the moment at which the claimed message may leave for good
    departed      SMALLINT NOT NULL,
    next_at       BIGINT   NOT NULL,
    claimed_by    TEXT     NOT NULL,
    claimed_until BIGINT   NOT NULL,
    sent_at       BIGINT   NOT NULL,
    last_error    TEXT     NOT NULL
);
CREATE UNIQUE INDEX deliveries_invitation ON deliveries (invitation);
CREATE INDEX deliveries_due ON deliveries (next_at, id) WHERE state = 'Queued';
CREATE INDEX deliveries_claimed ON deliveries (claimed_until, id) WHERE state = 'Claimed';

-- The changes feed. Whoever appends updates change_head last in its
-- transaction, so sequences are committed in their order.
CREATE TABLE change_head (
    id    SMALLINT PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
);
INSERT INTO change_head (id, value) VALUES (1, 0);
CREATE TABLE changes (
    sequence     BIGINT PRIMARY KEY,
    organization TEXT NOT NULL,
    address      TEXT NOT NULL
);

-- Who did what, and what became of it. Holds no token and no link.
CREATE TABLE audit (
    id           TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    actor        TEXT   NOT NULL,
    action       TEXT   NOT NULL,
    organization TEXT   NOT NULL,
    address      TEXT   NOT NULL,
    -- '' and 0 when it is about no invitation
    invitation   TEXT   NOT NULL,
    revision     BIGINT NOT NULL,
    note         TEXT   NOT NULL,
    PRIMARY KEY (organization, id)
);
CREATE INDEX audit_address ON audit (organization, address, id);
