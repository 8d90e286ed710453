-- @run
SELECT count(*) AS calls, sum(octet_length(outcome)) AS outcomes, sum(octet_length(caller)) AS callers, sum(octet_length(medium)) AS media,
       sum(octet_length(language)) AS languages, sum(octet_length(last_state)) AS states, count(ended_at) AS ended,
       count(*) FILTER (WHERE answered) AS answered
FROM mrcall.calls
