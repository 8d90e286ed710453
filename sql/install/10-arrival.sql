-- Where a visitor came from. Definitions: docs/arrival.md.

CREATE FUNCTION mrcall.arrival(
    referrer text, page_url text, utm_source text DEFAULT NULL, utm_medium text DEFAULT NULL, utm_campaign text DEFAULT NULL)
RETURNS TABLE (channel text, source text, medium text, campaign text, term text, rule text)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 20 ROWS 1
AS 'MODULE_PATHNAME', 'arrival_wrapper';
COMMENT ON FUNCTION mrcall.arrival(text, text, text, text, text) IS
    'How an event came to the site: channel, source, medium, campaign, search term, and the rule that decided';

CREATE FUNCTION mrcall.channel(
    referrer text, page_url text, utm_source text DEFAULT NULL, utm_medium text DEFAULT NULL, utm_campaign text DEFAULT NULL)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 20
AS 'MODULE_PATHNAME', 'channel_wrapper';
COMMENT ON FUNCTION mrcall.channel(text, text, text, text, text) IS
    'The marketing channel of an event, one of twenty; never NULL';

CREATE FUNCTION mrcall.is_arrival(
    referrer text, page_url text, utm_source text DEFAULT NULL, utm_medium text DEFAULT NULL, utm_campaign text DEFAULT NULL)
RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 10
AS 'MODULE_PATHNAME', 'is_arrival_wrapper';
COMMENT ON FUNCTION mrcall.is_arrival(text, text, text, text, text) IS
    'False for navigation inside one site and for the way back from a payment or login host';

CREATE FUNCTION mrcall.url_host(url text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'url_host_wrapper';
COMMENT ON FUNCTION mrcall.url_host(text) IS 'The host of a URL in lower case, without port; NULL where there is none';

CREATE FUNCTION mrcall.url_domain(url text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 8
AS 'MODULE_PATHNAME', 'url_domain_wrapper';
COMMENT ON FUNCTION mrcall.url_domain(text) IS 'The registrable domain of a URL by the public suffix list';

CREATE FUNCTION mrcall.url_path(url text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'url_path_wrapper';
COMMENT ON FUNCTION mrcall.url_path(text) IS 'The path of a URL, without query and fragment';

CREATE FUNCTION mrcall.url_param(url text, name text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'url_param_wrapper';
COMMENT ON FUNCTION mrcall.url_param(text, text) IS 'A parameter of a URL''s query, percent-decoded; NULL when absent';

CREATE FUNCTION mrcall.is_bot(user_agent text)
RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 20
AS 'MODULE_PATHNAME', 'is_bot_wrapper';
COMMENT ON FUNCTION mrcall.is_bot(text) IS 'Whether a user agent is that of a program that fetches by itself; false for NULL';

CREATE FUNCTION mrcall.device(user_agent text)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 20
AS 'MODULE_PATHNAME', 'device_wrapper';
COMMENT ON FUNCTION mrcall.device(text) IS 'Desktop, mobile, tablet, tv, bot or unknown';

CREATE FUNCTION mrcall.agent(user_agent text)
RETURNS TABLE (kind text, name text)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 20 ROWS 1
AS 'MODULE_PATHNAME', 'agent_wrapper';
COMMENT ON FUNCTION mrcall.agent(text) IS
    'Who sends a user agent: browser, app, bot, crawler, ai_crawler, ai_agent, library or unknown, and the name; of AI the vendor''s';

CREATE FUNCTION mrcall.is_paid(channel text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'is_paid_wrapper';
COMMENT ON FUNCTION mrcall.is_paid(text) IS 'Whether a channel is paid for by the click or view';

CREATE FUNCTION mrcall.rules_version()
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'rules_version_wrapper';
COMMENT ON FUNCTION mrcall.rules_version() IS 'The version of the built-in channel rules';

CREATE FUNCTION mrcall_internal.rules()
RETURNS TABLE (function_name text, version text)
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10
AS 'MODULE_PATHNAME', 'rules_wrapper';
COMMENT ON FUNCTION mrcall_internal.rules() IS 'The functions of mrcall that answer by built-in rules, with the version of those';

CREATE FUNCTION mrcall_internal.ignored_referrer_seed()
RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'ignored_referrer_seed_wrapper';
COMMENT ON FUNCTION mrcall_internal.ignored_referrer_seed() IS 'The built-in payment and login hosts';
