SELECT
    database.datname::text,
    owner.rolname::text,
    pg_catalog.has_database_privilege('public', database.oid, 'CONNECT')
FROM pg_catalog.pg_database AS database
JOIN pg_catalog.pg_authid AS owner ON owner.oid = database.datdba
