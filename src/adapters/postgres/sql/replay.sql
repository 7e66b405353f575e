SELECT
    pg_catalog.pg_last_wal_receive_lsn(),
    pg_catalog.pg_last_wal_replay_lsn(),
    (extract(epoch FROM pg_catalog.pg_last_xact_replay_timestamp()) * 1000000)::int8,
    pg_catalog.pg_get_wal_replay_pause_state() = 'paused'
FROM pg_catalog.pg_is_in_recovery() AS recovering
WHERE recovering
