-- Liveness: one row for each bridge, which says until when it counts as alive. The rows are as many as there are bridges.

-- name: report
INSERT INTO audio_prep_service (bridge, seenAt, aliveUntil, workers, inFlight, slots, medianSeconds)
VALUES (:bridge, :now, :alive_until, :workers, :in_flight, :slots, :median_seconds)
ON CONFLICT (bridge) DO UPDATE SET seenAt = excluded.seenAt, aliveUntil = excluded.aliveUntil, workers = excluded.workers,
  inFlight = excluded.inFlight, slots = excluded.slots, medianSeconds = excluded.medianSeconds;

-- name: leave
-- The row stays for a day: it tells that no bridge is alive from that none has ever been there.
UPDATE audio_prep_service SET aliveUntil = :now, inFlight = 0 WHERE bridge = :bridge;

-- name: forget
DELETE FROM audio_prep_service WHERE aliveUntil < :before;

-- name: bridges
SELECT CAST(seenAt AS BLOB), CAST(aliveUntil AS BLOB), workers, inFlight, slots, CAST(medianSeconds AS BLOB)
FROM audio_prep_service ORDER BY seenAt DESC LIMIT :limit;

-- name: ahead
-- How many rows wait in front of one, counted up to `:limit`.
SELECT count(*) FROM (
  SELECT 1 FROM audio_prep_jobs INDEXED BY idx_jobs_claim
  WHERE status = 'pending' AND createdAt < :created_at LIMIT :limit
);
