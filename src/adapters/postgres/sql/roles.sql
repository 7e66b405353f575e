SELECT
    role.rolname::text,
    role.rolcanlogin,
    role.rolsuper,
    role.rolcreatedb,
    role.rolcreaterole,
    role.rolreplication,
    role.rolinherit,
    role.rolpassword,
    ARRAY(
        SELECT DISTINCT parent.rolname::text
        FROM pg_catalog.pg_auth_members AS membership
        JOIN pg_catalog.pg_authid AS parent ON parent.oid = membership.roleid
        WHERE membership.member = role.oid) AS groups
FROM pg_catalog.pg_authid AS role
WHERE role.rolname !~ '^pg_'
ORDER BY role.rolname
