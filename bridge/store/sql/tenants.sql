-- Claims that are fair between tenants, and rows that a newer one takes the place of. Only rows that have a tenant or a key are
-- in the indexes used here.

-- name: fair_claim
-- The next rows, dealt out in turn. A row's turn is its place in its tenant's own queue plus the rows of the tenant that are
-- being processed; lower turns go first, and of the same turn the tenant that comes next after `:after`, in a circle: by age alone
-- short jobs of many tenants would be first in, first out. One statement: rivals cannot exceed the cap together.
-- `waiting` lists tenants by their index, `:window` of them at most, from the one after `:after` on and round to it again.
UPDATE audio_prep_jobs
SET {claimed}
WHERE rowid IN (
  WITH RECURSIVE waiting (type, tenant) AS (
    SELECT * FROM (
      /* each type */
      SELECT :type AS type, coalesce(
        (SELECT min({tenant}) FROM audio_prep_jobs INDEXED BY idx_jobs_tenant
         WHERE status = 'pending' AND {active} AND type = :type AND {tenant} > :after),
        (SELECT min({tenant}) FROM audio_prep_jobs INDEXED BY idx_jobs_tenant
         WHERE status = 'pending' AND {active} AND type = :type AND {tenant} > '')
      ) AS tenant
      WHERE true {unheld_type}
      /* end */
    ) WHERE tenant IS NOT NULL
    UNION
    SELECT waiting.type, coalesce(
      (SELECT min({tenant}) FROM audio_prep_jobs INDEXED BY idx_jobs_tenant
       WHERE status = 'pending' AND {active} AND type = waiting.type AND {tenant} > waiting.tenant),
      (SELECT min({tenant}) FROM audio_prep_jobs INDEXED BY idx_jobs_tenant
       WHERE status = 'pending' AND {active} AND type = waiting.type AND {tenant} > '')
    ) FROM waiting
    LIMIT :window
  ),
  running (tenant) AS (
    /* each type */
    SELECT {tenant} FROM audio_prep_jobs INDEXED BY idx_jobs_tenant
    WHERE status = 'processing' AND {active} AND type = :type AND {tenant} IS NOT NULL
    /* end */
  ),
  busy (tenant, n) AS (
    SELECT tenant, count(*) FROM running GROUP BY tenant
    UNION ALL SELECT NULL, (
      SELECT count(*) FROM (
        /* each type */
        SELECT 1 FROM audio_prep_jobs INDEXED BY idx_jobs_served WHERE status = 'processing' AND type = :type
        /* end */
      )
    ) - (SELECT count(*) FROM running)
  ),
  candidates (id, tenant, createdAt) AS (
    SELECT oldest.rowid, waiting.tenant, oldest.createdAt FROM waiting CROSS JOIN audio_prep_jobs AS oldest
    WHERE oldest.rowid IN (
      SELECT rowid FROM audio_prep_jobs INDEXED BY idx_jobs_tenant
      WHERE status = 'pending' AND {active} AND type = waiting.type AND {tenant} = waiting.tenant {unheld}
      ORDER BY createdAt LIMIT (SELECT min(:capacity, max(:capacity / count(*) + 1, :window / count(*))) FROM waiting)
    )
    UNION ALL SELECT id, NULL, createdAt FROM (
      /* each type */
      SELECT * FROM (
        SELECT rowid AS id, createdAt FROM audio_prep_jobs INDEXED BY idx_jobs_untenanted
        WHERE status = 'pending' AND type = :type AND {tenant} IS NULL {unheld_type} {unheld}
        ORDER BY createdAt LIMIT :capacity
      )
      /* end */
    )
  )
  SELECT id FROM (
    SELECT id, candidates.tenant, createdAt, coalesce(n, 0)
      + row_number() OVER (PARTITION BY candidates.tenant ORDER BY createdAt, id) AS turn
    FROM candidates LEFT JOIN busy ON busy.tenant IS candidates.tenant
  )
  WHERE tenant IS NULL OR turn <= :per_tenant
  ORDER BY turn, coalesce(tenant, '') <= :after, tenant, createdAt, id LIMIT :capacity
)
RETURNING {claim_columns};

-- name: create_untenanted_index
-- Made by the first claim that meets a tenant, so that a table without tenants does not pay for it.
CREATE INDEX IF NOT EXISTS idx_jobs_untenanted ON audio_prep_jobs (status, type, createdAt)
WHERE status = 'pending' AND {tenant} IS NULL;

-- name: supersede
-- Cancels every older row, pending or being processed, of the same key and tenant as a row that came after `:seen`; the newest
-- of a key stays. A row that is being processed keeps its stage, as with any cancel.
UPDATE audio_prep_jobs
SET status = 'cancelled', error = :superseded, result = :superseded_result, updatedAt = :now
WHERE rowid IN (
  SELECT audio_prep_jobs.rowid FROM (
    SELECT *, row_number() OVER (PARTITION BY new_key, new_tenant ORDER BY new_at DESC, new_id DESC) AS place FROM (
      /* each type */
      SELECT * FROM (
        SELECT rowid AS new_id, createdAt AS new_at, {supersedes} AS new_key, {tenant} AS new_tenant
        FROM audio_prep_jobs INDEXED BY idx_jobs_superseding
        WHERE status = 'pending' AND type = :type AND {supersedes} IS NOT NULL AND rowid > :seen
        ORDER BY rowid DESC LIMIT :newest
      )
      /* end */
    )
  ) CROSS JOIN audio_prep_jobs INDEXED BY idx_jobs_superseded
  WHERE place = 1 AND {active} AND {supersedes} IS NOT NULL AND {supersedes} = new_key AND {tenant} IS new_tenant
    AND (createdAt, audio_prep_jobs.rowid) < (new_at, new_id)
    AND type IN (
      /* each type */
      SELECT :type
      /* end */
    )
)
RETURNING {row};
