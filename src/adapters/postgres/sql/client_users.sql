SELECT
    role.rolname::text,
    pg_catalog.shobj_description(role.oid, 'pg_authid') AS comment,
    role.rolcanlogin,
    role.rolsuper,
    role.rolcreatedb,
    role.rolcreaterole,
    role.rolpassword,
    ARRAY(
        SELECT DISTINCT parent.rolname::text
        FROM pg_catalog.pg_auth_members AS membership
        JOIN pg_catalog.pg_authid AS parent ON parent.oid = membership.roleid
        WHERE membership.member = role.oid) AS groups,
    (
        SELECT pg_catalog.json_object_agg(database.datname, substr(setting, length('role=') + 1))::text
        FROM pg_catalog.pg_db_role_setting AS settings
        JOIN pg_catalog.pg_database AS database ON database.oid = settings.setdatabase
        CROSS JOIN unnest(settings.setconfig) AS setting
        WHERE settings.setrole = role.oid AND starts_with(setting, 'role=')) AS acts_as
FROM pg_catalog.pg_authid AS role
WHERE role.rolname ~ '^relation-[0-9]+$'
    OR starts_with(pg_catalog.shobj_description(role.oid, 'pg_authid'), $1)
