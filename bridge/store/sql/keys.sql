-- Words of `metadata` that a claim goes by, as SQL expressions, and which pauses no operator made. The indexes hold their values, so that they must be the same
-- text everywhere, must raise no error for whatever another program writes, and must be NULL for a row without them: such a row
-- is not in the indexes, and costs nothing.

-- name: active
status IN ('pending', 'processing')

-- name: automatic
madeBy = 'bridge (automatic)'

-- name: source
CASE WHEN typeof(metadata) = 'text' AND json_valid(metadata) AND json_type(metadata, '$.sourceType') = 'text' THEN substr(json_extract(metadata, '$.sourceType'), 1, 64) END

-- name: tenant
CASE WHEN typeof(metadata) = 'text' AND json_valid(metadata) AND json_type(metadata, '$.tenant') = 'text' THEN substr(json_extract(metadata, '$.tenant'), 1, 64) END

-- name: supersedes
CASE WHEN typeof(metadata) = 'text' AND json_valid(metadata) AND json_type(metadata, '$.supersedes') = 'text' THEN substr(json_extract(metadata, '$.supersedes'), 1, 200) END

-- name: unique_key
CASE WHEN typeof(metadata) = 'text' AND json_valid(metadata) AND json_type(metadata, '$.uniqueKey') = 'text' THEN substr(json_extract(metadata, '$.uniqueKey'), 1, 200) END
