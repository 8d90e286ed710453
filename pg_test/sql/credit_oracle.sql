-- mrcall.credit and mrcall.split_amount against plain SQL, on random journeys; seed 20262.
\pset footer off
SELECT setseed(0.20262) \g /dev/null

CREATE TEMP TABLE journey ON COMMIT DROP AS
SELECT j.id, j.converted_at, j.lookback, j.half_life, j.first, least(j.last, 1 - j.first) AS last, t.times, t.channels
FROM (SELECT id, timestamptz '2026-03-29 03:00Z' + floor(random() * 10) * interval '1 day' AS converted_at,
             (ARRAY['30 days', '0', '1 day', '3 days', '23:59:59.999999', '400 days']::interval[])[1 + floor(random() *
                 6)] AS lookback,
             (ARRAY['7 days', '1 hour', '1 microsecond', '100 days']::interval[])[1 + floor(random() * 4)] AS half_life,
             (ARRAY[0.4, 0, 0.25, 1])[1 + floor(random() * 4)]::float8 AS first, (ARRAY[0.4, 0, 0.3,
                 0.75])[1 + floor(random() * 4)]::float8 AS last
      FROM generate_series(1, 600) AS id) AS j
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(x.at ORDER BY x.place), '{}') AS times, coalesce(array_agg(x.channel ORDER BY x.place),
        '{}') AS channels
    FROM (SELECT j.converted_at + (2 - floor(random() * 16)) * (ARRAY['0', '1 hour', '1 day', '2 days',
        '0.000001 s']::interval[])[1 + floor(random() * 5)]
                     AS at,
                 (ARRAY['Direct', 'Direct', 'Paid Search', 'Organic Search', 'Display', 'Cross-network', 'Paid Other',
                     'Email', 'élan', 'direct'])
                     [1 + floor(random() * 10)] AS channel, random() AS place
          FROM generate_series(1, (j.id % 9)::int)) AS x
) AS t;

CREATE TEMP TABLE oracle_row ON COMMIT DROP AS
WITH counted AS (
    SELECT j.*, t.at, t.channel, row_number() OVER (PARTITION BY j.id ORDER BY t.at, t.channel COLLATE "C", t.place)
        AS no,
           count(*) OVER (PARTITION BY j.id) AS n, max(t.at) OVER (PARTITION BY j.id) AS youngest
    FROM journey AS j
    CROSS JOIN LATERAL unnest(j.times, j.channels) WITH ORDINALITY AS t (at, channel, place)
    WHERE extract(epoch FROM j.converted_at - t.at) BETWEEN 0 AND extract(epoch FROM j.lookback)
),
placed AS (
    SELECT c.*, max(c.no) FILTER (WHERE c.channel <> 'Direct') OVER (PARTITION BY c.id) AS last_non_direct,
           max(c.no) FILTER (WHERE c.channel IN ('Paid Search', 'Display', 'Cross-network', 'Paid Other'))
               OVER (PARTITION BY c.id) AS last_paid
    FROM counted AS c
),
share AS (
    SELECT p.*, m.model,
           CASE m.model
               WHEN 'first_touch' THEN (p.no = 1)::int
               WHEN 'last_touch' THEN (p.no = p.n)::int
               WHEN 'last_non_direct' THEN (p.no = coalesce(p.last_non_direct, p.n))::int
               WHEN 'last_paid' THEN (p.no = coalesce(p.last_paid, p.last_non_direct, p.n))::int
               WHEN 'linear' THEN 1
               -- Beyond a thousand halvings there is nothing left.
               WHEN 'time_decay' THEN CASE WHEN extract(epoch FROM p.youngest - p.at) <= 1000 * extract(epoch
                   FROM p.half_life)
                   THEN power(0.5::float8, (extract(epoch FROM p.youngest - p.at) / extract(epoch
                       FROM p.half_life))::float8) ELSE 0 END
               ELSE CASE WHEN p.n = 1 OR p.n = 2 AND m.first + m.last = 0 THEN 1 WHEN p.no = 1 THEN m.first
                   WHEN p.no = p.n THEN m.last
                         ELSE (1 - m.first - m.last) / (p.n - 2) END
           END::float8 AS share
    FROM placed AS p
    CROSS JOIN LATERAL (VALUES ('first_touch', 0, 0), ('last_touch', 0, 0), ('last_non_direct', 0, 0), ('last_paid', 0,
        0), ('linear', 0, 0),
                               ('time_decay', 0, 0), ('position_based', p.first, p.last), ('u_shaped', p.first, p.last),
                               ('j_shaped', 0.2::float8, 0.6::float8), ('inverse_j', 0.6, 0.2)) AS m (model, first,
                                   last)
)
SELECT s.id, s.model, s.no, s.channel, s.at, s.share / sum(s.share) OVER (PARTITION BY s.id, s.model) AS weight
    FROM share AS s;

CREATE TEMP TABLE credit ON COMMIT DROP AS
SELECT j.id, m.model, k.*
FROM journey AS j
CROSS JOIN unnest('{first_touch,last_touch,last_non_direct,last_paid,linear,time_decay,position_based,u_shaped,j_shaped,inverse_j}'::text[])
    AS m (model)
CROSS JOIN LATERAL mrcall.credit(j.times, j.channels, j.converted_at, m.model, j.lookback, j.half_life, j.first, j.last)
    AS k;

SELECT coalesce(o.model, c.model) AS model, count(*) > 1000 AS compared,
       count(*) FILTER (WHERE (o.channel, o.at) IS DISTINCT FROM (c.channel, c.touched_at)) AS other_touches,
       count(*) FILTER (WHERE (abs(o.weight - c.weight) < 1e-12) IS NOT TRUE) AS other_weights
FROM oracle_row AS o
FULL JOIN credit AS c ON (c.id, c.model, c.touch_no) = (o.id, o.model, o.no)
GROUP BY 1
ORDER BY 1;
SELECT count(*) > 3000 AS compared, count(*) FILTER (WHERE abs(s.sum - 1) > 1e-12) AS not_one
FROM (SELECT sum(c.weight) FROM credit AS c GROUP BY c.id, c.model) AS s (sum);

-- Models with milestones or weights of one's own, and participation.
CREATE TEMP TABLE milestone ON COMMIT DROP AS
SELECT j.*, CASE WHEN j.id % 3 > 0 THEN j.converted_at - (j.id % 11) * interval '12 hours' END AS signup,
       CASE WHEN j.id % 4 > 0 THEN j.converted_at - (j.id % 7) * interval '1 day' END AS business
FROM journey AS j;
WITH counted AS (
    SELECT j.id, j.signup, j.business, t.at,
           row_number() OVER (PARTITION BY j.id ORDER BY t.at, t.channel COLLATE "C", t.place) AS no
    FROM milestone AS j
    CROSS JOIN LATERAL unnest(j.times, j.channels) WITH ORDINALITY AS t (at, channel, place)
    WHERE extract(epoch FROM j.converted_at - t.at) BETWEEN 0 AND extract(epoch FROM j.lookback)
),
marked AS (
    SELECT c.*, (c.no = 1)::int + coalesce((c.no = max(c.no) FILTER (WHERE c.at <= c.signup) OVER (PARTITION BY c.id))::int, 0)
                + coalesce((c.no = max(c.no) FILTER (WHERE c.at <= c.business) OVER (PARTITION BY c.id))::int, 0) AS times,
           CASE c.no WHEN 1 THEN 3 WHEN 2 THEN 0 ELSE 1 END AS own
    FROM counted AS c
),
shared AS (
    SELECT m.*, sum(m.times) OVER (PARTITION BY m.id) AS all_times, sum(m.own) OVER (PARTITION BY m.id) AS all_own,
           count(*) FILTER (WHERE m.times = 0) OVER (PARTITION BY m.id) AS others
    FROM marked AS m
),
expected AS (
    SELECT s.id, s.no, e.model, e.weight
    FROM shared AS s
    CROSS JOIN LATERAL (VALUES
        ('w_shaped', CASE WHEN s.times = 0 THEN 0.1 / s.others
                          ELSE s.times::numeric / s.all_times * CASE WHEN s.others = 0 THEN 1 ELSE 0.9 END END),
        ('custom', s.own::numeric / s.all_own), ('participation', 1)) AS e (model, weight)
)
SELECT coalesce(e.model, k.model) AS model, count(*) > 1000 AS compared,
       count(*) FILTER (WHERE (abs(e.weight - k.weight::numeric) < 1e-12) IS NOT TRUE) AS differences
FROM expected AS e
FULL JOIN (SELECT j.id, m.model, k.* FROM milestone AS j, unnest('{w_shaped,custom,participation}'::text[]) AS m (model)
           CROSS JOIN LATERAL mrcall.credit(j.times, j.channels, j.converted_at, m.model, j.lookback, signup_at => j.signup,
                                            business_at => j.business, weights => '{3,0,1}') AS k) AS k
    ON (k.id, k.model, k.touch_no) = (e.id, e.model, e.no)
GROUP BY 1 ORDER BY 1;

-- To be read: one, two and four touches.
SELECT m.model, array(SELECT round(k.weight::numeric, 4) FROM mrcall.credit(j.times, j.channels, '2026-04-01Z', m.model)
    AS k ORDER BY k.touch_no) AS weights
FROM unnest('{position_based,j_shaped,inverse_j,time_decay,last_paid,last_non_direct}'::text[]) WITH ORDINALITY
    AS m (model, place)
CROSS JOIN (VALUES ('{2026-03-31Z}'::timestamptz[], '{Direct}'::text[]),
                   ('{2026-03-25Z,2026-04-01Z}', '{Email,Direct}'),
                   ('{2026-04-01 00:00:00.000001Z,2026-03-31Z,2026-03-10Z,2026-03-24Z,2026-03-02Z,2026-03-01 23:59:59Z}',
                    '{Display,Direct,Paid Search,Email,Referral,Display}')) AS j (times, channels)
ORDER BY m.place, cardinality(j.times);

-- An amount over weights: whole units first, the ones left by the largest remainder, the earliest first among equals.
CREATE TEMP TABLE amount ON COMMIT DROP AS
SELECT a.id, a.amount, a.scale, array_agg(w.weight ORDER BY w.no) AS weights
FROM (SELECT id, round(((random() - 0.4) * power(10, id % 9))::numeric, id % 4) AS amount, id % 4 + id / 4 % 3 AS scale
      FROM generate_series(1, 1500) AS id) AS a
CROSS JOIN LATERAL (SELECT no, CASE a.id % 5 WHEN 0 THEN 1 WHEN 1 THEN floor(random() * 3)
    WHEN 2 THEN random() * power(2, -60 * random())
                                             WHEN 3 THEN (ARRAY[0.1, 0.2, 0.3, 0.6])[1 + floor(random() * 4)]
                                                 ELSE random() END::float8 AS weight
                    FROM generate_series(1, 1 + a.id % 13) AS no) AS w
GROUP BY 1, 2, 3
HAVING max(w.weight) > 0;
SELECT count(*) > 2000 AS compared, count(*) FILTER (WHERE o.part IS DISTINCT FROM r.part) AS differences
FROM (
    SELECT u.id, u.no, sign(u.amount) * (u.sure + (u.queue <= u.units - sum(u.sure) OVER (PARTITION BY u.id))::int) /
        power(10::numeric, u.scale) AS part
    FROM (
        SELECT s.*, div(s.units * s.weight, s.total) AS sure, row_number() OVER (PARTITION BY s.id
            ORDER BY s.units * s.weight % s.total DESC, s.no) AS queue
        FROM (SELECT a.id, a.amount, a.scale, w.no, abs(a.amount) * power(10::numeric, a.scale) AS units,
            oracle.whole(w.weight) AS weight,
                     sum(oracle.whole(w.weight)) OVER (PARTITION BY a.id) AS total
              FROM amount AS a CROSS JOIN LATERAL unnest(a.weights) WITH ORDINALITY AS w (weight, no)) AS s
    ) AS u
) AS o
FULL JOIN (SELECT a.id, p.no, p.part FROM amount AS a
           CROSS JOIN LATERAL unnest(mrcall.split_amount(a.amount, a.weights, a.scale)) WITH ORDINALITY AS p (part, no))
               AS r
    ON (r.id, r.no) = (o.id, o.no);
SELECT count(*) > 1000 AS compared, count(*) FILTER (WHERE (SELECT sum(p) FROM unnest(mrcall.split_amount(a.amount,
    a.weights, a.scale)) AS p) <> a.amount)
           AS not_whole
FROM amount AS a;
SELECT mrcall.split_amount(-100.00, ARRAY[1, 1, 1], 2) AS thirds, mrcall.split_amount(1, ARRAY[0.4, 0.2, 0.4],
    6) AS one,
       mrcall.split_amount(2, ARRAY[0, 5, 5, 5], 0) AS units;
