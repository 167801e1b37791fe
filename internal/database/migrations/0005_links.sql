-- +goose Up

-- Shareable links. The token is made again from key, rotation and nonce.
CREATE TABLE links (
    organization TEXT     NOT NULL,
    name         TEXT     NOT NULL,
    -- the rotation that was asked for last
    rotation     BIGINT   NOT NULL,
    nonce        TEXT     NOT NULL,
    token_hash   TEXT     NOT NULL,
    max_uses     BIGINT   NOT NULL,
    -- over all rotations
    uses         BIGINT   NOT NULL,
    issued_at    BIGINT   NOT NULL,
    expires_at   BIGINT   NOT NULL,
    -- a JSON array; [] for any
    domains      TEXT     NOT NULL,
    -- 1 when everybody who joins has to be approved
    approval     SMALLINT NOT NULL,
    -- 0 while nobody is to join, whatever else is so
    open         SMALLINT NOT NULL,
    details      TEXT     NOT NULL,
    PRIMARY KEY (organization, name)
);
CREATE UNIQUE INDEX links_token ON links (token_hash);

-- Who asked to join by which link, and how far that is. A row outlives the
-- membership, so that nobody joins by the same link twice.
CREATE TABLE joins (
    organization TEXT     NOT NULL,
    link         TEXT     NOT NULL,
    address      TEXT     NOT NULL,
    -- Requested, Asked, Confirmed, AwaitingApproval or Settled
    state        TEXT     NOT NULL,
    -- the link's rotation at the request
    rotation     BIGINT   NOT NULL,
    name         TEXT     NOT NULL,
    -- the invitation that confirms the address; '' before
    invitation   TEXT     NOT NULL,
    -- 1 when the link asked for an approval at the confirmation
    approval     SMALLINT NOT NULL,
    requested_at BIGINT   NOT NULL,
    -- 0 before the address was confirmed
    confirmed_at BIGINT   NOT NULL,
    PRIMARY KEY (organization, link, address)
);
CREATE INDEX joins_state ON joins (organization, link, state, address);
CREATE INDEX joins_requested ON joins (organization, link, requested_at);
CREATE INDEX joins_invitation ON joins (invitation);
