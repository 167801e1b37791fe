-- +goose Up

-- How the removal rail of an organization stands. Whoever reserves a removal
-- writes to this row first, so that no two count at the same time.
CREATE TABLE removal_rails (
    organization TEXT PRIMARY KEY,
    -- 1 while removals are stopped until somebody approves them
    held         SMALLINT NOT NULL,
    -- how many had gone within the window when they were stopped
    held_done    BIGINT   NOT NULL
);

-- Who may go, and who asks to. A row is one removal, however often it is tried.
CREATE TABLE removals (
    organization TEXT   NOT NULL,
    address      TEXT   NOT NULL,
    -- what makes it this removal and no other: the UID of the declaration, or
    -- the backend's key of a member whom none declares
    subject      TEXT   NOT NULL,
    -- Waiting; Counted: may go, within the limits; Approved: may go, by a human's word
    state        TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (organization, address, subject)
);
CREATE INDEX removals_state ON removals (organization, state, at);

-- How much mail of an organization may leave, and what was stopped.
CREATE TABLE mail_limits (
    organization TEXT PRIMARY KEY,
    -- mails within a rolling hour; 0 for any number
    per_hour     BIGINT NOT NULL,
    -- invitations within the window, of those that count; -1 for any number
    surge        BIGINT NOT NULL,
    surge_window BIGINT NOT NULL,
    -- when there is room within the hour again; 0 while there is
    paused_until BIGINT NOT NULL,
    -- how many would have left when they were stopped; 0 while nothing is
    tripped      BIGINT NOT NULL,
    -- numbers what was stopped, and is never given out twice
    holds        BIGINT NOT NULL
);

-- The state Held is new: stopped until somebody approves it.
ALTER TABLE deliveries ADD COLUMN organization TEXT NOT NULL DEFAULT '';
-- 1 when it counts for the limit on a surge of invitations
ALTER TABLE deliveries ADD COLUMN surge SMALLINT NOT NULL DEFAULT 0;
-- which stop it was held by; 0 for none
ALTER TABLE deliveries ADD COLUMN hold BIGINT NOT NULL DEFAULT 0;
UPDATE deliveries SET organization = (SELECT i.organization FROM invitations i WHERE i.id = deliveries.invitation);
CREATE INDEX deliveries_leaving ON deliveries (organization, surge, state) WHERE state IN ('Queued', 'Claimed', 'Held');
CREATE INDEX deliveries_sent ON deliveries (organization, surge, sent_at) WHERE state = 'Sent';
