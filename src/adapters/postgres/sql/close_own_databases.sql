DO $close$
DECLARE
    system_role text;
BEGIN
    REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
    REVOKE CONNECT ON DATABASE template1 FROM PUBLIC;
    FOR system_role IN
        SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('backup', 'monitoring', 'rewind')
    LOOP
        EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE postgres TO %I', system_role);
    END LOOP;
END
$close$
