CREATE FUNCTION mrcall.{name}(
    {before}since date, until date{after})
RETURNS TABLE (
    {columns})
LANGUAGE sql {volatility} COST {cost} ROWS {rows}
AS $$
    SELECT *
    FROM mrcall.{name}({first}mrcall_internal.start_of_day(since, zone, 'since'),
                       mrcall_internal.start_of_day(until, zone, 'until'), {passed})
$$;
COMMENT ON FUNCTION mrcall.{name}({types}) IS
    '{what}: days of the zone from since to before until. Only two dates choose this form';
