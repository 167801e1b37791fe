-- +goose Up

-- The embedded backend: who is in which organization, with what access.
CREATE TABLE organizations (
    id               TEXT PRIMARY KEY,
    display_name     TEXT NOT NULL,
    mail_from        TEXT NOT NULL,
    mail_reply_to    TEXT NOT NULL,
    mail_server      TEXT NOT NULL,
    unknown_delivery TEXT NOT NULL
);

CREATE TABLE units (
    organization TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    display_name TEXT NOT NULL,
    -- NULL at the top
    parent       TEXT,
    PRIMARY KEY (organization, name),
    FOREIGN KEY (organization, parent) REFERENCES units (organization, name)
);
CREATE INDEX units_parent ON units (organization, parent);

CREATE TABLE roles (
    organization TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    display_name TEXT NOT NULL,
    level        TEXT NOT NULL,
    -- a JSON array of the effective permissions
    permissions  TEXT NOT NULL,
    PRIMARY KEY (organization, name)
);

CREATE TABLE members (
    organization   TEXT   NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    address        TEXT   NOT NULL,
    id             TEXT   NOT NULL,
    -- Invited, Active or Disabled
    state          TEXT   NOT NULL,
    display_name   TEXT   NOT NULL,
    given_name     TEXT   NOT NULL,
    family_name    TEXT   NOT NULL,
    title          TEXT   NOT NULL,
    phone          TEXT   NOT NULL,
    locale         TEXT   NOT NULL,
    -- a JSON object; '' while not managed
    attributes     TEXT   NOT NULL,
    confirmed_name TEXT   NOT NULL,
    -- 0 before the person was in
    joined_at      BIGINT NOT NULL,
    -- rises with every change of the row, access included
    version        BIGINT NOT NULL,
    -- rises with whatever ends all sessions; a session of an earlier one is void
    session_epoch  BIGINT NOT NULL,
    PRIMARY KEY (organization, address)
);
CREATE UNIQUE INDEX members_id ON members (id);

CREATE TABLE member_units (
    member       TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    organization TEXT NOT NULL,
    unit         TEXT NOT NULL,
    PRIMARY KEY (member, unit),
    FOREIGN KEY (organization, unit) REFERENCES units (organization, name) ON DELETE CASCADE
);
CREATE INDEX member_units_unit ON member_units (organization, unit);

CREATE TABLE member_grants (
    member       TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    organization TEXT NOT NULL,
    role         TEXT NOT NULL,
    -- NULL for the whole organization
    unit         TEXT,
    FOREIGN KEY (organization, role) REFERENCES roles (organization, name) ON DELETE CASCADE,
    FOREIGN KEY (organization, unit) REFERENCES units (organization, name) ON DELETE CASCADE
);
CREATE UNIQUE INDEX member_grants_within ON member_grants (member, role, unit) WHERE unit IS NOT NULL;
CREATE UNIQUE INDEX member_grants_whole ON member_grants (member, role) WHERE unit IS NULL;
CREATE INDEX member_grants_member ON member_grants (member);
CREATE INDEX member_grants_role ON member_grants (organization, role);
CREATE INDEX member_grants_unit ON member_grants (organization, unit);

-- How a member signs in: an argon2id hash as a PHC string.
CREATE TABLE credentials (
    member        TEXT   PRIMARY KEY REFERENCES members (id) ON DELETE CASCADE,
    password_hash TEXT   NOT NULL,
    changed_at    BIGINT NOT NULL
);

-- Who is signed in. Holds the SHA-256 of a session's secret, never the secret.
CREATE TABLE sessions (
    token_hash TEXT   PRIMARY KEY,
    member     TEXT   NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    epoch      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_member ON sessions (member);
CREATE INDEX sessions_expiry ON sessions (expires_at);
