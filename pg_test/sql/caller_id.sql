-- Who called: mrcall.caller_id, and the reports that count by it, against numbers that were known before they were written in many ways.
\pset footer off
\pset null '∅'
SET LOCAL client_min_messages = error;
SELECT c.nr, c.caller, mrcall.caller_id(c.caller)
FROM unnest(ARRAY['+390612345678', '(+39) 06-1234 5678', '00390612345678', 'sip:+390612345678@sip.example.com;user=phone', '06 12345678',
                  'sip:alice@example.com', 'anonymous', 'Anonymous', '+anonymous', 'Restricted', '', ' ', '+266696687', '+7378742833',
                  'sip:anonymous@anonymous.invalid', '<unknown>', NULL]) WITH ORDINALITY AS c (caller, nr) ORDER BY nr;

-- Twelve numbers of two businesses, each call in one of seven spellings; every fourth call is nobody's, in one of nine ways.
\set seed 20260512
SELECT :seed AS seed;
CREATE TEMP TABLE made ON COMMIT DROP AS
SELECT n, 'C-' || (ARRAY['a', 'b'])[1 + h[1] % 2] AS business_id, timestamptz '2026-02-01Z' + h[2] % 7000000 * interval '1 second' AS at,
       CASE WHEN h[3] % 4 > 0 THEN h[4] % 12 END AS who,
       CASE WHEN h[3] % 4 > 0
            THEN replace((ARRAY['+3906#', '003906#', '+39 06-#', '(+39) 06 #', 'tel:+39-06-#', 'sip:+3906#@example.com;user=phone',
                           ' +39.06.# '])[1 + h[5] % 7], '#', (1234500 + h[4] % 12)::text)
            ELSE (ARRAY['anonymous', 'Anonymous', 'RESTRICTED', '+266696687', ' ', '', 'sip:anonymous@anonymous.invalid', 'Unknown', NULL])[
                1 + h[5] % 9] END AS caller
FROM (SELECT n, ARRAY(SELECT (hashint8extended(n, :seed + k) & 1073741823)::int FROM generate_series(1, 5) AS k) AS h
      FROM generate_series(1::bigint, 1200) AS n) AS r;
INSERT INTO public.business (business_id) VALUES ('C-a'), ('C-b');
INSERT INTO public.sessions (id, business_id, start_timestamp, data)
SELECT 'C-' || n, business_id, at, jsonb_strip_nulls(jsonb_build_object('caller', caller, 'answered', n % 3 = 0)) FROM made;
-- The address book has yet other spellings.
INSERT INTO public.contact (contact_id, business_id, display_name) VALUES
    ('C-1', 'C-a', 'One'), ('C-2', 'C-b', 'Two'), ('C-3', 'C-a', 'None');
INSERT INTO public.phone_details (number, contact_id, country_alpha2, number_type) VALUES
    ('0039 06 1234501', 'C-1', 'IT', 'fixed_line'), ('+39/06/1234502', 'C-2', NULL, 'mobile'), ('anonymous', 'C-3', 'XX', 'voip'),
    ('06 1234503', 'C-1', 'XX', 'voip'), ('tel:+39061234504', NULL, 'VA', 'voip');
-- What retention has kept of calls of November: hashes of numbers as they were written once, and of ids.
INSERT INTO mrcall_internal.caller_key (key) VALUES (sha256('C'));
INSERT INTO mrcall_internal.first_contact (business_id, caller_hash, first_at)
SELECT k.business_id, mrcall_internal.caller_hash(sha256('C'), k.business_id, k.caller), '2025-11-01Z'
FROM (VALUES ('C-a', '+390612345' || '05', 5), ('C-a', '(+39) 06 1234506', 6), ('C-b', 'sip:+39061234507@example.com;user=phone', 7),
             ('C-a', 'anonymous', NULL), ('C-b', '+39061234508', 8)) AS k (business_id, caller, who);

CREATE TEMP TABLE report ON COMMIT DROP AS
SELECT * FROM mrcall.callers('2026-03-01Z', '2026-04-15Z') WHERE business_id IN ('C-a', 'C-b');
WITH plain AS (
    SELECT m.business_id, '+3906' || 1234500 + m.who AS caller, count(*), count(*) FILTER (WHERE m.n % 3 = 0),
           CASE WHEN m.who IS NOT NULL THEN
               NOT EXISTS (SELECT FROM made AS e WHERE e.business_id = m.business_id AND e.who = m.who AND e.at < '2026-03-01Z')
               AND (m.business_id, m.who) NOT IN (('C-a', 5), ('C-a', 6), ('C-b', 7), ('C-b', 8)) END,
           CASE WHEN (m.business_id, m.who) = ('C-a', 1) THEN 'One' WHEN (m.business_id, m.who) = ('C-b', 2) THEN 'Two' END,
           CASE m.who WHEN 1 THEN 'IT' WHEN 4 THEN 'VA' END
    FROM made AS m
    WHERE m.at >= '2026-03-01Z' AND m.at < '2026-04-15Z'
    GROUP BY m.business_id, m.who
)
SELECT (SELECT count(*) FROM report) AS rows, (SELECT sum(calls) FROM report WHERE caller IS NULL) > 100 AS has_nobodys,
       count(*) AS differences
FROM ((SELECT business_id, caller, calls, answered, is_new, display_name, country FROM report EXCEPT TABLE plain)
      UNION ALL (TABLE plain EXCEPT SELECT business_id, caller, calls, answered, is_new, display_name, country FROM report)) AS d;

-- Short ranges, so that there are new callers: day by day, whatever spelling came first.
WITH report AS (
    SELECT bucket, business_id, calls, callers, new_callers FROM mrcall.call_summary('1 day', '2026-02-01Z', '2026-04-24Z')
    WHERE business_id IN ('C-a', 'C-b')
),
first AS (SELECT business_id, who, min(at) AS at FROM made WHERE who IS NOT NULL GROUP BY 1, 2),
plain AS (
    SELECT date_trunc('day', m.at, 'UTC'), m.business_id, count(*), count(DISTINCT m.who),
           count(DISTINCT m.who) FILTER (WHERE m.at = f.at
               AND (m.business_id, m.who) NOT IN (('C-a', 5), ('C-a', 6), ('C-b', 7), ('C-b', 8)))
    FROM made AS m LEFT JOIN first AS f USING (business_id, who)
    GROUP BY 1, 2
)
SELECT (SELECT sum(callers) > 500 FROM report) AS has_callers, (SELECT sum(new_callers) FROM report) AS new, count(*) AS differences
FROM ((TABLE report EXCEPT TABLE plain) UNION ALL (TABLE plain EXCEPT TABLE report)) AS d;

-- A hash of a spelling is found while the caller is written like that; with 8 to 15 digits of one country nobody else is.
SELECT business_id, caller, is_new FROM mrcall.callers('2026-02-01Z', '2026-04-24Z')
WHERE business_id LIKE 'C-_' AND (is_new IS NULL OR NOT is_new) ORDER BY 1, 2;

-- calls shows what was stored, and doctor says how many are nobody's.
SELECT count(*) AS differences FROM mrcall.calls AS c JOIN made AS m ON c.call_id = 'C-' || m.n WHERE c.caller IS DISTINCT FROM m.caller;
SELECT d.severity, d.object, d.finding = format('%s calls whose number is withheld or blank: they count as calls, nobody as their caller',
                                                (SELECT count(*) FROM made WHERE who IS NULL AND caller IS NOT NULL)) AS counted
FROM mrcall.doctor() AS d WHERE d.object = 'calls.caller';
SELECT d.severity, d.object FROM mrcall.doctor() AS d WHERE d.object = 'phones.number';
