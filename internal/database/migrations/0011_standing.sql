-- +goose Up

-- What has taken effect of what a declaration asks for, so that a change of it is
-- told once: '' for nothing special, Disabled or Ended.
ALTER TABLE holdings ADD COLUMN standing TEXT NOT NULL DEFAULT '';
-- 1 while the declaration is suspended
ALTER TABLE holdings ADD COLUMN suspended SMALLINT NOT NULL DEFAULT 0;
-- 1 while the whole organization is
ALTER TABLE ledger_organizations ADD COLUMN suspended SMALLINT NOT NULL DEFAULT 0;
