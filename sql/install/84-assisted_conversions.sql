-- What took part in conversions before their last touch. Definitions: docs/marketing.md.

CREATE FUNCTION mrcall.assisted_conversions(
    since timestamptz, until timestamptz, conversion text DEFAULT 'signup', lookback interval DEFAULT '30 days',
    dimension text DEFAULT 'channel', gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL, include_channels text[] DEFAULT NULL,
    exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL, exclude_referrers text[] DEFAULT NULL,
    exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false)
RETURNS TABLE (
    dimension_value text, assisted bigint, assisted_value numeric, last_touch bigint, last_touch_value numeric,
    first_touch bigint, first_touch_value numeric, assisted_per_last_touch numeric, currency text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 20
AS $$
    SELECT
--@ include templates/journey_arguments.sql range="since, until" dimension=dimension
           ;
    SELECT mrcall_internal.journeys(report, journeys => true) AS answer;
    WITH part AS (
        -- Each value of a journey once, with what it was there.
        SELECT p.dimension_value, r.currency, r.value::numeric AS value,
               bool_or(p.place < cardinality(r.path)) AS is_assisting, bool_or(p.place = cardinality(r.path)) AS is_last,
               bool_or(p.place = 1) AS is_first
        FROM mrcall_internal.journey_rows(answer) AS r
        CROSS JOIN LATERAL unnest(r.path) WITH ORDINALITY AS p (dimension_value, place)
        GROUP BY r.conversion_id, p.dimension_value, r.currency, r.value
    )
    SELECT p.dimension_value, count(*) FILTER (WHERE p.is_assisting), coalesce(sum(p.value) FILTER (WHERE p.is_assisting), 0),
           count(*) FILTER (WHERE p.is_last), coalesce(sum(p.value) FILTER (WHERE p.is_last), 0),
           count(*) FILTER (WHERE p.is_first), coalesce(sum(p.value) FILTER (WHERE p.is_first), 0),
           round(count(*) FILTER (WHERE p.is_assisting)::numeric / nullif(count(*) FILTER (WHERE p.is_last), 0), 6), p.currency
    FROM part AS p
    GROUP BY p.dimension_value, p.currency
    ORDER BY p.currency COLLATE "C", count(*) FILTER (WHERE p.is_assisting) DESC, count(*) FILTER (WHERE p.is_last) DESC,
             p.dimension_value COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall.assisted_conversions(
    timestamptz, timestamptz, text, interval, text, interval, boolean, text[], text[], text[],
    text[], text[], text[], boolean) IS
    'In how many conversions each channel took part before the last touch, as the last touch and as the first';
