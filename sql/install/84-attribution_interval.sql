-- How sure a share of the credit is. Definitions: docs/marketing.md.

CREATE FUNCTION mrcall.attribution_interval(
    since timestamptz, until timestamptz, model text DEFAULT 'markov', conversion text DEFAULT 'signup',
    lookback interval DEFAULT '30 days', dimension text DEFAULT 'channel', markov_order int DEFAULT 1,
    game text DEFAULT 'total', replicates int DEFAULT 1000, level float8 DEFAULT 0.95, seed bigint DEFAULT 42,
    gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL,
    include_channels text[] DEFAULT NULL, exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL,
    exclude_referrers text[] DEFAULT NULL, exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false)
RETURNS TABLE (dimension_value text, share float8, lower float8, upper float8, std_error float8)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 20
AS $$
    SELECT
--@ include templates/journey_arguments.sql range="since, until" dimension=dimension
           -- No paths: only the model and its options are checked.
           , (SELECT count(*) FROM mrcall.path_interval(NULL::mrcall.path_set, model, markov_order, game, replicates, level, seed))
               AS checked;
    SELECT mrcall_internal.journeys(report, paths => true, unconverted => true) AS answer;
    SELECT i.channel, i.share, i.lower, i.upper, i.std_error
    FROM (SELECT mrcall.path_agg(r.path, r.conversions, abs(r.value::numeric), r.nulls) AS paths
          FROM mrcall_internal.journey_path_rows(answer) AS r
          WHERE r.path <> '{}') AS s
    CROSS JOIN LATERAL mrcall.path_interval(s.paths, model, markov_order, game, replicates, level, seed) AS i
    ORDER BY i.share DESC, i.channel COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall.attribution_interval(
    timestamptz, timestamptz, text, text, interval, text, int, text, int, float8, bigint, interval, boolean, text[], text[],
    text[], text[], text[], text[], boolean) IS
    'How sure the share of each value under a model is: a bootstrap interval over the journeys of a period';
