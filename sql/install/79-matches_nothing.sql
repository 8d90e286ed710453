-- Arguments that can match nothing are errors, or warnings, and no silently empty report.

CREATE FUNCTION mrcall_internal.listed(texts text[], name text)
RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF array_ndims(texts) > 1 THEN
        RAISE EXCEPTION 'argument "%" has % dimensions', name, array_ndims(texts)
            USING ERRCODE = '22023', HINT = format('Give a list: %s => ''{one,"another one"}''.', name);
    END IF;
    RETURN array_remove(texts, NULL);
END
$$;
COMMENT ON FUNCTION mrcall_internal.listed(text[], text) IS 'A list without elements that are NULL; an array of arrays is an error';

CREATE FUNCTION mrcall_internal.channels()
RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'channels_wrapper';
COMMENT ON FUNCTION mrcall_internal.channels() IS 'The built-in channels in the order in which they are tried';

CREATE FUNCTION mrcall_internal.nearest_name(name text, names text[])
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'nearest_name_wrapper';
COMMENT ON FUNCTION mrcall_internal.nearest_name(text, text[]) IS 'Of some names the one that a text was probably meant to be';

-- Campaigns and visitors are whatever the trackers write.
CREATE FUNCTION mrcall_internal.check_filter(filter mrcall_internal.touch_filter)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known text[];
    wrong text;
    domain text;
BEGIN
    IF cardinality(filter.exclude_channels || filter.include_channels) > 0 THEN
        known := mrcall_internal.channels();
        known := known || ARRAY(SELECT DISTINCT r.channel COLLATE "C" FROM mrcall.channel_rule AS r
                                WHERE r.channel COLLATE "C" <> ALL (known) ORDER BY 1);
        SELECT c.channel INTO wrong
        FROM unnest(filter.exclude_channels || filter.include_channels) WITH ORDINALITY AS c (channel, nr)
        WHERE c.channel COLLATE "C" <> ALL (known)
        ORDER BY c.nr
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'unknown channel "%"', wrong
                USING ERRCODE = '22023', HINT = format('Did you mean "%s"? There are: %s.',
                    mrcall_internal.nearest_name(wrong, known), array_to_string(known, ', '));
        END IF;
    END IF;
    -- An app's referrer is the app's name; they are written from the top down, com.example.app.
    SELECT r.referrer, coalesce(mrcall.url_domain(r.referrer), mrcall.url_domain('//' || r.referrer)) INTO wrong, domain
    FROM unnest(filter.exclude_referrers) WITH ORDINALITY AS r (referrer, nr)
    WHERE r.referrer <> '(not set)'
      AND coalesce(mrcall.url_domain('//' || r.referrer) COLLATE "C" <> r.referrer COLLATE "C", true)
      AND NOT (r.referrer COLLATE "C" ~ '^([a-z]{2}|com|org|net|info|app|edu|gov|mobi)[.]'
               AND coalesce(mrcall.url_domain('android-app://' || r.referrer) COLLATE "C" = r.referrer COLLATE "C", false))
    ORDER BY r.nr
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'no referrer domain can be "%"', wrong
            USING ERRCODE = '22023', HINT = CASE
                WHEN domain IS NULL THEN 'Give registrable domains, such as ''{google.com}'', or (not set).'
                ELSE format('Give the registrable domain: ''{%s}''.', domain) END;
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_filter(mrcall_internal.touch_filter) IS
    'Raises the errors of channels and referrer domains that no touch can have';

-- Paths that url_path makes begin with a slash, and end before a query; those of a mapping are whatever it says.
CREATE FUNCTION mrcall_internal.is_no_page(pattern text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT pattern !~ E'^([/%_]|\\\\/)' OR pattern ~ '[?#]' $$;
COMMENT ON FUNCTION mrcall_internal.is_no_page(text) IS 'Whether no path of a URL can match a pattern';

CREATE FUNCTION mrcall_internal.meant_page(pattern text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN mrcall.url_path(pattern) IS NOT NULL THEN mrcall.url_path(pattern)
                WHEN pattern ~ '^[^/?#]+[.][^/?#]+/' THEN mrcall.url_path('//' || pattern)
                ELSE '/' || ltrim(substring(pattern FROM '^[^?#]*'), ' /') END
$$;
COMMENT ON FUNCTION mrcall_internal.meant_page(text) IS 'The pattern that was probably meant by one that no path can match';

CREATE FUNCTION mrcall_internal.check_pages(steps jsonb)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wrong record;
BEGIN
    IF NOT mrcall_internal.path_from_url() THEN
        RETURN;
    END IF;
    SELECT CASE WHEN p.is_excluded THEN 'the exclusion of ' ELSE '' END || format('step "%s"', s.value ->> 'step') AS whose, p.pattern
    INTO wrong
    FROM jsonb_array_elements(steps) WITH ORDINALITY AS s (value, nr)
    CROSS JOIN LATERAL (VALUES (s.value ->> 'page', false), (s.value -> 'exclude' ->> 'page', true)) AS p (pattern, is_excluded)
    WHERE mrcall_internal.is_no_page(p.pattern)
    ORDER BY s.nr, p.is_excluded
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'no path can match the page "%" of %', wrong.pattern, wrong.whose
            USING ERRCODE = '22023', HINT = format(
                'A path begins with / and has neither host, query nor fragment: {"page": %s}, or a pattern that begins with %%.',
                to_json(mrcall_internal.meant_page(wrong.pattern)));
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_pages(jsonb) IS 'Raises the error of a funnel''s page that no path can match';

CREATE FUNCTION mrcall_internal.warn_once(message text, hint text)
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'warn_once_wrapper';
COMMENT ON FUNCTION mrcall_internal.warn_once(text, text) IS 'Raises a warning that was not the last one of the statement';

-- What the reader does not see is nothing that is known. call: how the report's arguments stand.
CREATE FUNCTION mrcall_internal.warn_of_nobody(wanted text, wanted_owner text, wanted_template text, call text)
RETURNS boolean
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT ARRAY[
        CASE WHEN wanted IS NOT NULL AND NOT EXISTS (SELECT FROM mrcall.businesses AS b WHERE b.business_id = wanted)
                  AND NOT EXISTS (SELECT FROM mrcall.calls AS c WHERE c.business_id = wanted)
             THEN mrcall_internal.warn_once(format('no business and no call has the business_id "%s"', wanted),
                 CASE WHEN mrcall_internal.is_zone(wanted) THEN format('That is a time zone; the arguments are %s.', call)
                      ELSE 'Ids are in the view mrcall.businesses; they are compared letter by letter.' END) END,
        CASE WHEN wanted_owner IS NOT NULL AND NOT EXISTS (SELECT FROM mrcall.businesses AS b WHERE b.owner = wanted_owner)
             THEN mrcall_internal.warn_once(format('no business has the owner "%s"', wanted_owner),
                 'Owners are in the view mrcall.businesses; they are compared letter by letter.') END,
        CASE WHEN wanted_template IS NOT NULL
                  AND NOT EXISTS (SELECT FROM mrcall.businesses AS b WHERE b.template = wanted_template)
             THEN mrcall_internal.warn_once(format('no business has the template "%s"', wanted_template),
                 'Templates are in the view mrcall.businesses; they are compared letter by letter.') END] <> '{}'
$$;
COMMENT ON FUNCTION mrcall_internal.warn_of_nobody(text, text, text, text) IS
    'Warns of a business, an owner or a template that nobody knows';
