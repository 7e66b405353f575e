SELECT ARRAY(
    SELECT DISTINCT parent.rolname::text
    FROM pg_catalog.pg_auth_members AS membership
    JOIN pg_catalog.pg_authid AS parent ON parent.oid = membership.roleid
    WHERE membership.member = role.oid)
FROM pg_catalog.pg_authid AS role
WHERE role.rolname = $1
