SELECT
    archived_count,
    last_archived_wal,
    (extract(epoch FROM last_archived_time) * 1000000)::int8,
    failed_count,
    last_failed_wal,
    (extract(epoch FROM last_failed_time) * 1000000)::int8
FROM pg_catalog.pg_stat_archiver
