-- @run
SELECT sum(linear_conversions) AS conversions, sum(linear_conversions) FILTER (WHERE dimension_value = '(unattributed)') AS unattributed,
       sum(participation_conversions) FILTER (WHERE dimension_value <> '(unattributed)') AS touches,
       string_agg(concat_ws(' ', dimension_value, first_touch_conversions, last_touch_conversions, last_non_direct_conversions,
                            last_paid_conversions, linear_conversions, position_based_conversions, u_shaped_conversions,
                            j_shaped_conversions, inverse_j_conversions, w_shaped_conversions, time_decay_conversions,
                            participation_conversions), ', '
                  ORDER BY dimension_value COLLATE "C") FILTER (WHERE dimension_value <> '(unattributed)') AS by_channel
FROM mrcall.attribution_models('2026-02-01 00:00+00', '2026-06-01 00:00+00', data_driven => false)
