-- Time buckets that are right in every zone. Definitions: docs/buckets.md.

CREATE FUNCTION mrcall.bucket(width interval, ts timestamptz, zone text, origin timestamp DEFAULT NULL)
RETURNS timestamptz
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 10
AS 'MODULE_PATHNAME', 'bucket_wrapper';
COMMENT ON FUNCTION mrcall.bucket(interval, timestamptz, text, timestamp) IS
    'The start of the bucket of that width that holds an instant, by the wall clock of the zone; one starts at origin';

CREATE FUNCTION mrcall.next_bucket(width interval, bucket timestamptz, zone text, origin timestamp DEFAULT NULL)
RETURNS timestamptz
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 10
AS 'MODULE_PATHNAME', 'next_bucket_wrapper';
COMMENT ON FUNCTION mrcall.next_bucket(interval, timestamptz, text, timestamp) IS
    'The start of the first bucket that begins after an instant';

CREATE FUNCTION mrcall.buckets(
    width interval, since timestamptz, until timestamptz, zone text, origin timestamp DEFAULT NULL)
RETURNS TABLE (bucket timestamptz, next_bucket timestamptz, local timestamp)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 100 ROWS 100
AS 'MODULE_PATHNAME', 'buckets_wrapper';
COMMENT ON FUNCTION mrcall.buckets(interval, timestamptz, timestamptz, text, timestamp) IS
    'Every bucket that meets the range from since to until, without gaps. Two dates are days of the zone';

-- A report with a zone takes two dates, too: days of that zone. They begin where their buckets do, which AT TIME ZONE does not
-- know where the clock skips midnight, or a day. name: of the argument, for the errors.
CREATE FUNCTION mrcall_internal.start_of_day(day date, zone text, name text)
RETURNS timestamptz
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 10
AS 'MODULE_PATHNAME', 'start_of_day_wrapper';
COMMENT ON FUNCTION mrcall_internal.start_of_day(date, text, text) IS 'The instant at which a day of a zone begins';

CREATE FUNCTION mrcall_internal.wall_clock(at timestamptz, zone text)
RETURNS timestamp
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wall_clock_wrapper';
COMMENT ON FUNCTION mrcall_internal.wall_clock(timestamptz, text) IS
    'What the clock of a zone shows at an instant, as in the buckets';

-- An untyped literal is an instant of the session's zone.
CREATE FUNCTION mrcall_internal.note_midnight(since timestamptz, until timestamptz, zone text)
RETURNS void
LANGUAGE c STABLE PARALLEL RESTRICTED CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'note_midnight_wrapper';
COMMENT ON FUNCTION mrcall_internal.note_midnight(timestamptz, timestamptz, text) IS
    'Raises a notice, once in a statement, where a range begins or ends at midnight of the session''s zone and not of the report''s';

--@ include templates/local_days.sql name=buckets before="width interval, " after=", zone text, origin timestamp DEFAULT NULL"
--@   first="width, " passed="zone, origin"
--@   columns="bucket timestamptz, next_bucket timestamptz, local timestamp" types="interval, date, date, text, timestamp"
--@   volatility="IMMUTABLE PARALLEL SAFE" cost=100 rows=100 what="Every bucket of some days, without gaps"
