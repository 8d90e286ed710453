import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Arrays;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PGobject;

/** A job that moves stored states between databases: as text, as bytes, and by COPY. */
final class States {
    private static final String MADE = "SELECT c.business_id, mrcall.call_agg(c.started_at, c.ended_at, c.outcome) AS state FROM mrcall.calls AS c"
        + " WHERE c.started_at >= '2026-03-01' AND c.started_at < '2026-06-01' AND (c.ended_at >= c.started_at OR c.ended_at IS NULL) GROUP BY 1";

    public static void main(String[] args) throws Exception {
        try (Connection db = Client.connect("analyst"); Statement make = db.createStatement()) {
            make.execute("CREATE TEMP TABLE made AS " + MADE);
            make.execute("CREATE TEMP TABLE moved (business_id text, state mrcall.call_state)");
            long states = count(db, "SELECT count(*) FROM made");
            Client.check("hardly a state", states > 30);
            asText(db);
            asBytes(db);
            byCopy(db, "BINARY", states);
            byCopy(db, "TEXT", states);
            byCopy(db, "CSV", states);
            Client.done("JDBC: " + states + " states moved in five ways");
        }
    }

    private static long count(Connection db, String sql) throws Exception {
        try (Statement statement = db.createStatement(); ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    private static void moved(Connection db, String how) throws Exception {
        Client.same(how + ": states that came otherwise", 0L, count(db, "SELECT count(*) FROM made AS a FULL JOIN moved AS b"
            + " ON coalesce(a.business_id, '') = coalesce(b.business_id, '') WHERE a.state OPERATOR(mrcall.=) b.state IS NOT TRUE"));
        db.createStatement().execute("TRUNCATE moved");
    }

    private static void asText(Connection db) throws Exception {
        try (Statement read = db.createStatement(); ResultSet row = read.executeQuery("SELECT business_id, state FROM made");
                PreparedStatement write = db.prepareStatement("INSERT INTO moved VALUES (?, ?)")) {
            while (row.next()) {
                PGobject state = new PGobject();
                state.setType("mrcall.call_state");
                state.setValue(row.getString("state"));
                write.setString(1, row.getString("business_id"));
                write.setObject(2, state);
                write.addBatch();
            }
            write.executeBatch();
        }
        moved(db, "as text");
    }

    private static void asBytes(Connection db) throws Exception {
        try (Statement read = db.createStatement(); ResultSet row = read.executeQuery("SELECT business_id, state::bytea FROM made");
                PreparedStatement write = db.prepareStatement("INSERT INTO moved VALUES (?, ?::bytea::mrcall.call_state)")) {
            while (row.next()) {
                write.setString(1, row.getString("business_id"));
                write.setBytes(2, row.getBytes("state"));
                write.executeUpdate();
            }
        }
        moved(db, "as bytes");
        Client.error("bytes that are no state", "22P03", () -> {
            try (PreparedStatement write = db.prepareStatement("SELECT ?::bytea::mrcall.call_state")) {
                write.setBytes(1, new byte[] {1, 2, 3});
                write.executeQuery();
            }
        });
    }

    private static void byCopy(Connection db, String format, long states) throws Exception {
        CopyManager copy = db.unwrap(PGConnection.class).getCopyAPI();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        copy.copyOut("COPY made TO STDOUT (FORMAT " + format + ")", out);
        byte[] bytes = out.toByteArray();
        Client.same("rows by COPY", states, copy.copyIn("COPY moved FROM STDIN (FORMAT " + format + ")", new ByteArrayInputStream(bytes)));
        moved(db, "COPY " + format);
        if (format.equals("BINARY")) {
            // What was cut off on its way is an error, and no row.
            Client.error("half of a file", "22P04",
                () -> copy.copyIn("COPY moved FROM STDIN (FORMAT BINARY)", new ByteArrayInputStream(Arrays.copyOf(bytes, bytes.length / 2))));
            Client.same("rows of half a file", 0L, count(db, "SELECT count(*) FROM moved"));
        }
    }
}
