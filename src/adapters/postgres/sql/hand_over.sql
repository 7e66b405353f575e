DO $hand_over$
DECLARE
    heir CONSTANT text := pg_catalog.current_setting('postgresql_charm.heir');
    giver CONSTANT oid := (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user);
    command text;
BEGIN
    FOR command IN
        WITH own_schemas AS (
            SELECT oid, nspname, nspowner FROM pg_catalog.pg_namespace
            WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
        ), of_extensions AS (
            SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
        )
        SELECT pg_catalog.format('ALTER SCHEMA %I OWNER TO %I', nspname, heir)
        FROM own_schemas
        WHERE nspowner = giver
            AND ('pg_catalog.pg_namespace'::regclass, oid) NOT IN (SELECT classid, objid FROM of_extensions)
        UNION ALL
        -- The sequence of a column follows its table.
        SELECT pg_catalog.format('ALTER %s %s OWNER TO %I',
            CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
            class.oid::regclass, heir)
        FROM pg_catalog.pg_class AS class JOIN own_schemas AS schema ON schema.oid = class.relnamespace
        WHERE relowner = giver AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            AND ('pg_catalog.pg_class'::regclass, class.oid) NOT IN (SELECT classid, objid FROM of_extensions)
            AND NOT (relkind = 'S' AND EXISTS (
                SELECT FROM pg_catalog.pg_depend
                WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = class.oid AND deptype IN ('a', 'i')))
        UNION ALL
        SELECT pg_catalog.format('ALTER ROUTINE %s OWNER TO %I', routine.oid::regprocedure, heir)
        FROM pg_catalog.pg_proc AS routine JOIN own_schemas AS schema ON schema.oid = routine.pronamespace
        WHERE proowner = giver
            AND ('pg_catalog.pg_proc'::regclass, routine.oid) NOT IN (SELECT classid, objid FROM of_extensions)
        UNION ALL
        SELECT pg_catalog.format('ALTER TYPE %s OWNER TO %I', type.oid::regtype, heir)
        FROM pg_catalog.pg_type AS type JOIN own_schemas AS schema ON schema.oid = type.typnamespace
        WHERE typowner = giver
            AND (typtype IN ('d', 'e', 'r') OR EXISTS (
                SELECT FROM pg_catalog.pg_class WHERE oid = type.typrelid AND relkind = 'c'))
            AND ('pg_catalog.pg_type'::regclass, type.oid) NOT IN (SELECT classid, objid FROM of_extensions)
        UNION ALL
        SELECT pg_catalog.format('ALTER LARGE OBJECT %s OWNER TO %I', oid, heir)
        FROM pg_catalog.pg_largeobject_metadata
        WHERE lomowner = giver
    LOOP
        EXECUTE command;
    END LOOP;
END
$hand_over$
