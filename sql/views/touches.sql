-- One touch a visit: its first arrival, or Direct at its start.
CREATE OR REPLACE VIEW mrcall.touches WITH (security_invoker = true) AS
SELECT v.visitor_id, v.touched_at, v.channel, v.source, v.medium, v.campaign, v.landing_page, v.referrer_domain, v.rule,
       v.term, v.is_bot, v.started_at AS visit_started_at
FROM mrcall.visits AS v;
COMMENT ON VIEW mrcall.touches IS 'One touch a visit: its first arrival at that event''s time, or Direct at its start';
