-- Circuit breaker of a source: pauses that a bridge makes after refusals. All is guarded, so that of two bridges one acts.

-- name: count_refusals
-- Rows of a source that a site has refused, among those of the window that changed last.
SELECT count(*) FROM (
  SELECT 1 FROM (
    SELECT status, result, metadata FROM audio_prep_jobs INDEXED BY idx_jobs_updated
    WHERE updatedAt >= max(:since, coalesce(
      (SELECT until FROM audio_prep_controls WHERE control = 'breaker' AND scope = :scope), ''))
    ORDER BY updatedAt DESC LIMIT :scanned
  )
  WHERE status = 'failed' AND {source} = :source AND instr(:kinds, ',' || {kind} || ',') LIMIT :enough
);

-- name: open
-- A pause that an operator made and that holds stays as it is, and so does one of a breaker.
INSERT INTO audio_prep_controls (control, scope, until, reason, madeBy, madeAt)
VALUES ('pause', :scope, :until, :reason, :made_by, :now)
ON CONFLICT (control, scope) DO UPDATE SET until = excluded.until, reason = excluded.reason, madeBy = excluded.madeBy,
  madeAt = excluded.madeAt WHERE until <= :now AND NOT {automatic};

-- name: opened
-- For the pause that the statement before has made: no row tries its source yet.
UPDATE audio_prep_controls SET reason = '' WHERE changes() = 1 AND control = 'breaker' AND scope = :scope;

-- name: state
-- A breaker's pause, the job that tries its source, and how that ended.
SELECT CAST(pause.until AS BLOB), CAST(pause.madeAt AS BLOB), CAST(trial.reason AS BLOB), CAST(substr(job.status, 1, 100) AS BLOB), substr({kind}, 1, 100)
FROM (SELECT * FROM audio_prep_controls WHERE control = 'pause' AND scope = :scope AND {automatic}) AS pause
LEFT JOIN audio_prep_controls AS trial ON trial.control = 'breaker' AND trial.scope = pause.scope
LEFT JOIN audio_prep_jobs AS job ON job.jobId = trial.reason;

-- name: candidate
-- The oldest row of the source, sought among the oldest `:scanned` of each type.
SELECT id FROM (
  /* each type */
  SELECT * FROM (
    SELECT CAST(jobId AS BLOB) AS id, createdAt FROM (
      SELECT jobId, createdAt, metadata FROM audio_prep_jobs INDEXED BY idx_jobs_served
      WHERE status = 'pending' AND type = :type ORDER BY createdAt LIMIT :scanned
    )
    WHERE {source} = :source AND {refusal} IS NULL LIMIT 1
  )
  /* end */
)
ORDER BY createdAt LIMIT 1;

-- name: untried
-- A breaker's pause is over, and no row tries its source.
EXISTS (SELECT 1 FROM audio_prep_controls WHERE control = 'pause' AND scope = :scope AND {automatic} AND until <= :now)
AND NOT EXISTS (SELECT 1 FROM audio_prep_controls WHERE control = 'breaker' AND scope = :scope AND reason <> '')

-- name: claim_trial
UPDATE audio_prep_jobs SET {claimed} WHERE jobId = :job_id AND status = 'pending' AND {untried} RETURNING {claim_columns};

-- name: note_trial
-- For the row that the statement before has claimed.
INSERT INTO audio_prep_controls (control, scope, until, reason, madeBy, madeAt)
SELECT 'breaker', :scope, '', :job_id, :made_by, :now WHERE changes() = 1
ON CONFLICT (control, scope) DO UPDATE SET reason = excluded.reason, madeAt = excluded.madeAt;

-- name: tried
EXISTS (SELECT 1 FROM audio_prep_controls AS trial
  WHERE trial.control = 'breaker' AND trial.scope = :scope AND trial.reason = :job_id)

-- name: renew
UPDATE audio_prep_controls SET until = :until, madeAt = :now
WHERE control = 'pause' AND scope = :scope AND {automatic} AND {tried};

-- name: lift
DELETE FROM audio_prep_controls WHERE control = 'pause' AND scope = :scope AND {automatic} AND {tried};

-- name: end_trial
UPDATE audio_prep_controls SET reason = '', until = iif(:forgiven, :now, until)
WHERE control = 'breaker' AND scope = :scope AND reason = :job_id;
