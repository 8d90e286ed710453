-- Funnels over named steps. Definitions: docs/funnel.md.

-- What a step, or its exclusion, asks of an event, as SQL over a row e of events: the whole condition, and the part of it that needs no
-- function. Every value of the caller's goes through %L. No name is looked up: the query runs with the caller's search_path.
CREATE FUNCTION mrcall_internal.event_condition(asked jsonb, whose text, OUT condition text, OUT prefilter text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known constant text := 'step, event, page, properties, utm_source, utm_medium, utm_campaign, optional, exclude, min, max';
    part record;
    parts text[] := '{}';
    columns_only text[] := '{}';
BEGIN
    FOR part IN SELECT o.key, o.value, jsonb_typeof(o.value) AS type FROM jsonb_each(asked) AS o ORDER BY o.key LOOP
        IF part.key NOT IN ('event', 'page', 'properties', 'utm_source', 'utm_medium', 'utm_campaign') THEN
            RAISE EXCEPTION 'unknown key "%" of %', part.key, whose
                USING ERRCODE = '22023', HINT = format('Known keys: %s.', CASE
                    WHEN whose LIKE 'step %' THEN known ELSE 'event, page, properties, utm_source, utm_medium, utm_campaign' END);
        END IF;
        IF part.type <> (CASE part.key WHEN 'properties' THEN 'object' ELSE 'string' END)
           AND NOT (part.key = 'event' AND part.type = 'array'
                    AND NOT jsonb_path_exists(part.value, 'strict $[*] ? (@.type() != "string")')) THEN
            RAISE EXCEPTION 'the value of "%" of % is wrong: %', part.key, whose, part.value
                USING ERRCODE = '22023', HINT = CASE part.key
                    WHEN 'properties' THEN 'Give an object that the event''s properties contain: {"plan": "pro"}'
                    WHEN 'event' THEN 'Give an event type, or several: ["demo_click", "demo_form"]'
                    ELSE format('Give a text, for example {"step": "pricing", "%s": "x"}', part.key) END;
        END IF;
        IF part.key = 'event' THEN
            columns_only := columns_only || format('e.event_type OPERATOR(pg_catalog.=) ANY (%L::pg_catalog.text[])', CASE part.type
                WHEN 'array' THEN ARRAY(SELECT DISTINCT t.name COLLATE "C" FROM jsonb_array_elements_text(part.value) AS t (name)
                                        ORDER BY 1)
                ELSE ARRAY[part.value #>> '{}'] END);
        ELSIF part.key = 'page' THEN
            IF length(substring(part.value #>> '{}' FROM E'\\\\*$')) % 2 = 1 THEN
                RAISE EXCEPTION 'the pattern "%" of % ends with an escape character', part.value #>> '{}', whose
                    USING ERRCODE = '22023', HINT = 'A backslash makes the next character literal; write two for one.';
            END IF;
            parts := parts || format('e.page_path OPERATOR(pg_catalog.~~) %L', part.value #>> '{}');
            -- What is done on a page bears its address too: a page alone means that it was viewed.
            IF NOT asked ? 'event' THEN
                columns_only := columns_only
                    || 'e.event_type OPERATOR(pg_catalog.=) ANY (''{page_view,pageview}''::pg_catalog.text[])'::text;
            END IF;
        ELSIF part.key = 'properties' THEN
            parts := parts || format('e.properties OPERATOR(pg_catalog.@>) %L::pg_catalog.jsonb', part.value);
        ELSE
            columns_only := columns_only || format('e.%I OPERATOR(pg_catalog.=) %L', part.key, part.value #>> '{}');
        END IF;
    END LOOP;
    prefilter := coalesce('(' || nullif(array_to_string(columns_only, ' AND '), '') || ')', 'true');
    condition := coalesce('(' || nullif(array_to_string(columns_only || parts, ' AND '), '') || ')', 'true');
END
$$;
COMMENT ON FUNCTION mrcall_internal.event_condition(jsonb, text) IS
    'What a step of a funnel asks of an event, as SQL conditions on a row e of events';

CREATE FUNCTION mrcall_internal.step_time(entry jsonb, key text, whose text)
RETURNS bigint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET intervalstyle = 'postgres'
AS $$
BEGIN
    IF NOT entry ? key THEN
        RETURN NULL;
    END IF;
    IF jsonb_typeof(entry -> key) <> 'string' THEN
        RAISE EXCEPTION 'the value of "%" of % is wrong: %', key, whose, entry -> key
            USING ERRCODE = '22023', HINT = format('Give a time as a text: {"%s": "10 minutes"}', key);
    END IF;
    RETURN extract(epoch FROM mrcall_internal.exact((entry ->> key)::interval, key)) * 1000000;
END
$$;
COMMENT ON FUNCTION mrcall_internal.step_time(jsonb, text, text) IS
    'The shortest or longest time of a step of a funnel, in microseconds; NULL without one';

-- The steps of a funnel as conditions on a row e of events, and their options.
CREATE FUNCTION mrcall_internal.funnel_steps(steps jsonb)
RETURNS TABLE (
    step_no int, step text, condition text, prefilter text, is_optional boolean, min bigint, max bigint, exclusion text,
    exclusion_prefilter text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    example constant text :=
        '[{"step": "visit"}, {"step": "pricing", "page": "/pricing%"}, {"step": "sign-up", "event": "signup_start"}]';
    entry record;
    whose text;
    names text[] := '{}';
BEGIN
    IF steps IS NULL THEN
        RAISE EXCEPTION 'argument "steps" must not be NULL' USING ERRCODE = '22004', HINT = 'Example: ' || example;
    END IF;
    IF jsonb_typeof(steps) <> 'array' THEN
        RAISE EXCEPTION 'steps is a JSON %, not an array', jsonb_typeof(steps)
            USING ERRCODE = '22023', HINT = 'The keys of an object have no order: give an array, such as ' || example;
    END IF;
    IF jsonb_array_length(steps) = 0 THEN
        RAISE EXCEPTION 'steps is an empty array' USING ERRCODE = '22023', HINT = 'Give one step or more: ' || example;
    END IF;
    IF jsonb_array_length(steps) > 32 THEN
        RAISE EXCEPTION 'steps has % elements, more than 32', jsonb_array_length(steps)
            USING ERRCODE = '54000', HINT = 'Use at most 32 steps.';
    END IF;
    FOR entry IN SELECT a.value, a.ordinality::int AS nr FROM jsonb_array_elements(steps) WITH ORDINALITY AS a LOOP
        IF jsonb_typeof(entry.value) <> 'object' THEN
            RAISE EXCEPTION 'step % is a JSON %, not an object', entry.nr, jsonb_typeof(entry.value)
                USING ERRCODE = '22023', HINT = 'Example: ' || example;
        END IF;
        IF jsonb_typeof(entry.value -> 'step') IS DISTINCT FROM 'string' OR entry.value ->> 'step' = '' THEN
            RAISE EXCEPTION 'step % has no name', entry.nr
                USING ERRCODE = '22023', HINT = 'Name it: {"step": "pricing", "page": "/pricing%"}';
        END IF;
        step_no := entry.nr;
        step := entry.value ->> 'step';
        IF step = ANY (names) THEN
            RAISE EXCEPTION 'two steps are named "%"', step USING ERRCODE = '22023', HINT = 'Give each step a name of its own.';
        END IF;
        names := names || step;
        whose := format('step "%s"', step);
        SELECT c.condition, c.prefilter INTO condition, prefilter
        FROM mrcall_internal.event_condition(entry.value - '{step,optional,exclude,min,max}'::text[], whose) AS c;
        IF jsonb_typeof(entry.value -> 'optional') <> 'boolean' THEN
            RAISE EXCEPTION 'the value of "optional" of % is wrong: %', whose, entry.value -> 'optional'
                USING ERRCODE = '22023', HINT = 'Use true or false.';
        END IF;
        is_optional := coalesce((entry.value ->> 'optional')::boolean, false);
        min := mrcall_internal.step_time(entry.value, 'min', whose);
        max := mrcall_internal.step_time(entry.value, 'max', whose);
        IF entry.nr = 1 AND (is_optional OR entry.value ?| '{exclude,min,max}') THEN
            RAISE EXCEPTION 'the first step cannot have "%"',
                CASE WHEN is_optional THEN 'optional' WHEN entry.value ? 'exclude' THEN 'exclude' WHEN min IS NULL THEN 'max' ELSE 'min' END
                USING ERRCODE = '22023', HINT = CASE WHEN is_optional THEN 'A chain begins with the first step: put a required one first.'
                    ELSE 'It is about the time since the step before: give it to a later step.' END;
        END IF;
        IF min > max THEN
            RAISE EXCEPTION '"min" of % is longer than "max": % > %', whose, entry.value ->> 'min', entry.value ->> 'max'
                USING ERRCODE = '22023', HINT = 'Exchange them.';
        END IF;
        exclusion := NULL;
        exclusion_prefilter := NULL;
        IF entry.value ? 'exclude' THEN
            IF jsonb_typeof(entry.value -> 'exclude') <> 'object' OR entry.value -> 'exclude' = '{}' THEN
                RAISE EXCEPTION 'the value of "exclude" of % is wrong: %', whose, entry.value -> 'exclude'
                    USING ERRCODE = '22023', HINT = 'Say which event ends the attempt: {"exclude": {"event": "logout"}}';
            END IF;
            SELECT c.condition, c.prefilter INTO exclusion, exclusion_prefilter
            FROM mrcall_internal.event_condition(entry.value -> 'exclude', 'the exclusion of ' || whose) AS c;
            IF exclusion = condition THEN
                RAISE EXCEPTION '% excludes itself', whose
                    USING ERRCODE = '22023', HINT = 'Exclude another event than the one that the step is.';
            END IF;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.funnel_steps(jsonb) IS
    'The steps of a funnel as SQL conditions on a row e of events, with their options';

-- The values of properties that are to stay the same, as one text; '' where one of them is missing or no scalar. Numbers are equal
-- however many zeros they end with.
CREATE FUNCTION mrcall_internal.held_values(hold text[])
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('CASE WHEN %s THEN pg_catalog.jsonb_build_array(%s)::pg_catalog.text ELSE '''' END',
        string_agg(format('pg_catalog.jsonb_typeof(e.properties OPERATOR(pg_catalog.->) %L) '
            'OPERATOR(pg_catalog.=) ANY (''{string,number,boolean}''::pg_catalog.text[])', h.key), ' AND ' ORDER BY h.nr),
        string_agg(format('CASE pg_catalog.jsonb_typeof(e.properties OPERATOR(pg_catalog.->) %1$L) WHEN ''number'' '
            'THEN pg_catalog.to_jsonb(pg_catalog.trim_scale((e.properties OPERATOR(pg_catalog.->>) %1$L)::pg_catalog.numeric)) '
            'ELSE e.properties OPERATOR(pg_catalog.->) %1$L END', h.key), ', ' ORDER BY h.nr))
    FROM unnest(hold) WITH ORDINALITY AS h (key, nr)
$$;
COMMENT ON FUNCTION mrcall_internal.held_values(text[]) IS
    'SQL for the values of some properties of a row e of events, as one text';

-- What a funnel comes to: checks the options beside each other. sort says how the engine looks for chains; befores are the numbers of
-- the steps that each step's rates refer to. The queries' parameters: since, until, where chains end, where ids begin, where visits
-- begin and end, the end, gap, receiver, with touches, agents, pages; and whose events are read, each once.
CREATE FUNCTION mrcall_internal.funnel_plan(
    steps jsonb, ordering text, hold text[], modes text[], with_visits boolean, OUT names text[], OUT befores int[],
    OUT optional boolean[], OUT mins bigint[], OUT maxs bigint[], OUT sort text, OUT query text, OUT query_once text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    has_options boolean;
    met text;
    some_met text;
    held text := 'NULL';
    visit_columns constant text := 'e.event_type,
        CASE WHEN (SELECT mrcall_internal.path_from_url()) THEN NULL ELSE e.page_path END, e.page_url,
        CASE WHEN $10 THEN e.referrer END, CASE WHEN $10 THEN e.utm_source END, CASE WHEN $10 THEN e.utm_medium END,
        CASE WHEN $10 THEN e.utm_campaign END, CASE WHEN $11 THEN e.user_agent END';
    keeps_others boolean;
BEGIN
    SELECT array_agg(s.step ORDER BY s.step_no), array_agg(s.is_optional ORDER BY s.step_no), array_agg(s.min ORDER BY s.step_no),
           array_agg(s.max ORDER BY s.step_no), bool_or(s.is_optional OR s.exclusion IS NOT NULL OR num_nonnulls(s.min, s.max) > 0),
           string_agg(s.condition, ', ' ORDER BY s.step_no) || ', '
               || string_agg(coalesce(s.exclusion, 'false'), ', ' ORDER BY s.step_no),
           format('(%s)', string_agg(DISTINCT concat_ws(' OR ', s.prefilter, s.exclusion_prefilter), ' OR '))
    INTO names, optional, mins, maxs, has_options, met, some_met
    FROM mrcall_internal.funnel_steps(steps) AS s;
    IF ordering IS NULL THEN
        RAISE EXCEPTION 'argument "ordering" must not be NULL'
            USING ERRCODE = '22004', HINT = 'Use one of: ordered, strict, any.';
    END IF;
    IF ordering NOT IN ('ordered', 'strict', 'any') THEN
        RAISE EXCEPTION 'unknown ordering "%"', ordering
            USING ERRCODE = '22023', HINT = 'Use one of: ordered, strict, any.';
    END IF;
    IF array_ndims(hold) > 1 THEN
        RAISE EXCEPTION 'argument "hold" has % dimensions', array_ndims(hold)
            USING ERRCODE = '22023', HINT = 'Give a list: hold => ''{plan}''.';
    END IF;
    IF array_position(hold, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'element % of hold is NULL', array_position(hold, NULL)
            USING ERRCODE = '22004', HINT = 'Give keys of properties: hold => ''{plan}''.';
    END IF;
    IF modes <> '{}' AND (has_options OR ordering <> 'ordered' OR hold <> '{}') THEN
        RAISE EXCEPTION 'modes go not together with %', CASE
                WHEN ordering <> 'ordered' THEN format('ordering "%s"', ordering)
                WHEN hold <> '{}' THEN 'hold' ELSE 'optional, exclude, min and max' END
            USING ERRCODE = '22023', HINT = 'Leave modes out: with these options each event fills one step at most.';
    END IF;
    IF ordering = 'any' AND has_options THEN
        RAISE EXCEPTION 'with ordering "any" a step has no optional, exclude, min or max'
            USING ERRCODE = '22023', HINT = 'They are about the step before: use ordering => ''ordered''.';
    END IF;
    sort := CASE WHEN ordering = 'any' THEN 'any'
                 WHEN has_options OR hold <> '{}' THEN CASE ordering WHEN 'strict' THEN 'strict options' ELSE 'options' END
                 ELSE ordering END;
    befores := ARRAY(SELECT CASE WHEN sort = 'any' THEN nullif(n - 1, 0)
                                 ELSE (SELECT max(b) FROM generate_series(1, n - 1) AS b WHERE NOT optional[b]) END
                     FROM generate_series(1, cardinality(names)) AS n ORDER BY n);
    -- What is between two steps matters then.
    keeps_others := ordering = 'strict' OR coalesce(modes && '{strict_order,consecutive}', false);
    IF keeps_others THEN
        some_met := 'true';
    END IF;
    IF hold <> '{}' THEN
        held := mrcall_internal.held_values(hold);
    END IF;
    query := format('
        SELECT mrcall_internal.funnel_set(
            e.visitor_id, e.occurred_at, %1$s, CASE WHEN $13 IS NULL THEN e.event_id END,
            (SELECT ROW($8, mrcall_internal.path_from_url(), $12, $10, mrcall_internal.ignored_referrers(), NULL, NULL, NULL, NULL, $9,
                        NULL, $5, true, NULL, NULL, NULL)::mrcall_internal.visit_settings),
            CASE WHEN e.occurred_at OPERATOR(pg_catalog.>=) $1 AND e.occurred_at OPERATOR(pg_catalog.<) $3 AND %2$s THEN ARRAY[%3$s] END,
            %4$s, CASE WHEN e.occurred_at OPERATOR(pg_catalog.>=) $1 AND e.occurred_at OPERATOR(pg_catalog.<) $3 AND %2$s THEN %5$s END,
            %6$s, %7$s)
        FROM ', CASE WHEN with_visits THEN visit_columns ELSE 'NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL' END,
        some_met, met, CASE ordering WHEN 'any' THEN 'true' ELSE 'e.occurred_at OPERATOR(pg_catalog.<) $2' END,
        held, keeps_others::text, CASE WHEN with_visits THEN 'e.occurred_at OPERATOR(pg_catalog.<) $6' ELSE 'false' END);
    query_once := query || 'mrcall_internal.first_deliveries($4, $5, $7, $13) AS e';
    -- Where nothing but steps is wanted, an event of none matters only if it may be found twice.
    query := query || 'mrcall.events AS e
        WHERE e.occurred_at OPERATOR(pg_catalog.>=) $4 AND e.occurred_at OPERATOR(pg_catalog.<) $7'
        || CASE WHEN with_visits THEN '' ELSE format(' AND (e.event_id IS NOT NULL OR %s)', some_met) END;
END
$$;
COMMENT ON FUNCTION mrcall_internal.funnel_plan(jsonb, text, text[], text[], boolean) IS
    'How a funnel is asked for: its steps, and the queries of its events';

-- A set of visits that keeps of each event which steps it meets.
CREATE FUNCTION mrcall_internal.funnel_set_trans(
    internal, visitor_id text, occurred_at timestamptz, event_type text, page_path text, page_url text, referrer text,
    utm_source text, utm_medium text, utm_campaign text, user_agent text, event_id text, settings mrcall_internal.visit_settings,
    met boolean[], may_begin boolean, held text, keeps_others boolean, in_visit boolean)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'funnel_set_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.funnel_set_trans(
    internal, text, timestamptz, text, text, text, text, text, text, text, text, text, mrcall_internal.visit_settings, boolean[],
    boolean, text, boolean, boolean)
IS 'Transition of funnel_set';

--@ include templates/parallel_functions.sql state=funnel_set aggregate=funnel_set combine_cost=1 serialize_cost=1

CREATE AGGREGATE mrcall_internal.funnel_set(
    visitor_id text, occurred_at timestamptz, event_type text, page_path text, page_url text, referrer text, utm_source text,
    utm_medium text, utm_campaign text, user_agent text, event_id text, settings mrcall_internal.visit_settings, met boolean[],
    may_begin boolean, held text, keeps_others boolean, in_visit boolean) (
    SFUNC = mrcall_internal.funnel_set_trans,
    FINALFUNC = mrcall_internal.visit_set_final,
    -- It hands the state over to the function that asked, and leaves an empty one.
    FINALFUNC_MODIFY = READ_WRITE,
--@ include templates/parallel_aggregate.sql state=funnel_set space=100000000
);
COMMENT ON AGGREGATE mrcall_internal.funnel_set(
    text, timestamptz, text, text, text, text, text, text, text, text, text, mrcall_internal.visit_settings, boolean[], boolean,
    text, boolean, boolean)
IS 'The events of a funnel, and the visits of all visitors where they are asked for, as bytes';

CREATE FUNCTION mrcall_internal.funnel_figures(
    query text, query_once text, since timestamptz, until timestamptz, within interval, modes text[], sort text, optional boolean[],
    mins bigint[], maxs bigint[], starts timestamptz[], dimension text, no_bots boolean, gap interval, ends_at timestamptz,
    ids_since timestamptz, read_since timestamptz, visits_until timestamptz, read_until timestamptz)
RETURNS TABLE (value text, bucket_no int, step_no int, visitors bigint, median_time interval, median_total_time interval)
LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 ROWS 20
AS 'MODULE_PATHNAME', 'funnel_figures_wrapper';
COMMENT ON FUNCTION mrcall_internal.funnel_figures(
    text, text, timestamptz, timestamptz, interval, text[], text, boolean[], bigint[], bigint[], timestamptz[], text, boolean, interval,
    timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS
    'How many visitors reach each step, and how long they take, by value of the dimension and bucket; no row where none does';

CREATE FUNCTION mrcall.funnel(
    since timestamptz, until timestamptz, steps jsonb, within interval DEFAULT '7 days', dimension text DEFAULT NULL,
    modes text[] DEFAULT NULL, gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false,
    ordering text DEFAULT 'ordered', hold text[] DEFAULT NULL)
RETURNS TABLE (
    dimension_value text, step_no int, step text, visitors bigint, conversion numeric, step_conversion numeric,
    drop_off bigint, median_time interval, median_total_time interval)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 20
AS $$
    SELECT mrcall_internal.exact(within, 'within') AS exact_within, mrcall_internal.exact(gap, 'gap') AS exact_gap,
           mrcall_internal.check_range(since, until), p.names, p.befores, p.optional, p.mins, p.maxs, p.sort, p.query, p.query_once,
           -- No events: only the modes are checked.
           mrcall.window_funnel(NULL::mrcall.funnel_state, mrcall_internal.exact(within, 'within'), modes) AS checked,
           CASE WHEN dimension IS NOT NULL THEN mrcall_internal.check_dimension(dimension,
               '{channel,source,medium,campaign,landing_page,referrer_domain,device,entry_page}') END,
           mrcall_internal.require_attached(), mrcall_internal.check_pages(steps), NULL::timestamptz[] AS starts,
           coalesce(exclude_bots, false) AS no_bots, dimension IS NOT NULL OR coalesce(exclude_bots, false) AS with_visits
    FROM mrcall_internal.funnel_plan(steps, ordering, hold, modes, dimension IS NOT NULL OR coalesce(exclude_bots, false)) AS p;
--@ include templates/funnel_report.sql columns="" first_bucket=0 last_bucket=0
$$;
COMMENT ON FUNCTION mrcall.funnel(timestamptz, timestamptz, jsonb, interval, text, text[], interval, boolean, text, text[]) IS
    'How many visitors reach each of a funnel''s named steps, how many drop off, and how long they take';

CREATE FUNCTION mrcall.funnel_trend(
    width interval, since timestamptz, until timestamptz, steps jsonb, within interval DEFAULT '7 days', dimension text DEFAULT NULL,
    modes text[] DEFAULT NULL, gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false,
    ordering text DEFAULT 'ordered', hold text[] DEFAULT NULL, zone text DEFAULT 'UTC', origin timestamp DEFAULT NULL)
RETURNS TABLE (
    bucket timestamptz, local timestamp, dimension_value text, step_no int, step text, visitors bigint, conversion numeric,
    step_conversion numeric, drop_off bigint, median_time interval, median_total_time interval)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
AS $$
    SELECT mrcall_internal.exact(within, 'within') AS exact_within, mrcall_internal.exact(gap, 'gap') AS exact_gap,
           mrcall_internal.check_range(since, until), p.names, p.befores, p.optional, p.mins, p.maxs, p.sort, p.query, p.query_once,
           mrcall.window_funnel(NULL::mrcall.funnel_state, mrcall_internal.exact(within, 'within'), modes) AS checked,
           CASE WHEN dimension IS NOT NULL THEN mrcall_internal.check_dimension(dimension,
               '{channel,source,medium,campaign,landing_page,referrer_domain,device,entry_page}') END,
           mrcall_internal.require_attached(), mrcall_internal.check_pages(steps), b.starts, b.clocks,
           coalesce(exclude_bots, false) AS no_bots, dimension IS NOT NULL OR coalesce(exclude_bots, false) AS with_visits
    FROM mrcall_internal.funnel_plan(steps, ordering, hold, modes, dimension IS NOT NULL OR coalesce(exclude_bots, false)) AS p
    CROSS JOIN (SELECT array_agg(b.bucket ORDER BY b.bucket) AS starts, array_agg(b.local ORDER BY b.bucket) AS clocks
                FROM mrcall.buckets(width, since, until, zone, origin) AS b) AS b;
--@ include templates/funnel_report.sql columns="starts[r.bucket_no], clocks[r.bucket_no], " first_bucket=1
--@   last_bucket=cardinality(starts)
$$;
COMMENT ON FUNCTION mrcall.funnel_trend(
    interval, timestamptz, timestamptz, jsonb, interval, text, text[], interval, boolean, text, text[], text, timestamp) IS
    'The funnel by the time bucket in which each visitor''s chain begins. Two dates are days of the zone';

--@ include templates/local_days.sql name=funnel_trend before="width interval, " first="width, "
--@   after=", steps jsonb, within interval DEFAULT '7 days', dimension text DEFAULT NULL, modes text[] DEFAULT NULL,
--@      gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false, ordering text DEFAULT 'ordered',
--@      hold text[] DEFAULT NULL, zone text DEFAULT 'UTC', origin timestamp DEFAULT NULL"
--@   passed="steps, within, dimension, modes, gap, exclude_bots, ordering, hold, zone, origin"
--@   columns="bucket timestamptz, local timestamp, dimension_value text, step_no int, step text, visitors bigint,
--@      conversion numeric, step_conversion numeric, drop_off bigint, median_time interval, median_total_time interval"
--@   types="interval, date, date, jsonb, interval, text, text[], interval, boolean, text, text[], text, timestamp"
--@   volatility="STABLE PARALLEL RESTRICTED" cost=10000 rows=100 what="The funnel by bucket of its first step"
