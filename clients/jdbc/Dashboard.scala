import java.sql.{Connection, DriverManager, PreparedStatement, ResultSet}
import java.time.{Duration, LocalDate, LocalDateTime, OffsetDateTime}
import java.util.Properties
import org.postgresql.util.{PGInterval, PSQLException}

/** A service's reports as case classes: the day of a business, and which channels brought its customers. */
object Dashboard {
  case class CallDay(day: LocalDate, calls: Long, missed: Long, spoken: Duration, longest: Option[Duration], outcomes: String)
  case class Credit(channel: String, conversions: BigDecimal, currency: Option[String], value: Option[BigDecimal])

  def connect(role: String): Connection = {
    val properties = new Properties()
    properties.setProperty("user", role)
    properties.setProperty("password", sys.env("PGPASSWORD"))
    DriverManager.getConnection(s"jdbc:postgresql://${sys.env("PGHOST")}:${sys.env("PGPORT")}/${sys.env("PGDATABASE")}", properties)
  }

  def rows[A](db: Connection, sql: String, values: Any*)(read: ResultSet => A): List[A] = {
    val statement: PreparedStatement = db.prepareStatement(sql)
    try {
      values.zipWithIndex.foreach { case (value, i) => statement.setObject(i + 1, value) }
      val result = statement.executeQuery()
      Iterator.continually(result).takeWhile(_.next()).map(read).toList
    } finally statement.close()
  }

  // The reports' durations are hours, minutes and seconds: they have no days or months of uncertain length.
  def duration(value: Any): Option[Duration] = Option(value).map { case i: PGInterval =>
    require(i.getYears == 0 && i.getMonths == 0 && i.getDays == 0, i.toString)
    Duration.ofHours(i.getHours).plusMinutes(i.getMinutes).plusSeconds(i.getWholeSeconds).plusNanos(i.getMicroSeconds * 1000L)
  }

  def callDays(db: Connection, business: String, since: LocalDate, until: LocalDate, zone: String): List[CallDay] =
    rows(db, "SELECT * FROM mrcall.call_summary(?, ?, ?, ?, ?)", new PGInterval("1 day"), since, until, zone, business) { row =>
      CallDay(row.getObject("local", classOf[LocalDateTime]).toLocalDate, row.getLong("calls"), row.getLong("missed"),
        duration(row.getObject("total_duration")).get, duration(row.getObject("p95_duration")), row.getString("outcomes"))
    }

  def credits(db: Connection, since: OffsetDateTime, until: OffsetDateTime, model: String, conversion: String): List[Credit] =
    rows(db, "SELECT dimension_value, conversions, currency, value FROM mrcall.attribution(?, ?, ?, ?)", since, until, model, conversion) { row =>
      Credit(row.getString(1), BigDecimal(row.getBigDecimal(2)), Option(row.getString(3)), Option(row.getBigDecimal(4)).map(BigDecimal(_)))
    }

  def main(args: Array[String]): Unit = {
    val db = connect("analyst")
    val business = rows(db, "SELECT business_id FROM mrcall.calls WHERE business_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")(
      _.getString(1)).head
    // The night of 29 March has 23 hours in Rome: a day is a day all the same.
    val days = callDays(db, business, LocalDate.of(2026, 3, 25), LocalDate.of(2026, 4, 2), "Europe/Rome")
    assert(days.map(_.day) == (0 to 7).map(n => LocalDate.of(2026, 3, 25).plusDays(n)).toList, days)
    val counted = rows(db, """SELECT count(*) FROM mrcall.calls WHERE business_id = ? AND started_at >= ? AND started_at < ?""", business,
      OffsetDateTime.parse("2026-03-25T00:00:00+01:00"), OffsetDateTime.parse("2026-04-02T00:00:00+02:00"))(_.getLong(1)).head
    assert(days.map(_.calls).sum == counted && counted > 0, s"$days $counted")
    assert(days.forall(d => d.missed <= d.calls && !d.spoken.isNegative && d.longest.forall(_.compareTo(d.spoken) <= 0)), days)
    assert(days.filter(_.calls > 0).forall(_.outcomes.startsWith("{\"")), days)

    val since = OffsetDateTime.parse("2026-05-01T00:00:00+02:00")
    val until = OffsetDateTime.parse("2026-06-01T00:00:00+02:00")
    for (model <- List("last_touch", "linear", "markov")) {
      val of = credits(db, since, until, model, "payment")
      val paid = rows(db, """SELECT currency, sum(value) FROM mrcall.conversions WHERE conversion = 'payment' AND converted_at >= ?
        AND converted_at < ? GROUP BY 1""", since, until)(r => (Option(r.getString(1)), BigDecimal(r.getBigDecimal(2)))).toMap
      val split = of.groupBy(_.currency).mapValues(_.flatMap(_.value).sum)
      assert(paid.nonEmpty && paid.forall { case (currency, sum) => split(currency).compare(sum) == 0 }, s"$model: $split $paid")
    }

    val hint = try { credits(db, since, until, "lats_touch", "payment"); "no error" }
    catch { case e: PSQLException if e.getSQLState == "22023" => e.getServerErrorMessage.getHint }
    assert(hint.contains("last_touch"), hint)
    db.close()
    println(s"ok: Scala: ${days.size} days of a business, the payments of three models to the cent")
  }
}
