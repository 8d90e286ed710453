-- The expressions of the view that attach makes.
-- @run
SELECT count(*) AS calls, sum(octet_length(mrcall_internal.field(data, '{outcome}'))) AS outcomes,
       sum(octet_length(mrcall_internal.field(data, '{caller}'))) AS callers, sum(octet_length(mrcall_internal.field(data,
           '{medium}'))) AS media,
       sum(octet_length(mrcall_internal.field(data, '{language}'))) AS languages,
       sum(octet_length(mrcall_internal.field(state_variables, '{state}'))) AS states,
       count(mrcall_internal.field_timestamptz(data, '{end_timestamp}')) AS ended,
       count(*) FILTER (WHERE mrcall_internal.field_boolean(data, '{answered}')) AS answered
FROM sessions
