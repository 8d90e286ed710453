-- mrcall.help: what there is, from the catalogue. See docs/help.md.

-- The pages in the order of the README's tasks, with their objects; rollup(visit_state) is the one of that first argument.
CREATE FUNCTION mrcall_internal.help_pages()
RETURNS TABLE (page text, names text[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 40
AS $$
    VALUES
    ('docs/help.md', '{help}'::pg_catalog.text[]),
    ('docs/attribution.md', '{attribution}'),
    ('docs/attribution_models.md', '{attribution_models}'),
    ('docs/explain_conversion.md', '{explain_conversion,stripe_ids,apple_ids}'),
    ('docs/attribution.md', '{credit,split_amount}'),
    ('docs/conversions.md', '{conversions,currency_exponent}'),
    ('docs/goals.md', '{goal}'),
    ('docs/conversion_paths.md', '{conversion_paths}'),
    ('docs/marketing.md', '{time_to_convert,assisted_conversions,roas,attribution_interval,spend}'),
    ('docs/click_conversions.md', '{click_conversions}'),
    ('docs/ai_traffic.md', '{ai_traffic}'),
    ('docs/paths.md', '{path_agg,rollup(path_set),paths,num_paths,num_conversions,num_nulls,total_value,path_credit,path_models,
        markov,shapley,path_interval,path_transform,models}'),
    ('docs/arrival.md', '{arrival,channel,is_arrival,is_paid,url_host,url_domain,url_path,url_param,is_bot,device,agent,channel_rule,
        ignored_referrer,rules_version}'),
    ('docs/visits.md', '{sessionize,visits,visits_of,touches,identities,visit_agg,rollup(visit_state),num_visits,num_events(visit_state),
        num_pageviews,num_bounces,total_duration(visit_state)}'),
    ('docs/behaviour.md', '{window_funnel,window_funnel_times,retention,sequence_match,sequence_count,sequence_events,funnel_agg,
        rollup(funnel_state),num_events(funnel_state)}'),
    ('docs/funnel.md', '{funnel,funnel_trend}'),
    ('docs/cohorts.md', '{cohorts}'),
    ('docs/top_pages.md', '{top_pages}'),
    ('docs/page_flow.md', '{page_flow}'),
    ('docs/lifecycle.md', '{lifecycle}'),
    ('docs/active_visitors.md', '{active_visitors}'),
    ('docs/stickiness.md', '{stickiness}'),
    ('docs/visitor_buckets.md', '{visitor_buckets}'),
    ('docs/distinct.md', '{distinct_agg,rollup(distinct_state),num_distinct,distinct_error}'),
    ('docs/buckets.md', '{bucket,next_bucket,buckets}'),
    ('docs/gap_fill.md', '{locf,interpolate}'),
    ('docs/call_summary.md', '{call_summary}'),
    ('docs/calls.md', '{call_service,call_heatmap,callers,caller_id,flow,resource_usage,business_health}'),
    ('docs/call_agg.md', '{call_agg,rollup(call_state),num_calls,total_duration(call_state),mean_duration,duration_percentile,
        outcomes,peak_concurrency,peak_at,busy_time}'),
    ('docs/retention.md', '{apply_session_retention,retention_due,session_archive,retention_run}'),
    ('docs/sources.md', '{attach,detach,dependents,source,link_visitor,unlink_visitor}'),
    ('docs/facts.md', '{maintain,refresh,freshness,verify,unmaintain,visit}'),
    ('docs/doctor.md', '{doctor}'),
    ('docs/security.md', '{grant_read,revoke_read}'),
    ('docs/forget.md', '{forget,export_customer,audit}'),
    ('docs/sidecar.md', '{copy_from}'),
    ('docs/sources.md', '{try_timestamptz,try_numeric,try_bigint,try_int,try_boolean,version,events,customers,businesses,
        subscriptions,stripe_events,apple_events,calls,contacts,phones,resources,templates,products,flow_states,
        retention_policies,call_index}')
$$;
COMMENT ON FUNCTION mrcall_internal.help_pages() IS 'Which page of the documentation describes which public objects';

-- arguments: their names, those with a default in brackets. returns: a type, or the names of the columns.
CREATE FUNCTION mrcall_internal.public_functions()
RETURNS TABLE (name text, first_type text, arguments text, returns text, what text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    SELECT f.proname, (SELECT t.typname FROM pg_type AS t WHERE t.oid = f.proargtypes[0]),
           concat_ws(', ', a.needed, '[' || a.optional || ']'),
           coalesce('table (' || a.columns || ')', CASE WHEN f.prokind <> 'p' THEN
               CASE WHEN f.proretset THEN 'setof ' ELSE '' END || format_type(f.prorettype, NULL) END),
           obj_description(f.oid, 'pg_proc')
    FROM pg_proc AS f
    CROSS JOIN LATERAL (
        SELECT string_agg(x.called, ', ' ORDER BY x.nr) FILTER (WHERE x.is_input AND NOT x.has_default) AS needed,
               string_agg(x.called, ', ' ORDER BY x.nr) FILTER (WHERE x.is_input AND x.has_default) AS optional,
               string_agg(x.called, ', ' ORDER BY x.nr) FILTER (WHERE x.mode IN ('o', 'b', 't')) AS columns
        FROM (SELECT p.nr, p.mode, coalesce(p.mode, 'i') IN ('i', 'b', 'v') AS is_input,
                     p.nr > f.pronargs - f.pronargdefaults AS has_default,
                     coalesce(nullif(p.name, ''), format_type(p.type, NULL)) AS called
              FROM unnest(coalesce(f.proallargtypes, f.proargtypes::oid[]), f.proargmodes, f.proargnames)
                  WITH ORDINALITY AS p (type, mode, name, nr)) AS x
    ) AS a
    WHERE f.pronamespace = 'mrcall'::regnamespace
$$;
COMMENT ON FUNCTION mrcall_internal.public_functions() IS 'The functions, aggregates and procedures of the schema mrcall';

CREATE FUNCTION mrcall_internal.public_relations()
RETURNS TABLE (name text, returns text, what text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.relname,
           format('%s (%s)', CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END,
                  (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute AS a
                   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)),
           obj_description(c.oid, 'pg_class')
    FROM pg_class AS c
    WHERE c.relnamespace = 'mrcall'::regnamespace AND c.relkind IN ('r', 'v')
$$;
COMMENT ON FUNCTION mrcall_internal.public_relations() IS 'The tables and views of the schema mrcall';

CREATE FUNCTION mrcall.help(about text DEFAULT NULL)
RETURNS TABLE (name text, arguments text, returns text, what text, page text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 120
SET search_path = pg_catalog, pg_temp
AS $$
    WITH entry AS (
        SELECT row_number() OVER (ORDER BY p.nr, n.nr) AS nr, p.page, n.name
        FROM mrcall_internal.help_pages() WITH ORDINALITY AS p (page, names, nr)
        CROSS JOIN LATERAL unnest(p.names) WITH ORDINALITY AS n (name, nr)
    ),
    object AS (
        SELECT f.name, format('%s(%s)', f.name, f.first_type) AS overload, f.arguments, f.returns, f.what
        FROM mrcall_internal.public_functions() AS f
        UNION ALL
        SELECT r.name, r.name, NULL, r.returns, r.what FROM mrcall_internal.public_relations() AS r
    )
    SELECT o.name, o.arguments, o.returns, o.what, e.page
    FROM object AS o
    LEFT JOIN entry AS e ON e.name IN (o.name, o.overload)
    WHERE about IS NULL OR strpos(lower(o.name), lower(about)) > 0 OR strpos(lower(o.what), lower(about)) > 0
    ORDER BY e.nr, o.arguments COLLATE "C", o.returns COLLATE "C", o.what COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall.help(text) IS
    'What there is, or what is about something: functions, views and tables with their pages';
