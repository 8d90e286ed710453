// A dashboard's server with the driver pg.
import pg from 'pg';
import { check, done, fails, same } from './check.mjs';

// A wall clock is no instant: as text it is what the zone's clock shows, whatever zone this process is in.
pg.types.setTypeParser(pg.types.builtins.TIMESTAMP, (text) => text);
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);
// Counts fit a number up to 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

const db = new pg.Pool({ user: 'analyst', max: 4 });
const notices = [];
db.on('connect', (client) => client.on('notice', (notice) => notices.push(notice)));

export async function visitsByDay(since, until, zone) {
  const { rows } = await db.query(
    'SELECT local, visitors, visits, bounces FROM mrcall.visitor_buckets($1, $2::date, $3::date, $4)', ['1 day', since, until, zone]);
  return rows.map((row) => ({ day: row.local.slice(0, 10), visitors: row.visitors, visits: row.visits, bounces: row.bounces }));
}

// Money stays text on its way, exact: a number of JavaScript is not.
export async function credit(since, until, model, conversion, without = []) {
  const { rows } = await db.query(
    `SELECT dimension_value AS channel, conversions, currency, value
     FROM mrcall.attribution($1, $2, model => $3, conversion => $4, exclude_channels => $5)`, [since, until, model, conversion, without]);
  return rows;
}

const days = await visitsByDay('2026-05-01', '2026-06-01', 'Europe/Rome');
same('the days of May in Rome', ['2026-05-01', '2026-05-31', 31], [days[0].day, days.at(-1).day, days.length]);
same('no notice about midnights', [], notices);
const { rows: [{ visits }] } = await db.query(
  "SELECT count(*) AS visits FROM mrcall.visits WHERE started_at >= '2026-05-01 Europe/Rome' AND started_at < '2026-06-01 Europe/Rome'");
same('the visits of May', visits, days.reduce((sum, day) => sum + day.visits, 0));

// Without the casts the texts are instants of the session's zone: the server says so.
await db.query("SELECT count(*) FROM mrcall.visitor_buckets('1 day', $1, $2, $3)", ['2026-05-01', '2026-06-01', 'Europe/Rome']);
check('a notice tells of midnights that are not Rome\'s', notices.length === 1 && notices[0].hint.includes("date '2026-05-01'"));

const since = new Date('2026-05-01T00:00:00+02:00');
const until = new Date('2026-06-01T00:00:00+02:00');
const paid = await db.query(
  "SELECT currency, sum(value) AS value, count(*) AS payments FROM mrcall.conversions WHERE conversion = 'payment' AND converted_at >= $1 AND converted_at < $2 GROUP BY 1",
  [since, until]);
check('payments of more than one currency', paid.rows.length > 1);
// Cents as whole numbers of any size.
const units = (text) => BigInt(text.replace('.', '').padEnd(0)) * 10n ** BigInt(12 - (text.split('.')[1] ?? '').length);
for (const model of ['first_touch', 'linear', 'time_decay', 'shapley']) {
  const rows = await credit(since, until, model, 'payment');
  for (const { currency, value } of paid.rows) {
    const sum = rows.filter((row) => row.currency === currency).reduce((total, row) => total + units(row.value), 0n);
    same(`${model}: all of ${currency}`, units(value), sum);
  }
}
const without = await credit(since, until, 'linear', 'payment', ['Direct', 'Email']);
check('channels as an array', without.length > 0 && without.every((row) => row.channel !== 'Direct' && row.channel !== 'Email'));

const { rows: [row] } = await db.query(
  "SELECT total_duration, outcomes FROM mrcall.call_summary('1 month', $1::date, $2::date, 'Europe/Rome') WHERE total_duration > '1 hour' LIMIT 1",
  ['2026-05-01', '2026-06-01']);
check('an interval is an object of hours', row.total_duration.hours >= 1 && row.total_duration.days === undefined);
check('jsonb is an object', Object.values(row.outcomes).every((count) => Number.isInteger(count)));

const unknown = await fails('an unknown channel', '22023', () => credit(since, until, 'linear', 'payment', ['direct']));
check(`its hint has the right name: ${unknown.hint}`, unknown.hint.startsWith('Did you mean "Direct"?'));
await fails('an unknown argument', '42883', () => db.query('SELECT * FROM mrcall.attribution(since => $1, till => $2)', [since, until]));
await fails('a timeout', '57014', async () => {
  const client = await db.connect();
  try {
    await client.query("SET statement_timeout = '1ms'");
    await client.query("SELECT * FROM mrcall.attribution_models('2026-02-01', '2026-06-01')");
  } finally {
    client.release(true);
  }
});
// A report inside of another query, and eight at once on four connections.
const answers = await Promise.all(Array.from({ length: 8 }, () => visitsByDay('2026-05-01', '2026-05-08', 'Asia/Kathmandu')));
answers.forEach((answer) => same('questions at once', answers[0], answer));
await db.end();
done('Node: reports with pg');
