SELECT database.datname::text
FROM pg_catalog.pg_database AS database
WHERE database.datallowconn
    AND database.oid IN (
        SELECT dbid FROM pg_catalog.pg_shdepend
        WHERE refclassid = 'pg_catalog.pg_authid'::regclass
            AND refobjid = (SELECT oid FROM pg_catalog.pg_authid WHERE rolname = $1))
ORDER BY database.datname
