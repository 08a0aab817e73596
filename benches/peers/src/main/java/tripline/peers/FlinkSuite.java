package tripline.peers;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import org.apache.flink.api.common.functions.FilterFunction;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.cep.CEP;
import org.apache.flink.cep.PatternSelectFunction;
import org.apache.flink.cep.nfa.aftermatch.AfterMatchSkipStrategy;
import org.apache.flink.cep.pattern.Pattern;
import org.apache.flink.cep.pattern.conditions.IterativeCondition;
import org.apache.flink.cep.pattern.conditions.SimpleCondition;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/**
 * The workload's queries on Flink: patterns with its CEP library ({@code best} filters before the key, {@code plain} leaves
 * all to the pattern), windows with its DataStream API, and {@code sql} where that is the natural form.
 */
final class FlinkSuite implements Suite {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @Override
    public String title() {
        return "Flink 2.3.0";
    }

    @Override
    public List<Entry> entries() {
        Entries all = new Entries();
        add(all, "q1", "best", "filter(amount > 1000)", s -> s.filter((FilterFunction<Event>) e -> over(e, 1_000)));
        sql(all, "q1", "SELECT id FROM Tx WHERE amount > 1000");
        pattern(all, "q2", "filter(high).keyBy(card): a = high times(3) within 60 s, skip past last", e -> over(e, 1_000), q2(1_000));
        sql(all, "q2", """
                SELECT * FROM (SELECT * FROM Tx WHERE amount > 1000) MATCH_RECOGNIZE (PARTITION BY card ORDER BY event_time
                MEASURES FIRST(A.id) AS first_id, LAST(A.id) AS last_id ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW
                PATTERN (A{3}) WITHIN INTERVAL '1' MINUTE DEFINE A AS A.amount > 1000)""");
        pattern(all, "q3", "filter(small or large).keyBy(card): small timesOrMore(5) greedy, followedBy large, within 10 min, skip past last",
                e -> small(e) || large(e), q3());
        pattern(all, "q4", "filter(auth > 100).keyBy(card): a, followedBy b > a, followedBy c > b, within 5 min", FlinkSuite::auth, q4());
        pattern(all, "q5", "filter(kinds).keyBy(card): reset, notFollowedBy confirm, followedBy transfer, within 1 h",
                e -> kind(e, "pwd_reset") || kind(e, "pwd_confirm") || kind(e, "transfer"), q5());
        add(all, "q6", "best", "keyBy(card).process(sliding sum)", s -> s.keyBy(card()).process(new SlidingSum(600_000, 500_000), Types.LONG));
        add(all, "q7", "best", "keyBy(card).window(sliding 10 min, 1 min).aggregate(set).filter(>= 20)",
                s -> s.keyBy(card()).window(SlidingEventTimeWindows.of(Duration.ofMinutes(10), MINUTE))
                        .aggregate(new DistinctMerchants(), TypeInformation.of(new TypeHint<HashSet<String>>() {}), Types.INT).filter((FilterFunction<Integer>) n -> n >= 20));
        sql(all, "q7", """
                SELECT card, window_start, COUNT(DISTINCT merchant) AS merchants
                FROM TABLE(HOP(TABLE Tx, DESCRIPTOR(event_time), INTERVAL '1' MINUTES, INTERVAL '10' MINUTES))
                GROUP BY card, window_start, window_end HAVING COUNT(DISTINCT merchant) >= 20""");
        for (int n : new int[] {10, 100}) {
            add(all, "q8-" + n, "best", "filter(A, B, C): a, followedByAny b, followedByAny c, within n",
                    s -> found(s.filter((FilterFunction<Event>) e -> "ABC".contains(((Letter) e).getType())), letters(n, false)));
            add(all, "q8-" + n, "plain", "a, followedByAny b, followedByAny c, within n", s -> found(s, letters(n, false)));
        }
        add(all, "q8ne-100", "best", "filter(A, B, C, Z): a, followedByAny b, followedByAny c, followedByAny z, within n",
                s -> found(s.filter((FilterFunction<Event>) e -> "ABCZ".contains(((Letter) e).getType())), letters(100, true)));
        for (int size : new int[] {10, 100}) {
            many(all, "r3-" + size, size, f -> r3(f));
            many(all, "r3m-" + size, size, f -> q2(Double.parseDouble(f.first())));
        }
        return all.list;
    }

    /** A query over the source alone. */
    private interface Query {
        DataStream<?> of(DataStream<Event> source);
    }

    private static void add(Entries all, String query, String form, String text, Query over) {
        all.add(query, form, text, startMs -> new FlinkPeer((env, source) -> over.of(source)));
    }

    private static void pattern(Entries all, String query, String text, FilterFunction<Event> admitted, Pattern<Event, ?> pattern) {
        add(all, query, "best", text, s -> found(s.filter(admitted).keyBy(card()), pattern));
        add(all, query, "plain", text.substring(text.indexOf("keyBy")), s -> found(s.keyBy(card()), pattern));
    }

    private static void sql(Entries all, String query, String text) {
        all.add(query, "sql", text, startMs -> new FlinkPeer((env, source) -> {
            StreamTableEnvironment tables = StreamTableEnvironment.create(env);
            Schema schema = Schema.newBuilder().column("id", "BIGINT").column("card", "STRING").column("amount", "DOUBLE").column("merchant", "STRING")
                    .columnByMetadata("event_time", DataTypes.TIMESTAMP_LTZ(3), "rowtime").watermark("event_time", "SOURCE_WATERMARK()").build();
            tables.createTemporaryView("Tx", source, schema);
            return tables.toDataStream(tables.sqlQuery(text));
        }));
    }

    private interface Rule {
        Pattern<Event, ?> of(Family family);
    }

    private static void many(Entries all, String query, int size, Rule rule) {
        add(all, query, "best", "filter(amount > 500).keyBy(card), one pattern a rule", s -> {
            DataStream<Event> keyed = s.filter((FilterFunction<Event>) e -> over(e, 500)).keyBy(card());
            DataStream<Long> found = null;
            for (int i = 0; i < size; i++) {
                DataStream<Long> one = found(keyed, rule.of(Family.of(i)));
                found = found == null ? one : found.union(one);
            }
            return found;
        });
    }

    private static KeySelector<Event, String> card() {
        return e -> ((Tx) e).getCard();
    }

    private static boolean over(Event e, double amount) { return ((Tx) e).getAmount() > amount; }
    private static boolean kind(Event e, String kind) { return ((Tx) e).getKind().equals(kind); }
    private static boolean small(Event e) { return kind(e, "auth") && ((Tx) e).getAmount() < 10; }
    private static boolean large(Event e) { return kind(e, "auth") && over(e, 500); }
    private static boolean auth(Event e) { return kind(e, "auth") && over(e, 100); }

    private static DataStream<Long> found(DataStream<Event> stream, Pattern<Event, ?> pattern) {
        return CEP.pattern(stream, pattern)
                .select((PatternSelectFunction<Event, Long>) match -> match.values().iterator().next().get(0).getTs(), Types.LONG);
    }

    private static Pattern<Event, ?> q2(double over) {
        return Pattern.<Event>begin("a", AfterMatchSkipStrategy.skipPastLastEvent()).where(SimpleCondition.of(e -> over(e, over)))
                .times(3).within(MINUTE);
    }

    private static Pattern<Event, ?> q3() {
        return Pattern.<Event>begin("small", AfterMatchSkipStrategy.skipPastLastEvent()).where(SimpleCondition.of(FlinkSuite::small))
                .timesOrMore(5).greedy().followedBy("large").where(SimpleCondition.of(FlinkSuite::large)).within(Duration.ofMinutes(10));
    }

    private static Pattern<Event, ?> q4() {
        return Pattern.<Event>begin("a").where(SimpleCondition.of(FlinkSuite::auth))
                .followedBy("b").where(larger("a")).followedBy("c").where(larger("b")).within(Duration.ofMinutes(5));
    }

    private static Pattern<Event, ?> q5() {
        return Pattern.<Event>begin("a").where(SimpleCondition.of(e -> kind(e, "pwd_reset")))
                .notFollowedBy("no").where(SimpleCondition.of(e -> kind(e, "pwd_confirm")))
                .followedBy("b").where(SimpleCondition.of(e -> kind(e, "transfer"))).within(Duration.ofHours(1));
    }

    private static Pattern<Event, ?> r3(Family family) {
        double[] over = {Double.parseDouble(family.first()), Double.parseDouble(family.second()), Double.parseDouble(family.third())};
        return Pattern.<Event>begin("a").where(SimpleCondition.of(e -> over(e, over[0])))
                .followedBy("b").where(SimpleCondition.of(e -> over(e, over[1])))
                .followedBy("c").where(SimpleCondition.of(e -> over(e, over[2]))).within(MINUTE);
    }

    private static Pattern<Event, ?> letters(int n, boolean never) {
        Pattern<Event, ?> abc = Pattern.<Event>begin("a").where(letter("A")).followedByAny("b").where(letter("B")).followedByAny("c").where(letter("C"));
        return (never ? abc.followedByAny("z").where(letter("Z")) : abc).within(Duration.ofMillis(n + 1));
    }

    private static SimpleCondition<Event> letter(String type) {
        return SimpleCondition.of(e -> ((Letter) e).getType().equals(type));
    }

    private static IterativeCondition<Event> larger(String than) {
        return new IterativeCondition<>() {
            @Override
            public boolean filter(Event e, Context<Event> context) throws Exception {
                return auth(e) && over(e, ((Tx) context.getEventsForPattern(than).iterator().next()).getAmount());
            }
        };
    }
}
