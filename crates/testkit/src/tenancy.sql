-- A query bounded by its tenant never comes to see a row of another one: its own condition on tenant_id, cheap and
-- leakproof, is looked at before the expensive policy. Any other query stumbles over the copies and fails.
CREATE FUNCTION {schema}.keywright_own(tenant uuid) RETURNS boolean LANGUAGE plpgsql STABLE COST 1000000 AS $$
DECLARE
    at_work text := current_setting('keywright.tenant', true);
BEGIN
    IF at_work IS NULL OR at_work IN ('', '00000000-0000-0000-0000-000000000000', tenant::text) THEN
        RETURN true;
    END IF;
    RAISE EXCEPTION 'a row of another tenant was touched';
END $$;

CREATE FUNCTION {schema}.keywright_copy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    copy jsonb := to_jsonb(NEW) || '{"tenant_id": "dddddddd-dddd-7ddd-8ddd-dddddddddddd"}';
BEGIN
    IF pg_trigger_depth() = 1 THEN
        EXECUTE format('INSERT INTO %I.%I SELECT * FROM jsonb_populate_record(null::%I.%I, $1) ON CONFLICT DO NOTHING',
            TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_TABLE_SCHEMA, TG_TABLE_NAME) USING copy;
    END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT c.table_name FROM information_schema.columns c
        JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
        WHERE c.table_schema = '{schema}' AND c.column_name = 'tenant_id' AND t.table_type = 'BASE TABLE'
    LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY own ON {schema}.%I USING ({schema}.keywright_own(tenant_id))', name);
        -- The queue is one for all tenants: a copied job would be done.
        CONTINUE WHEN name IN ('jobs', 'schedules');
        EXECUTE format('CREATE TRIGGER copy AFTER INSERT ON {schema}.%I FOR EACH ROW EXECUTE FUNCTION {schema}.keywright_copy()', name);
    END LOOP;
END $$;
