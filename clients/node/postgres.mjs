// The same with the driver postgres (Postgres.js), and states that go through a program.
import postgres from 'postgres';
import { check, done, fails, same } from './check.mjs';

const notices = [];
const sql = postgres({
  username: 'analyst', max: 3, onnotice: (notice) => notices.push(notice),
  // Wall clocks and dates as text, counts as numbers; numeric stays text, and exact.
  types: {
    wall: { to: 1114, from: [1082, 1114], serialize: (x) => x, parse: (x) => x },
    count: { to: 20, from: [20], serialize: String, parse: Number },
  },
});

export const callsByDay = (business, since, until, zone) => sql`
  SELECT local, calls, answered, missed, outcomes
  FROM mrcall.call_summary('1 day', ${since}::date, ${until}::date, ${zone}, business_id => ${business})`;

const [{ business_id: business }] = await sql`
  SELECT business_id FROM mrcall.calls WHERE business_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`;
const days = await callsByDay(business, '2026-03-25', '2026-04-02', 'Europe/Rome');
same('a row for each day, the clock\'s change too', Array.from({ length: 8 }, (_, n) => new Date(Date.UTC(2026, 2, 25 + n)).toISOString().slice(0, 10)),
  days.map((day) => day.local.slice(0, 10)));
const [{ calls }] = await sql`
  SELECT count(*) AS calls FROM mrcall.calls WHERE business_id = ${business}
    AND started_at >= ${new Date('2026-03-25T00:00:00+01:00')} AND started_at < ${new Date('2026-04-02T00:00:00+02:00')}`;
same('the calls of eight days', calls, days.reduce((sum, day) => sum + day.calls, 0));
check('outcomes are objects', days.some((day) => Object.keys(day.outcomes).length > 0));

const credits = await sql`
  SELECT * FROM mrcall.attribution(${new Date('2026-05-01T00:00:00+02:00')}, ${new Date('2026-06-01T00:00:00+02:00')},
    model => 'linear', conversion => 'signup', include_channels => ${['Email', 'Organic Search']})`;
check('an array of channels', credits.length > 0 && credits.every((row) => ['Email', 'Organic Search', '(unattributed)'].includes(row.dimension_value)));
const wrong = await fails('an unknown model', '22023', () => sql`SELECT * FROM mrcall.attribution('2026-05-01', '2026-06-01', model => ${'last'})`);
check(`a hint: ${wrong.hint}`, wrong.hint.includes('last_touch'));

// In parts, as a large export does it.
let rows = 0;
let parts = 0;
await sql`SELECT * FROM mrcall.sessionize('2026-03-01', '2026-05-01')`.cursor(500, (part) => {
  rows += part.length;
  parts += 1;
});
const [{ visits }] = await sql`SELECT count(*) AS visits FROM mrcall.sessionize('2026-03-01', '2026-05-01')`;
same('all rows of a cursor', visits, rows);
check('in several parts', parts > 2);

// A state is text to the program, or bytes by a cast.
await sql.begin(async (tx) => {
  await tx`CREATE TEMP TABLE kept (day date, visitors mrcall.distinct_state) ON COMMIT DROP`;
  const made = await tx`
    SELECT started_at::date::text AS day, mrcall.distinct_agg(visitor_id)::text AS state, mrcall.distinct_agg(visitor_id)::bytea AS bytes
    FROM mrcall.visits WHERE started_at >= '2026-05-01' AND started_at < '2026-05-08' GROUP BY started_at::date`;
  check('bytes are a Buffer', Buffer.isBuffer(made[0].bytes));
  for (const { day, state } of made) await tx`INSERT INTO kept VALUES (${day}, ${state}::text::mrcall.distinct_state)`;
  for (const { day, bytes } of made) await tx`INSERT INTO kept VALUES (${day}, ${bytes}::bytea::mrcall.distinct_state)`;
  const [all] = await tx`
    SELECT count(*) AS states, count(DISTINCT visitors) AS different, mrcall.num_distinct(mrcall.rollup(visitors)) AS visitors FROM kept`;
  const [{ exact }] = await tx`
    SELECT count(DISTINCT visitor_id) AS exact FROM mrcall.visits WHERE started_at >= '2026-05-01' AND started_at < '2026-05-08'`;
  same('each state came twice', [14, 7], [all.states, all.different]);
  check(`a week of ${exact} visitors: ${all.visitors}`, Math.abs(all.visitors - exact) <= 0.04 * exact);
});
same('nobody had to be told anything', [], notices);
await sql.end();
done('Node: reports and states with postgres');
