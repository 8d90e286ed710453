-- As the view: what does not parse must not end the query, so text becomes an instant through the same function.
-- @run
SELECT count(*) AS calls, sum(octet_length(data ->> 'outcome')) AS outcomes, sum(octet_length(data ->> 'caller')) AS callers,
       sum(octet_length(data ->> 'medium')) AS media, sum(octet_length(data ->> 'language')) AS languages,
       sum(octet_length(state_variables ->> 'state')) AS states, count(mrcall.try_timestamptz(data ->> 'end_timestamp')) AS ended,
       count(*) FILTER (WHERE mrcall.try_boolean(data ->> 'answered')) AS answered
FROM sessions
