SELECT
    CASE WHEN NOT recovering
        THEN pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) END AS segment,
    CASE WHEN recovering THEN greatest(
        (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint()),
        (SELECT min_recovery_end_timeline FROM pg_catalog.pg_control_recovery()),
        (SELECT received_tli FROM pg_catalog.pg_stat_get_wal_receiver())) END AS timeline,
    coalesce(
        CASE WHEN recovering THEN pg_catalog.pg_last_wal_replay_lsn()
            ELSE pg_catalog.pg_current_wal_lsn() END, '0/0') AS lsn
FROM pg_catalog.pg_is_in_recovery() AS recovering
