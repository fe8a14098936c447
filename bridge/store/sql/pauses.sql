-- Pauses: rows of a scope (`all`, `type:NAME`, `source:NAME`) are not claimed until a time, and stay pending.

-- name: unheld_type
-- For a claim during a pause. `:held` is a list of scopes with a comma at both ends of each. Without a column in it, this is
-- evaluated once, before any row is read.
AND instr(:held, ',type:' || :type || ',') = 0

-- name: unheld
AND instr(:held, ',source:' || coalesce({source}, '') || ',') = 0

-- name: set
INSERT INTO audio_prep_controls (control, scope, until, reason, madeBy, madeAt)
VALUES ('pause', :scope, :until, :reason, :made_by, :now)
ON CONFLICT (control, scope) DO UPDATE SET until = excluded.until, reason = excluded.reason, madeBy = excluded.madeBy,
  madeAt = excluded.madeAt;

-- name: end
DELETE FROM audio_prep_controls WHERE control = 'pause' AND scope = :scope;

-- name: forgive
-- After an operator's resume a breaker counts from here on.
UPDATE audio_prep_controls SET reason = '', until = :now WHERE control = 'breaker' AND scope = :scope;

-- name: forget
-- A pause is over by its time alone, but for a breaker's, which holds a day longer at most; this keeps the table small.
DELETE FROM audio_prep_controls WHERE control = 'pause' AND until < :before;

-- name: list
-- A pause that a breaker made holds until a row has succeeded, also when its time is over.
SELECT CAST(substr(scope, 1, 100) AS BLOB), CAST(substr(until, 1, 40) AS BLOB), CAST(substr(reason, 1, 200) AS BLOB),
  CAST(substr(madeBy, 1, 100) AS BLOB), CAST(substr(madeAt, 1, 40) AS BLOB)
FROM audio_prep_controls WHERE control = 'pause' AND (until > :now OR {automatic}) ORDER BY scope LIMIT 100;
