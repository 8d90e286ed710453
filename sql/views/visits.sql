-- Every visit, by the gap of 30 minutes.
CREATE OR REPLACE VIEW mrcall.visits WITH (security_invoker = true) AS
SELECT v.visitor_id, v.visit_no, v.started_at, v.ended_at, v.events, v.pageviews, v.entry_page, v.exit_page,
       v.channel, v.source, v.medium, v.campaign, v.landing_page, v.referrer_domain, v.device, v.is_bot,
       v.touched_at, v.term, v.rule
FROM mrcall_internal.visits(NULL, NULL, '30 minutes', NULL) AS v;
COMMENT ON VIEW mrcall.visits IS 'Every visit, by the gap of 30 minutes, with the touch that brought it';
