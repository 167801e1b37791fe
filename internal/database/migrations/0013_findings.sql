-- +goose Up

-- What a backend has found out about its system by trying.
CREATE TABLE findings (
    -- '<namespace>/<name>' of the IdentityBackend
    system   TEXT PRIMARY KEY,
    -- which declaration of it this is about
    edition  TEXT NOT NULL,
    -- in a form of the backend's own
    findings TEXT NOT NULL
);
