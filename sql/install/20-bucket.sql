-- Time buckets that are right in every zone. Definitions: docs/buckets.md.

CREATE FUNCTION mrcall.bucket(width interval, ts timestamptz, zone text)
RETURNS timestamptz
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 10
AS 'MODULE_PATHNAME', 'bucket_wrapper';
COMMENT ON FUNCTION mrcall.bucket(interval, timestamptz, text) IS
    'The start of the bucket of that width that holds an instant, by the wall clock of the zone';

CREATE FUNCTION mrcall.next_bucket(width interval, bucket timestamptz, zone text)
RETURNS timestamptz
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 10
AS 'MODULE_PATHNAME', 'next_bucket_wrapper';
COMMENT ON FUNCTION mrcall.next_bucket(interval, timestamptz, text) IS
    'The start of the first bucket that begins after an instant';

CREATE FUNCTION mrcall.buckets(width interval, since timestamptz, until timestamptz, zone text)
RETURNS TABLE (bucket timestamptz, next_bucket timestamptz)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 100 ROWS 100
AS 'MODULE_PATHNAME', 'buckets_wrapper';
COMMENT ON FUNCTION mrcall.buckets(interval, timestamptz, timestamptz, text) IS
    'Every bucket that meets the range from since to until, without gaps';
