// The website's route /api/track: events of browsers into website_events, one at a time and in batches.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { check, done, fails, same } from './check.mjs';

const site = new pg.Pool({ user: 'website', max: 3 });

// One event. The browser makes the id, so that one that is sent again counts once.
export async function track(event) {
  await site.query({
    name: 'track',
    text: `INSERT INTO public.website_events (event_id, session_id, created_at, event_type, page_url, referrer,
             utm_source, utm_medium, utm_campaign, user_agent, properties)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
    values: [event.id, event.sid, event.at, event.type ?? 'page_view', event.url, event.referrer,
      event.utm?.source, event.utm?.medium, event.utm?.campaign, event.agent, event.properties ?? {}],
  });
}

// Many events in one statement, as one parameter: no limit of 65,535 parameters, one plan for every size.
export async function trackAll(events) {
  await site.query({
    name: 'track-all',
    text: `INSERT INTO public.website_events (event_id, session_id, created_at, event_type, page_url, referrer,
             utm_source, utm_medium, utm_campaign, user_agent, properties)
           SELECT e.id, e.sid, e.at, coalesce(e.type, 'page_view'), e.url, e.referrer,
             e.utm ->> 'source', e.utm ->> 'medium', e.utm ->> 'campaign', e.agent, coalesce(e.properties, '{}')
           FROM jsonb_to_recordset($1) AS e (id text, sid text, at timestamptz, type text, url text, referrer text,
             utm jsonb, agent text, properties jsonb) ON CONFLICT DO NOTHING`,
    values: [JSON.stringify(events)],
  });
}

const sid = randomUUID();
const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';
const at = (minute) => new Date(Date.UTC(2031, 4, 1, 10, minute));
const first = {
  id: randomUUID(), sid, at: at(0), url: 'https://mrcall.ai/?utm_source=google&utm_medium=cpc&utm_campaign=may', referrer: 'https://www.google.com/',
  utm: { source: 'google', medium: 'cpc', campaign: 'may' }, agent, properties: { plan: 'pro', tags: ['a', 'b'] },
};
await track(first);
await track(first);
// Two tabs of one browser, an event that is sent again within its batch, and one of the batch before.
const second = { id: randomUUID(), sid, at: at(3), url: 'https://mrcall.ai/pricing', referrer: 'https://mrcall.ai/', agent };
await trackAll([second, second, first, { id: randomUUID(), sid, at: at(5), type: 'button', properties: { name: 'sign up' }, agent }]);
await trackAll([]);
await Promise.all(Array.from({ length: 20 }, (_, n) => track({ ...second, id: randomUUID(), at: at(60 + n) })));
await trackAll(Array.from({ length: 20000 }, (_, n) => (
  { id: randomUUID(), sid: `${sid}-${n % 4000}`, at: at(n % 800), url: `https://mrcall.ai/page/${n % 7}`, agent })));
await fails('an array of JavaScript is no jsonb to pg', '22P02', () => site.query('SELECT $1::jsonb', [[{ id: 1 }]]));
await fails('the site reads nothing', '42501', () => site.query('SELECT * FROM public.website_events'));

const dashboard = new pg.Client({ user: 'analyst' });
await dashboard.connect();
const visits = await dashboard.query(
  'SELECT visit_no, started_at, events, pageviews, channel, campaign, entry_page, exit_page FROM mrcall.visits_of($1) ORDER BY visit_no', [[sid]]);
same('two visits, each event once', [
  { visit_no: 1, started_at: at(0), events: '3', pageviews: '2', channel: 'Paid Search', campaign: 'may', entry_page: '/', exit_page: '/pricing' },
  { visit_no: 2, started_at: at(60), events: '20', pageviews: '20', channel: 'Direct', campaign: null, entry_page: '/pricing', exit_page: '/pricing' },
], visits.rows);
const { rows: [counted] } = await dashboard.query(
  'SELECT sum(visitors) AS visitors, sum(events) AS events FROM mrcall.visitor_buckets($1, $2::date, $3::date, $4)',
  ['1 day', '2031-05-01', '2031-05-02', 'UTC']);
same('all browsers of the batch are there', { visitors: '4001', events: '20023' }, counted);
const { rows: [stored] } = await dashboard.query("SELECT properties -> 'tags' ->> 1 AS tag FROM public.website_events WHERE event_id = $1", [first.id]);
same('objects within properties', 'b', stored.tag);
await dashboard.end();
await site.end();
done('Node: events tracked one by one and in batches');
