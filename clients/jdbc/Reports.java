import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.postgresql.util.PGInterval;
import org.postgresql.util.PGobject;

/** A dashboard's service: every report as a prepared statement, with the types that Java has for its arguments and columns. */
final class Reports {
    /** A function with the arguments that it needs. */
    private static final class Report {
        String name;
        final Map<String, String> needs = new LinkedHashMap<>();

        @Override
        public String toString() {
            return name + needs;
        }
    }

    public static void main(String[] args) throws Exception {
        try (Connection db = Client.connect("analyst"); Connection plain = Client.connect("analyst", "preferQueryMode=simple")) {
            recipes(db);
            List<Report> reports = reports(db);
            Client.check("hardly a report: " + reports, reports.size() > 20);
            TreeSet<String> empty = new TreeSet<>();
            for (Report report : reports) {
                if (run(report, db, plain) == 0) {
                    empty.add(report.name);
                }
            }
            // Of stored facts nothing is wrong.
            Client.same("reports that say nothing of this database", new TreeSet<String>(List.of("verify")), empty);
            streams(db);
            limits(db);
            Client.done("JDBC: " + reports.size() + " reports prepared");
        }
    }

    /** What docs/clients.md shows. */
    private static void recipes(Connection db) throws Exception {
        String sql = "SELECT local, channel_visits.* FROM mrcall.visitor_buckets(?, ?, ?, ?, dimension => 'channel') AS channel_visits";
        try (PreparedStatement days = db.prepareStatement(sql)) {
            days.setObject(1, new PGInterval("1 day"));
            days.setObject(2, LocalDate.of(2026, 5, 1));
            days.setObject(3, LocalDate.of(2026, 5, 8));
            days.setString(4, "Europe/Rome");
            try (ResultSet row = days.executeQuery()) {
                int seen = 0;
                while (row.next()) {
                    LocalDateTime day = row.getObject("local", LocalDateTime.class);
                    OffsetDateTime instant = row.getObject("bucket", OffsetDateTime.class);
                    long visits = row.getLong("visits");
                    PGInterval spent = (PGInterval) row.getObject("total_duration");
                    Client.same("a day begins at midnight in Rome", 0, day.getHour());
                    Client.check("which is ten in the evening in UTC", instant.toInstant().toString().endsWith("T22:00:00Z"));
                    Client.check("no time is spent below zero", visits >= 0 && spent.getHours() >= 0);
                    seen++;
                }
                Client.check("seven days of several channels", seen > 7);
            }
        }

        sql = "SELECT dimension_value, conversions, currency, value FROM mrcall.attribution(?, ?, ?, ?, exclude_channels => ?)";
        try (PreparedStatement credits = db.prepareStatement(sql)) {
            credits.setObject(1, OffsetDateTime.parse("2026-05-01T00:00:00+02:00"));
            credits.setObject(2, OffsetDateTime.parse("2026-06-01T00:00:00+02:00"));
            credits.setString(3, "linear");
            credits.setString(4, "payment");
            credits.setArray(5, db.createArrayOf("text", new String[] {"Direct", "Email"}));
            try (ResultSet row = credits.executeQuery()) {
                int seen = 0;
                while (row.next()) {
                    BigDecimal value = row.getBigDecimal("value");
                    Client.check("an excluded channel has credit", !"Direct".equals(row.getString("dimension_value")));
                    Client.check("money is exact", value.scale() >= 0 && row.getString("currency").length() == 3);
                    seen++;
                }
                Client.check("payments have credit", seen > 0);
            }
        }
        wrongTypes(db);
    }

    /** What the driver cannot send as it is, and how it can. */
    private static void wrongTypes(Connection db) throws Exception {
        String unfit = "SELECT count(*) FROM mrcall.visitor_buckets(?, ?, ?)";
        Client.error("a text is no interval", "42883", () -> {
            try (PreparedStatement days = db.prepareStatement(unfit)) {
                days.setString(1, "1 day");
                days.setString(2, "2026-05-01");
                days.setString(3, "2026-05-08");
                days.executeQuery();
            }
        });
        // A java.sql.Date has no type on the wire: the server takes the form with instants, midnights of the session's zone.
        try (PreparedStatement days = db.prepareStatement(
                "SELECT count(*), min(local) FROM mrcall.visitor_buckets(CAST(? AS interval), ?::date, ?::date, 'Europe/Rome')")) {
            days.setString(1, "1 day");
            days.setDate(2, java.sql.Date.valueOf("2026-05-01"));
            days.setDate(3, java.sql.Date.valueOf("2026-05-08"));
            try (ResultSet row = days.executeQuery()) {
                row.next();
                Client.same("casts make days of Rome of it", 7L, row.getLong(1));
                Client.same("from the first", LocalDateTime.of(2026, 5, 1, 0, 0), row.getObject(2, LocalDateTime.class));
            }
        }
        try (Connection loose = Client.connect("analyst", "stringtype=unspecified");
                PreparedStatement days = loose.prepareStatement(unfit)) {
            days.setString(1, "1 day");
            days.setString(2, "2026-05-01");
            days.setString(3, "2026-05-08");
            try (ResultSet row = days.executeQuery()) {
                row.next();
                // Instants: midnights of the session's zone, which the driver sets to Java's. Seen from UTC, parts of eight days.
                Client.same("stringtype=unspecified lets the server choose", 8L, row.getLong(1));
            }
        }
        var fault = Client.error("a channel that there is not", "22023", () -> {
            try (PreparedStatement credits = db.prepareStatement("SELECT * FROM mrcall.attribution(?, ?, include_channels => ?)")) {
                credits.setObject(1, OffsetDateTime.parse("2026-05-01T00:00:00Z"));
                credits.setObject(2, OffsetDateTime.parse("2026-06-01T00:00:00Z"));
                credits.setArray(3, db.createArrayOf("text", new String[] {"email"}));
                credits.executeQuery();
            }
        });
        Client.check("the hint names the channel: " + fault.getHint(), fault.getHint().startsWith("Did you mean \"Email\"?"));
    }

    /** Every function that returns a table of a period, from the server's catalogue: a new report is asked here without a line. */
    private static List<Report> reports(Connection db) throws Exception {
        List<Report> found = new ArrayList<>();
        String sql = "SELECT p.proname, p.proargnames[1:p.pronargs - p.pronargdefaults],"
            + " array(SELECT format_type(t, NULL) FROM unnest(p.proargtypes[0:p.pronargs - p.pronargdefaults - 1]) WITH ORDINALITY AS a (t, n)"
            + " ORDER BY a.n) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang"
            + " WHERE p.pronamespace = 'mrcall'::regnamespace AND p.proretset AND p.prokind = 'f' AND (l.lanname = 'mrcall_sql'"
            + " OR 'since' = ANY (p.proargnames) OR 'as_of' = ANY (p.proargnames)) ORDER BY p.proname, p.oid";
        try (Statement catalogue = db.createStatement(); ResultSet row = catalogue.executeQuery(sql)) {
            while (row.next()) {
                Report report = new Report();
                report.name = row.getString(1);
                String[] names = (String[]) row.getArray(2).getArray();
                String[] types = (String[]) row.getArray(3).getArray();
                for (int i = 0; i < names.length; i++) {
                    report.needs.put(names[i], types[i]);
                }
                found.add(report);
            }
        }
        return found;
    }

    /** What is asked: as the object that a program has, and as SQL. Unknown arguments stop the test: a value belongs here. */
    private static Object[] value(Connection db, String name, String type) throws Exception {
        switch (name + " " + type) {
            case "width interval":
                return new Object[] {new PGInterval("7 days"), "interval '7 days'"};
            case "since date":
                return new Object[] {LocalDate.of(2026, 3, 20), "date '2026-03-20'"};
            case "until date":
                return new Object[] {LocalDate.of(2026, 5, 20), "date '2026-05-20'"};
            case "since timestamp with time zone":
                return new Object[] {OffsetDateTime.parse("2026-03-20T00:00:00+01:00"), "timestamptz '2026-03-20 Europe/Rome'"};
            case "until timestamp with time zone":
            case "as_of timestamp with time zone":
                return new Object[] {OffsetDateTime.parse("2026-05-20T00:00:00+02:00"), "timestamptz '2026-05-20 Europe/Rome'"};
            case "zone text":
                return new Object[] {"Europe/Rome", "'Europe/Rome'"};
            case "steps jsonb":
                PGobject steps = new PGobject();
                steps.setType("jsonb");
                steps.setValue("[{\"step\": \"visit\"}, {\"step\": \"pricing\", \"page\": \"/pricing%\"}]");
                return new Object[] {steps, "'" + steps.getValue() + "'"};
            case "fact text":
                return new Object[] {"visits", "'visits'"};
            case "conversion text":
                return new Object[] {"signup", "'signup'"};
            case "conversion_id text":
                String id = text(db, "SELECT conversion_id FROM mrcall.conversions WHERE conversion = 'signup'"
                    + " AND converted_at >= '2026-04-10' ORDER BY conversion_id LIMIT 1");
                return new Object[] {id, "'" + id + "'"};
            case "visitor_ids text[]":
                String visitor = text(db, "SELECT visitor_id FROM mrcall.sessionize('2026-04-01', '2026-04-10') ORDER BY 1 LIMIT 1");
                return new Object[] {db.createArrayOf("text", new String[] {visitor, "nobody"}), "'{" + visitor + ",nobody}'"};
            default:
                throw new AssertionError("what to give for the argument \"" + name + " " + type + "\"? Reports.value does not know");
        }
    }

    private static String text(Connection db, String sql) throws Exception {
        try (Statement statement = db.createStatement(); ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    /** A report by objects, prepared and run until the server's generic plan, is what its SQL gives. Returns the number of rows. */
    private static long run(Report report, Connection db, Connection plain) throws Exception {
        List<Object> values = new ArrayList<>();
        List<String> prepared = new ArrayList<>();
        List<String> literal = new ArrayList<>();
        for (Map.Entry<String, String> need : report.needs.entrySet()) {
            Object[] value = value(db, need.getKey(), need.getValue());
            values.add(value[0]);
            prepared.add(need.getKey() + " => ?");
            literal.add(need.getKey() + " => " + value[1]);
        }
        String call = "mrcall." + report.name + "(";
        String digest = "SELECT count(*), md5(string_agg(r::text, '|' ORDER BY r::text COLLATE \"C\")) FROM " + call;
        String wanted;
        try (Statement statement = plain.createStatement(); ResultSet row = statement.executeQuery(digest + String.join(", ", literal) + ") AS r")) {
            row.next();
            wanted = row.getString(1) + " " + row.getString(2);
        }
        try (PreparedStatement statement = db.prepareStatement(digest + String.join(", ", prepared) + ") AS r")) {
            bind(statement, values);
            for (int time = 1; time <= 7; time++) {
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    Client.same(report + ", time " + time, wanted, row.getString(1) + " " + row.getString(2));
                }
            }
        }
        try (PreparedStatement statement = db.prepareStatement("SELECT * FROM " + call + String.join(", ", prepared) + ")")) {
            bind(statement, values);
            // The second time the columns come in their binary form.
            statement.executeQuery().close();
            try (ResultSet rows = statement.executeQuery()) {
                return read(report.toString(), rows);
            }
        }
    }

    private static void bind(PreparedStatement statement, List<Object> values) throws Exception {
        for (int i = 0; i < values.size(); i++) {
            if (values.get(i) instanceof Array) {
                statement.setArray(i + 1, (Array) values.get(i));
            } else {
                statement.setObject(i + 1, values.get(i));
            }
        }
    }

    /** Reads all rows by the types that Java has for the columns. */
    private static long read(String what, ResultSet rows) throws Exception {
        ResultSetMetaData columns = rows.getMetaData();
        long seen = 0;
        while (rows.next()) {
            for (int i = 1; i <= columns.getColumnCount(); i++) {
                Class<?> wanted = javaType(what + ", column " + columns.getColumnName(i), columns.getColumnTypeName(i));
                Object value = rows.getObject(i);
                Client.check(what + ", column " + columns.getColumnName(i), value == null || wanted.isInstance(value));
                if (wanted == java.sql.Timestamp.class && value != null) {
                    Class<?> type = columns.getColumnTypeName(i).equals("timestamptz") ? OffsetDateTime.class : LocalDateTime.class;
                    Client.check(what + ", java.time", rows.getObject(i, type) != null);
                }
            }
            seen++;
        }
        return seen;
    }

    private static Class<?> javaType(String what, String type) {
        switch (type) {
            case "int4": return Integer.class;
            case "int8": return Long.class;
            case "float8": return Double.class;
            case "numeric": return BigDecimal.class;
            case "bool": return Boolean.class;
            case "text": return String.class;
            case "date": return java.sql.Date.class;
            case "timestamp": case "timestamptz": return java.sql.Timestamp.class;
            case "interval": return PGInterval.class;
            case "json": case "jsonb": return PGobject.class;
            default:
                Client.check(what + ": Java has no type for " + type, type.startsWith("_"));
                return Array.class;
        }
    }

    /** Every view, by a cursor: rows come in parts, and memory holds one of them. */
    private static void streams(Connection db) throws Exception {
        db.setAutoCommit(false);
        int views = 0;
        try (ResultSet tables = db.getMetaData().getTables(null, "mrcall", "%", new String[] {"VIEW"})) {
            while (tables.next()) {
                try (Statement statement = db.createStatement()) {
                    statement.setFetchSize(200);
                    String view = "mrcall." + tables.getString("TABLE_NAME");
                    Client.check("view without a comment: " + view, tables.getString("REMARKS") != null);
                    try (ResultSet rows = statement.executeQuery("SELECT * FROM " + view + " LIMIT 1000")) {
                        read(view, rows);
                    }
                }
                views++;
            }
        }
        Client.check("hardly a view", views > 10);
        db.rollback();
        db.setAutoCommit(true);
    }

    /** A timeout of the driver or of the server ends a report, and the connection goes on. */
    private static void limits(Connection db) throws Exception {
        try (Statement statement = db.createStatement()) {
            statement.execute("SET statement_timeout = '1ms'");
            Client.error("statement_timeout", "57014",
                () -> statement.executeQuery("SELECT * FROM mrcall.attribution_models('2026-02-01', '2026-06-01')"));
            statement.execute("RESET statement_timeout");
        }
        db.setReadOnly(true);
        db.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        db.setAutoCommit(false);
        String one = text(db, "SELECT md5(string_agg(c::text, '|')) FROM mrcall.call_summary('1 day', '2026-05-01', '2026-05-08') AS c");
        String two = text(db, "SELECT md5(string_agg(c::text, '|')) FROM mrcall.call_summary('1 day', '2026-05-01', '2026-05-08') AS c");
        Client.same("two questions of one snapshot", one, two);
        db.commit();
    }
}
