-- @run
SELECT sum(conversions) AS conversions, sum(conversions) FILTER (WHERE dimension_value = '(unattributed)') AS unattributed,
       sum(touches) AS touches,
       string_agg(format('%s: %s of %s', dimension_value, (conversions * 1000000)::bigint, visitors), ', '
                  ORDER BY dimension_value COLLATE "C") FILTER (WHERE dimension_value <> '(unattributed)') AS by_channel
FROM mrcall.attribution('2026-02-01 00:00+00', '2026-06-01 00:00+00', 'linear')
