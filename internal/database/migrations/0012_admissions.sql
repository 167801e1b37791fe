-- +goose Up

-- Where people sign in who have accepted; '' for the portal itself.
ALTER TABLE ledger_organizations ADD COLUMN sign_in_url TEXT NOT NULL DEFAULT '';

-- How far in somebody is, for a backend that knows only who is active.
CREATE TABLE admissions (
    organization   TEXT     NOT NULL,
    address        TEXT     NOT NULL,
    -- Invited, Active or Disabled
    state          TEXT     NOT NULL,
    -- 1 once the backend has had the person as the state says
    provisioned    SMALLINT NOT NULL,
    -- 0 before the person was in
    joined_at      BIGINT   NOT NULL,
    confirmed_name TEXT     NOT NULL,
    declared_name  TEXT     NOT NULL,
    -- what the backend keeps for later, in a form of its own; '' for nothing
    awaiting       TEXT     NOT NULL,
    PRIMARY KEY (organization, address)
);
