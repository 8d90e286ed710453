-- Pseudo-random values by hashing. Every thing (a visitor, a visit, a call) has a 64-bit key. A value of it is drawn by
-- the key and a number below 1000 that says what the value is for, each number once per kind of thing; the keys of
-- its parts come from the numbers above. All are inlined, so they cost what the expression costs: that takes
-- immutable expressions (hence the detours over AT TIME ZONE), and plain columns where an argument is used twice.

-- The key of the n-th thing of a kind: 1 visitor, 2 customer, 3 call, 4 one-off.
CREATE OR REPLACE FUNCTION pg_temp.thing(kind integer, n bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashint8extended(n + 1000, hashint8extended(kind::bigint, :seed::bigint));

-- The key of the n-th part of a thing.
CREATE OR REPLACE FUNCTION pg_temp.part(n bigint, key bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashint8extended(n + 1000, key);

-- Uniform in [0, 1), in steps of 2^-53.
CREATE OR REPLACE FUNCTION pg_temp.u(purpose integer, key bigint) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(purpose::bigint, key) & 9007199254740991)::float8 * 1.1102230246251565e-16::float8;

-- Uniform in 1..n.
CREATE OR REPLACE FUNCTION pg_temp.pick(n bigint, purpose integer, key bigint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1 + floor(pg_temp.u(purpose, key) * n)::integer;

-- In 1..n, k about as often as 1/k (Zipf's law).
CREATE OR REPLACE FUNCTION pg_temp.zipf(n bigint, purpose integer, key bigint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN floor(power((n + 1)::float8, pg_temp.u(purpose, key)))::integer;

-- Standard normal (Box-Muller), from two values.
CREATE OR REPLACE FUNCTION pg_temp.normal(purpose integer, key bigint) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sqrt(-2 * ln(1 - pg_temp.u(purpose, key))) * cos(2 * pi() * pg_temp.u(purpose + 1, key));

-- 16 hexadecimal digits.
CREATE OR REPLACE FUNCTION pg_temp.hex(purpose integer, key bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lpad(to_hex(hashint8extended(purpose::bigint, key)), 16, '0');

-- A uuid without order, as browsers make them.
CREATE OR REPLACE FUNCTION pg_temp.uuid_text(key bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (pg_temp.hex(901, key) || pg_temp.hex(902, key))::uuid::text;

-- A uuid that begins with the time in milliseconds (version 7), as servers make them.
CREATE OR REPLACE FUNCTION pg_temp.time_uuid(at timestamptz, key bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (lpad(to_hex(floor(extract(epoch FROM at AT TIME ZONE 'UTC') * 1000)::bigint), 12, '0') || '7'
    || right(pg_temp.hex(903, key), 3) || pg_temp.hex(904, key))::uuid::text;

-- Letters and digits, up to 32, as payment providers and advertisers make their ids.
CREATE OR REPLACE FUNCTION pg_temp.token(size integer, purpose integer, key bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN left(translate(encode(
    int8send(hashint8extended(purpose::bigint, key)) || int8send(hashint8extended(purpose::bigint + 1, key))
    || int8send(hashint8extended(purpose::bigint + 2, key)), 'base64'), '+/=', 'Xy'), size);

-- Decimal digits without a leading zero, 1 to 15.
CREATE OR REPLACE FUNCTION pg_temp.digits(size integer, purpose integer, key bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN floor(power(10::float8, size - 1) * (1 + 9 * pg_temp.u(purpose, key)))::bigint::text;

-- Seconds after local midnight: quiet nights, a peak in the morning, a lower one in the afternoon.
CREATE OR REPLACE FUNCTION pg_temp.time_of_day(purpose integer, key bigint) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 3600 * ((ARRAY[
    0, 0, 1, 2, 3, 4, 5, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9,
    10, 10, 10, 10, 10, 10, 10, 10, 10, 11, 11, 11, 11, 11, 11, 11, 11, 12, 12, 12, 12, 12, 13, 13, 13, 13,
    14, 14, 14, 14, 14, 14, 15, 15, 15, 15, 15, 15, 15, 16, 16, 16, 16, 16, 16, 16, 17, 17, 17, 17, 17, 17,
    18, 18, 18, 18, 18, 19, 19, 19, 19, 20, 20, 20, 20, 21, 21, 21, 22, 22, 23, 23
    ])[pg_temp.pick(100, purpose, key)] + pg_temp.u(purpose + 1, key));

-- Day of the period with weekends thinned out.
CREATE OR REPLACE FUNCTION pg_temp.busy_day(day integer, chance float8) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (day + :first_weekday) % 7 IN (0, 6) AND chance < 0.55 THEN day + CASE WHEN day < 3 THEN 2 ELSE -2 END ELSE day END;

-- The instant so many seconds into the period, in whole milliseconds.
CREATE OR REPLACE FUNCTION pg_temp.instant(seconds float8) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (timestamp :'period_start' + floor(seconds * 1000) * interval '1 millisecond') AT TIME ZONE 'UTC';

CREATE OR REPLACE FUNCTION pg_temp.period_start() RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN timestamptz :'period_start';

CREATE OR REPLACE FUNCTION pg_temp.period_end() RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN timestamptz :'period_end';

-- An instant that lies where it should when the period ends with May 2026.
CREATE OR REPLACE FUNCTION pg_temp.moved(at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (at AT TIME ZONE 'UTC' + :moved_days * interval '1 day') AT TIME ZONE 'UTC';

-- From here on Stripe's events are of API version 2025-08-27 ("basil"), before of 2024-06-20: an account changes over as a whole.
CREATE OR REPLACE FUNCTION pg_temp.is_basil(at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN at >= pg_temp.moved(timestamptz '2026-03-16 10:00:00+00');

-- Seconds since 1970, as Stripe writes times.
CREATE OR REPLACE FUNCTION pg_temp.epoch(at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN floor(extract(epoch FROM at AT TIME ZONE 'UTC'))::bigint;

CREATE OR REPLACE FUNCTION pg_temp.person(purpose integer, key bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (ARRAY['Giulia', 'Marco', 'Anna', 'Luca', 'Sofia', 'Paolo', 'Emma', 'James', 'Olivia', 'Liam', 'Marie', 'Jonas',
    'Lena', 'Yuki', 'Haruto', 'Priya', 'Ana', 'João', 'Chloé', 'Zoë'])[pg_temp.pick(20, purpose, key)] || ' '
    || (ARRAY['Rossi', 'Ferrari', 'Bianchi', 'Romano', 'Greco', 'Conti', 'Smith', 'Johnson', 'Brown', 'Miller',
    'Müller', 'Weber', 'Dubois', 'Tanaka', 'Sato', 'Sharma', 'Silva', 'Núñez', 'O''Neill', 'D''Amico'])
    [pg_temp.pick(20, purpose + 1, key)];

-- The number of a business's n-th caller: its address book and its calls agree on it.
CREATE OR REPLACE FUNCTION pg_temp.caller_number(n bigint, business_key bigint, dial text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN dial || pg_temp.digits(9, 910, pg_temp.part(n, business_key));

CREATE OR REPLACE FUNCTION pg_temp.caller_name(n bigint, business_key bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_temp.person(911, pg_temp.part(n, business_key));
