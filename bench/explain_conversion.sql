-- What explain_conversion takes in a session that has explained others before, for the first conversion of each kind by the md5 of its
-- id: psql "$(scripts/cluster.sh url bench_1000000_42)" -f bench/explain_conversion.sql
\set QUIET on
\pset footer off
\pset tuples_only on
SELECT DISTINCT ON (c.conversion) c.conversion, c.conversion_id,
       format('SELECT * FROM mrcall.explain_conversion(%L, %L)', c.conversion, c.conversion_id) AS query
INTO TEMP asked
FROM mrcall.conversions AS c
WHERE c.conversion_id IS NOT NULL
ORDER BY c.conversion, md5(c.conversion_id);
\o /dev/null
SELECT query FROM asked ORDER BY conversion \gexec
\o
SELECT format('SELECT %L', conversion), 'EXPLAIN (ANALYZE, COSTS OFF) ' || query FROM asked ORDER BY conversion \gexec
