-- +goose Up

-- What is counted for metrics is read off indexes, whatever there is in the tables.
CREATE INDEX invitations_standing ON invitations (state, closed, expires_at, created_at);
CREATE INDEX deliveries_unknown ON deliveries (invitation) WHERE state = 'Unknown';
