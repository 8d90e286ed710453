    SELECT mrcall_internal.later(until, exact_within) AS ends_at,
           CASE WHEN with_visits THEN mrcall_internal.earlier(since, mrcall_internal.visit_margin(exact_gap)) ELSE since END AS read_since,
           CASE WHEN with_visits
                THEN mrcall_internal.later(mrcall_internal.later(until, CASE WHEN no_bots THEN exact_within ELSE '0' END),
                                           mrcall_internal.visit_margin(exact_gap))
                ELSE since END AS visits_until;
    WITH figures AS MATERIALIZED (
        SELECT f.value COLLATE "C" AS value, f.bucket_no, f.step_no, f.visitors, f.median_time, f.median_total_time
        FROM mrcall_internal.funnel_figures(
            query, query_once, since, until, exact_within, modes, sort, optional, mins, maxs, starts, dimension, no_bots, exact_gap,
            ends_at, mrcall_internal.earlier(read_since, '24:00:00'), read_since, visits_until, greatest(ends_at, visits_until)) AS f
    ),
    report AS (
        SELECT b.bucket_no, d.value, s.step_no::int, s.step, coalesce(f.visitors, 0) AS visitors, f.median_time, f.median_total_time,
               first_value(coalesce(f.visitors, 0)) OVER w AS first_visitors,
               nth_value(coalesce(f.visitors, 0), befores[s.step_no]) OVER w AS visitors_before
        FROM generate_series({first_bucket}, {last_bucket}) AS b (bucket_no)
        CROSS JOIN (SELECT DISTINCT f.value FROM figures AS f WHERE dimension IS NOT NULL
                    UNION ALL SELECT NULL WHERE dimension IS NULL) AS d
        CROSS JOIN unnest(names) WITH ORDINALITY AS s (step, step_no)
        LEFT JOIN figures AS f
            ON f.bucket_no = b.bucket_no AND f.step_no = s.step_no AND coalesce(f.value, '') = coalesce(d.value, '')
        WINDOW w AS (PARTITION BY b.bucket_no, d.value ORDER BY s.step_no)
    )
    SELECT {columns}r.value, r.step_no, r.step, r.visitors, round(r.visitors / nullif(r.first_visitors, 0)::numeric, 6),
           round(r.visitors / nullif(r.visitors_before, 0)::numeric, 6), r.visitors_before - r.visitors,
           r.median_time, r.median_total_time
    FROM report AS r
    ORDER BY r.bucket_no, r.first_visitors DESC, r.value, r.step_no
