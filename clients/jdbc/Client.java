import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Properties;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What the programs share: a connection by libpq's environment variables, and assertions that are counted. */
final class Client {
    private static int checks = 0;

    private Client() {}

    /** A connection as a role of clients/roles.sql, with further settings of the driver. */
    static Connection connect(String role, String... settings) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", role);
        properties.setProperty("password", System.getenv("PGPASSWORD"));
        // From the first run on a statement is one of the server's, with binary parameters and results.
        properties.setProperty("prepareThreshold", "1");
        for (String setting : settings) {
            String[] parts = setting.split("=", 2);
            properties.setProperty(parts[0], parts[1]);
        }
        String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE");
        return DriverManager.getConnection(url, properties);
    }

    static void check(String what, boolean holds) {
        checks++;
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    static void same(String what, Object wanted, Object got) {
        check(what + ": wanted " + wanted + ", got " + got, Objects.equals(wanted, got));
    }

    interface Work {
        void run() throws Exception;
    }

    /** The error that some work has to end in. */
    static ServerErrorMessage error(String what, String state, Work work) throws Exception {
        try {
            work.run();
        } catch (PSQLException e) {
            same(what, state, e.getSQLState());
            return e.getServerErrorMessage();
        }
        throw new AssertionError(what + ": no error");
    }

    static void done(String what) {
        System.out.println("ok: " + what + ", " + checks + " checks");
    }
}
