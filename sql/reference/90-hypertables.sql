-- Turns sessions and website_events into hypertables of 7-day chunks where TimescaleDB is installed in the database;
-- does nothing elsewhere. The tables bring their own indexes, so TimescaleDB need not add its default one.
DO $hypertables$
DECLARE
    timescale text := (
        SELECT n.nspname
        FROM pg_catalog.pg_extension e
        JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
        WHERE e.extname OPERATOR(pg_catalog.=) 'timescaledb'
    );
BEGIN
    IF timescale IS NULL THEN
        RETURN;
    END IF;
    EXECUTE pg_catalog.format(
        $call$
        SELECT
            %1$I.create_hypertable(
                'public.sessions'::pg_catalog.regclass, 'start_timestamp',
                chunk_time_interval => INTERVAL '7 days', create_default_indexes => false),
            %1$I.create_hypertable(
                'public.website_events'::pg_catalog.regclass, 'created_at',
                chunk_time_interval => INTERVAL '7 days', create_default_indexes => false)
        $call$,
        timescale);
END
$hypertables$;
