-- That people were erased, and what of them: not who they were. marks are salted hashes of their ids, by which what comes again
-- is known, and are emptied as soon as nothing can come again.
CREATE TABLE IF NOT EXISTS {database}.erasures_rows
(
    erasure_id String CODEC(ZSTD(1)),
    platform LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    done_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    rows Int64,
    tables Array(String) CODEC(ZSTD(1)),
    groups Int64,
    salt String,
    marks Array(String),
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY erasure_id
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- groups: in how many groups it was asked for, 0 is everywhere. tables: what was erased of which, as table=rows.
CREATE VIEW IF NOT EXISTS {database}.erasures AS
SELECT erasure_id, platform, at, done_at, rows, tables, groups
FROM {database}.erasures_rows FINAL
WHERE deleted = 0;

-- What is being erased right now, for the statements that do it: in memory only, and empty otherwise.
CREATE TABLE IF NOT EXISTS {database}.erasing_rows
(
    kind String,
    value String
)
ENGINE = Memory;
